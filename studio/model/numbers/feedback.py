"""Numbers of the output as a source: ``/feedback/amount`` and its like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from studio.model.declared.form import fields
from studio.model.movement.address import joined, number_of
from studio.model.movement.feedback import FEEDBACK, Feedback
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "feedback"


def knobs(preset: Preset) -> Iterator[Knob]:
    """Its parameters, for networks that take pictures."""
    if not any(put.kind == "picture" for put in preset.network.graph.inputs):
        return
    for field in fields(Feedback):
        number = number_of(joined(OWNER, field.name), field)
        number = replace(number, label=f"Feedback {field.label.lower()}")
        yield Knob(number, partial(_get, field.name), partial(_turn, field.name))


def _get(name: str, preset: Preset) -> float:
    return float(getattr(preset.section(FEEDBACK), name))


def _turn(name: str, preset: Preset, value: float) -> Preset:
    return preset.with_section(FEEDBACK, preset.section(FEEDBACK).model_copy(update={name: value}))
