"""Edits of filters that are kept live: they lie over a tensor as it was trained and painted, and stay turnable.

::

    trained, strokes ──> edit 1 ──> edit 4 ──> what runs
                         amount     amount

Those of one tensor work in their order. `edited` is what they come to; `studio.engine.edited` works out the same in
steps, and only what a turned number reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from studio.errors import StudioError
from studio.model.declared.explain import explain
from studio.model.declared.numbered import free_number, of_number, put_back
from studio.model.declared.param import turnables, with_number
from studio.model.filters.edit import Edit, Patch, Selection
from studio.model.movement.address import split
from studio.model.networks.layout import crop, put
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

_LARGEST = np.finfo(np.float32).max


@dataclass(frozen=True)
class LiveEdit:
    """One edit that is kept live.

    Attributes:
        id: its number, which stays the same and is nobody else's.
        tensor: full name of the tensor that it lies over.
        edit: what it does; one that needs a second tensor works from the trained one.
        selection: the kernels that it changes; None for all.
        amount: from 0, as it was, to 1, edited.
        on: whether it works.
    """

    id: int
    tensor: str
    edit: Edit
    selection: Selection | None = None
    amount: float = 1.0
    on: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.amount <= 1.0:
            raise StudioError(f"{self.name}: its amount goes from 0 to 1, not {self.amount:g}.")

    @property
    def name(self) -> str:
        """What sentences call it: "live edit 2 (Gain) of dec1.weight"."""
        return f"Live edit {self.id} ({self.edit.label}) of {self.tensor}"

    @property
    def works(self) -> bool:
        """Whether it may change anything."""
        return self.on and self.amount > 0.0

    def patch(self, tensor: Array) -> Patch:
        """What the edit makes of a tensor, as the edits before it hand it on, before the amount.

        Raises:
            StudioError: naming this edit, where it cannot work on such kernels.
        """
        try:
            return self.edit.apply(tensor, self.selection or Selection.everything(tensor.shape))
        except StudioError as error:
            raise StudioError(f"{self.name}: {error}") from error

    def mixed(self, before: Array, made: Array) -> Array:
        """Values as they were and as the edit makes them, mixed by the amount; the ends are exact."""
        if self.amount >= 1.0:
            return made
        part = np.float32(self.amount)
        with np.errstate(over="ignore"):
            mixed = before * (np.float32(1.0) - part) + made * part
        # Between two of float32's largest numbers a rounding may leave its range.
        return np.clip(mixed, -_LARGEST, _LARGEST, out=mixed)

    def turned(self, name: str, value: float) -> LiveEdit:
        """This one with another amount, on or off, or with another number among the edit's own.

        Args:
            name: "amount", "on", a parameter of the edit, or "own/amount" for one that is called like those two.
            value: within the number's range.

        Raises:
            StudioError: where there is no such number, or a plug-in's rules say that they do not go together.
        """
        if name == "amount":
            return replace(self, amount=value)
        if name == "on":
            return replace(self, on=value >= 0.5)
        own = name.removeprefix("own/")
        if own not in turnables(type(self.edit)):
            raise StudioError(f'{self.name} has no number "{own}".')
        turned = with_number(self.edit, own, value)
        try:
            type(self.edit).model_validate(turned.model_dump())
        except ValidationError as error:
            raise StudioError(f"{self.name}: {explain(error)}.") from error
        # Not what was validated, which would have lost its second tensor.
        return replace(self, edit=turned)


LiveEdits = tuple[LiveEdit, ...]

EDITS: Section[LiveEdits] = Section("edits", ())
"""The edits that are kept live, those of one tensor in the order in which they work."""


def edit_of(edits: LiveEdits, number: int) -> LiveEdit:
    """The live edit of this number; StudioError where there is none."""
    return of_number(edits, number, "live edit")


def added(edits: LiveEdits, tensor: str, edit: Edit, **settings: Any) -> tuple[LiveEdits, LiveEdit]:
    """The live edits with one more, which gets a number of its own and works last; and that edit."""
    made = LiveEdit(free_number(each.id for each in edits), tensor, edit, **settings)
    return (*edits, made), made


def changed(edits: LiveEdits, number: int, **settings: Any) -> LiveEdits:
    """The live edits with other fields of one of them; StudioError where a value is out of its range."""
    return put_back(edits, replace(edit_of(edits, number), **settings))


def moved(edits: LiveEdits, number: int, at: int) -> LiveEdits:
    """The live edits with one of them at another place among those of its tensor, counted from 0."""
    held = edit_of(edits, number)
    left = without(edits, number)
    places = [place for place, each in enumerate(left) if each.tensor == held.tensor]
    place = len(left) if at >= len(places) else places[max(0, at)]
    return (*left[:place], held, *left[place:])


def without(edits: LiveEdits, *numbers: int) -> LiveEdits:
    """The live edits without some of them; StudioError for one that there is not."""
    gone = {edit_of(edits, number).id for number in numbers}
    return tuple(each for each in edits if each.id not in gone)


def by_tensor(edits: Iterable[LiveEdit]) -> dict[str, LiveEdits]:
    """The live edits of each tensor that has some, in their order."""
    found: dict[str, LiveEdits] = {}
    for each in edits:
        found[each.tensor] = (*found.get(each.tensor, ()), each)
    return found


def turned(edits: LiveEdits, values: Mapping[str, float]) -> LiveEdits:
    """The live edits with other numbers, by their addresses; StudioError where there is no such edit or number."""
    found = {each.id: each for each in edits}
    for address, value in values.items():
        _, number, *name = split(address)
        held = found.get(int(number)) if number.isdecimal() else None
        if held is None:
            raise StudioError(f"There is no live edit {number}.")
        found[held.id] = held.turned("/".join(name), value)
    return tuple(found.values())


def bound(edits: Iterable[LiveEdit], trained: Mapping[str, Array]) -> LiveEdits:
    """The live edits, those that need a second tensor with the trained one."""
    return tuple(
        replace(each, edit=each.edit.with_other(trained[each.tensor])) if each.edit.needs_other else each
        for each in edits
    )


def edited(tensor: Array, edits: Iterable[LiveEdit]) -> Array:
    """A copy of a tensor with its live edits worked out, one after the other.

    Args:
        tensor: as it was trained and painted.
        edits: those of this tensor, `bound`.

    Raises:
        StudioError: naming the edit that cannot work on such kernels.
    """
    found = np.array(tensor, np.float32, order="C")
    for each in edits:
        if each.works:
            patch = each.patch(found)
            put(found, patch.rect, each.mixed(crop(found, patch.rect), patch.values))
    return found


def as_run(preset: Preset) -> Network:
    """The network as a preset runs it when nothing moves: its tensors with all live edits worked out.

    Raises:
        StudioError: naming the edit that cannot work on its tensor.
    """
    network, edits = preset.bent, bound(preset.section(EDITS), preset.network.tensors)
    worked = {name: edited(network.tensors[name], chain) for name, chain in by_tensor(edits).items()}
    return network.with_tensors(worked) if worked else network


def check_edits(edits: LiveEdits, network: Network) -> None:
    """Raise StudioError where two have one number, or one does not fit the network's tensors."""
    for place, each in enumerate(edits):
        if any(other.id == each.id for other in edits[:place]):
            raise StudioError(f"Two live edits have the number {each.id}; each needs one of its own.")
        if each.tensor not in network.tensors:
            raise StudioError(f'{each.name}: the network "{network.name}" has no such tensor.')
        if each.selection is not None:
            try:
                each.selection.check(network.tensors[each.tensor].shape)
            except StudioError as error:
                raise StudioError(f"{each.name}: {error}") from error
