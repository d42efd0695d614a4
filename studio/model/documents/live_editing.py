"""Live edits of a document: kept over its tensors, changed, taken away and baked, each as an item of the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.model.documents.stage_editing import StageEditing
from studio.model.filters import live_edits
from studio.model.filters.edit import Edit, Patch, Selection
from studio.model.filters.gesture import Gesture
from studio.model.filters.live_edits import EDITS, LiveEdit, LiveEdits
from studio.model.movement.address import joined
from studio.model.movement.route import MACRO_BANK, ROUTES, kept_for
from studio.model.networks.layout import Rect, sheet_size, to_sheet
from studio.model.networks.section import Section
from studio.model.networks.shape import Array


class LiveEditing(StageEditing):
    """What a document does with its live edits."""

    def begin(self, label: str) -> Gesture:
        """Begin what becomes one item of the history."""
        raise NotImplementedError

    @property
    def edits(self) -> LiveEdits:
        """The edits that are kept live."""
        return self.section(EDITS)

    @property
    def is_as_trained(self) -> bool:
        """Whether nothing bends the network: no weight, no live edit, no bend, and no layer that is bypassed."""
        return not (self.edits or self.stages or self.bypassed or self._tensors.names())

    def add_edit(
        self,
        tensor: str,
        edit: Edit,
        selection: Selection | None = None,
        *,
        beneath: Array | None = None,
        **settings: Any,
    ) -> LiveEdit:
        """Keep an edit live over a tensor, behind those that are there; it, with its number.

        Args:
            tensor: its full name.
            edit: what it does; one that needs a second tensor works from the trained one.
            selection: the kernels that it changes; None for all.
            beneath: what the tensor is from now on, as part of the same item of the history; None leaves it.
            settings: other fields of `LiveEdit`.

        Raises:
            StudioError: where there is no such tensor, or the edit cannot work on its kernels.
        """
        before = live_edits.by_tensor(self.edits).get(tensor, ())
        after, made = live_edits.added(self.edits, tensor, edit, selection=selection, **settings)
        # Tried at once: what cannot work is said now, and not frame by frame.
        live_edits.edited(self.tensor(tensor), self._bound((*before, made)))
        gesture = self.begin(f"{edit.label} kept live over {tensor}")
        if beneath is not None:
            gesture.put(tensor, _whole(beneath))
        gesture.set_section(EDITS, after)
        gesture.commit()
        return made

    def change_edit(self, number: int, label: str = "", **settings: Any) -> None:
        """Give a live edit other settings; StudioError where there is none of this number, or one is out of range."""
        what = label or f"Change {live_edits.edit_of(self.edits, number).edit.label}"
        self.set_sections({EDITS: live_edits.changed(self.edits, number, **settings)}, what)

    def move_edit(self, number: int, at: int) -> None:
        """Let a live edit work at another place among those of its tensor; StudioError where there is none."""
        label = live_edits.edit_of(self.edits, number).edit.label
        self.set_sections({EDITS: live_edits.moved(self.edits, number, at)}, f"Move {label}")

    def remove_edit(self, number: int) -> None:
        """Take a live edit away, and what moves its numbers; StudioError where there is none of this number."""
        label = live_edits.edit_of(self.edits, number).edit.label
        self.set_sections(self._without((number,)), f"Remove {label}")

    def bake(self, tensor: str | None = None, moved: Mapping[str, float] | None = None) -> None:
        """Write what live edits make into their tensors, and keep them live no more: one item of the history.

        Args:
            tensor: whose edits; None for those of all tensors.
            moved: where routes have their numbers at this moment, by address; without it they are where they were set.

        Raises:
            StudioError: where an edit cannot work on its tensor; nothing has changed then.
        """
        own = {number.address for number in self.numbers() if number.address.startswith("/edit/")} if moved else ()
        now = {address: value for address, value in (moved or {}).items() if address in own}
        chains = live_edits.by_tensor(self._bound(live_edits.turned(self.edits, now)))
        wanted = {name: chain for name, chain in chains.items() if tensor in (None, name)}
        made = {name: live_edits.edited(self.tensor(name), chain) for name, chain in wanted.items()}
        if not made:
            return
        gesture = self.begin(f"Bake {next(iter(made)) if len(made) == 1 else 'live edits'}")
        for name, values in made.items():
            gesture.put(name, _whole(values))
        for section, value in self._without([each.id for chain in wanted.values() for each in chain]).items():
            gesture.set_section(section, value)
        gesture.commit()

    def _bound(self, edits: LiveEdits) -> LiveEdits:
        return live_edits.bound(edits, self.network.tensors)

    def _without(self, gone: Any) -> dict[Section[Any], Any]:
        """The sections without live edits of these numbers, and without what leads to them."""
        below = [joined("edit", number) for number in gone]
        routes, macros = kept_for(self.section(ROUTES), self.section(MACRO_BANK), below)
        return {EDITS: live_edits.without(self.edits, *gone), ROUTES: routes, MACRO_BANK: macros}


def _whole(values: Array) -> Patch:
    return Patch(Rect(0, 0, *sheet_size(values.shape)), np.ascontiguousarray(to_sheet(values)))
