"""Numbers of macros: ``/macro/1`` to ``/macro/8``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from studio.model.movement.address import Number, joined
from studio.model.movement.route import MACRO_BANK
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "macro"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The value of every macro."""
    bank = preset.section(MACRO_BANK)
    for place, macro in enumerate(bank):
        label = macro.name or f"Macro {place + 1}"
        number = Number(joined(OWNER, place + 1), label, "number", 0.0, 0.0, 1.0, doc="One knob for many numbers")
        yield Knob(number, partial(_get, place), partial(_turn, place))


def _get(place: int, preset: Preset) -> float:
    return preset.section(MACRO_BANK)[place].value


def _turn(place: int, preset: Preset, value: float) -> Preset:
    held = preset.section(MACRO_BANK)
    turned = replace(held[place], value=value)
    return preset.with_section(MACRO_BANK, (*held[:place], turned, *held[place + 1 :]))
