"""Numbers of the tempo: ``/tempo/bpm`` and its like."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.declared.form import fields
from studio.model.movement.address import joined, number_of
from studio.model.movement.tempo import TEMPO
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "tempo"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The parameters of the tempo."""
    for field in fields(type(preset.section(TEMPO))):
        number = number_of(joined(OWNER, field.name), field)
        yield Knob(number, partial(_get, field.name), partial(_turn, field.name))


def _get(name: str, preset: Preset) -> float:
    return float(getattr(preset.section(TEMPO), name))


def _turn(name: str, preset: Preset, value: float) -> Preset:
    tempo = preset.section(TEMPO)
    kept = int(value) if name == "beats_per_bar" else value
    return preset.with_section(TEMPO, tempo.model_copy(update={name: kept}))
