"""A tensor with live edits over it, worked out again only from the first one that has changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.errors import StudioError
from studio.model.filters.edit import Patch
from studio.model.filters.live_edits import LiveEdit, LiveEdits
from studio.model.networks.layout import Rect, around, crop, put
from studio.model.networks.shape import Array


@dataclass(eq=False)
class _Step:
    """One edit as it was worked out last.

    Attributes:
        edit: as it was then.
        before: what it was handed; whole.
        patch: what it made of that, before the amount; None where it did nothing.
        reason: why it could do nothing; empty where it could.
    """

    edit: LiveEdit
    before: Array
    patch: Patch | None = None
    reason: str = ""

    @property
    def after(self) -> Array:
        """What it hands on; whole."""
        if self.patch is None or not self.edit.amount:
            return self.before
        after = self.before.copy()
        put(after, self.patch.rect, self.edit.mixed(crop(after, self.patch.rect), self.patch.values))
        return after

    def serves(self, edit: LiveEdit) -> bool:
        """Whether its patch is what this edit would make of the same tensor."""
        return self.patch is not None and (self.edit.edit, self.edit.selection) == (edit.edit, edit.selection)


class EditedTensor:
    """The values of one tensor without its live edits, and how these were worked out last.

    Args:
        base: a copy is taken.

    Attributes:
        base: the values without them, to be written to.
        reasons: of each edit that cannot work, a sentence.
    """

    def __init__(self, base: Array) -> None:
        self.base: Array = np.array(base, np.float32, order="C")
        self._steps: list[_Step] = []
        self.reasons: tuple[str, ...] = ()

    def work_out(self, edits: LiveEdits, into: Array, stroke: Rect | None = None) -> Rect | None:
        """Lay these edits over the base, and write what comes out.

        An edit that cannot work is passed over.

        Args:
            edits: those of this tensor that are on.
            into: the tensor as it runs, as the last call left it.
            stroke: where the base has changed since then.

        Returns:
            The rectangle of its sheet that may hold other values now; None where nothing has changed.
        """
        kept = 0
        if stroke is None:
            while kept < min(len(edits), len(self._steps)) and self._steps[kept].edit == edits[kept]:
                kept += 1
            if kept == len(edits) == len(self._steps):
                return None
        before, self._steps = self._steps, self._steps[:kept]
        reach = [step.patch.rect for step in before[kept:] if step.patch is not None]
        reach += [] if stroke is None else [stroke]
        now = self._steps[-1].after if self._steps else self.base
        for place, edit in enumerate(edits[kept:], start=kept):
            # Where the first to change has another amount alone, what it makes is known.
            known = before[place] if place == kept and place < len(before) and stroke is None else None
            step = _Step(edit, now, known.patch) if known and known.serves(edit) else self._step(edit, now)
            self._steps.append(step)
            now = step.after
            if step.patch is not None:
                reach.append(step.patch.rect)
        self.reasons = tuple(step.reason for step in self._steps if step.reason)
        rect = around(reach)
        if rect is not None:
            put(into, rect, crop(now, rect))
        return rect

    def _step(self, edit: LiveEdit, now: Array) -> _Step:
        try:
            # One that is not mixed in at all is worked out once it is.
            return _Step(edit, now, edit.patch(now) if edit.amount else None)
        except StudioError as error:
            return _Step(edit, now, None, str(error))
