"""Numbers of live edits: ``/edit/ID/amount``, ``/edit/ID/on``, and the numbers among the edit's own parameters.

An edit's own parameter that is called like one of the two stands under ``/edit/ID/own``: ``/edit/1/own/amount``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.declared.form import field_of
from studio.model.declared.param import number_in, turnables
from studio.model.filters.live_edits import EDITS, LiveEdit, edit_of, turned
from studio.model.movement.address import Number, joined, number_of
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "edit"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The numbers of every live edit."""
    for each in preset.section(EDITS):
        yield from _of_edit(each)


def _of_edit(each: LiveEdit) -> Iterator[Knob]:
    head, what = joined(OWNER, each.id), each.edit.label
    amount = Number(f"{head}/amount", f"{what} amount", "number", 1.0, 0.0, 1.0, "", "From as it was to edited")
    yield _knob(amount, each, "amount")
    on = Number(f"{head}/on", f"{what} on", "switch", 1.0, 0.0, 1.0, "", "Whether the edit works")
    yield _knob(on, each, "on")
    for name, address in own_addresses(each).items():
        field = field_of(type(each.edit), name)
        own = number_of(address, field, f"{what} {field.label.lower()}")
        yield Knob(own, partial(_get_own, each.id, name), partial(_turn, address))


def own_addresses(each: LiveEdit) -> dict[str, str]:
    """The addresses of the numbers among an edit's own parameters, by their names."""
    taken = ("amount", "on")
    names = turnables(type(each.edit))
    return {name: joined(OWNER, each.id, *(("own",) if name in taken else ()), name) for name in names}


def _knob(number: Number, each: LiveEdit, name: str) -> Knob:
    return Knob(number, partial(_get, each.id, name), partial(_turn, number.address))


def _get(number: int, name: str, preset: Preset) -> float:
    return float(getattr(edit_of(preset.section(EDITS), number), name))


def _get_own(number: int, name: str, preset: Preset) -> float:
    return number_in(edit_of(preset.section(EDITS), number).edit, name)


def _turn(address: str, preset: Preset, value: float) -> Preset:
    return preset.with_section(EDITS, turned(preset.section(EDITS), {address: value}))
