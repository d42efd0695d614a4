"""Numbers of the states of a network: ``/state/steps``, ``/state/picture`` and ``/state/held``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from studio.model.declared.form import fields
from studio.model.movement.address import joined, number_of, split
from studio.model.networks.preset import Preset
from studio.model.networks.state import STEPPING, Stepping
from studio.model.numbers._base import Knob

OWNER = "state"


def knobs(preset: Preset) -> Iterator[Knob]:
    """Its parameters, for networks with a state."""
    if not preset.network.graph.states:
        return
    for field in fields(Stepping):
        number = number_of(joined(OWNER, field.name), field)
        number = replace(number, label=f"State {field.label.lower()}")
        yield Knob(number, partial(_get, field.name), partial(_turn, field.name))


def turned(stepping: Stepping, values: Mapping[str, float]) -> Stepping:
    """The same with other numbers, by their addresses; each must be within its range."""
    return stepping.turned({split(address)[1]: value for address, value in values.items()})


def _get(name: str, preset: Preset) -> float:
    return float(getattr(preset.section(STEPPING), name))


def _turn(name: str, preset: Preset, value: float) -> Preset:
    return preset.with_section(STEPPING, preset.section(STEPPING).turned({name: value}))
