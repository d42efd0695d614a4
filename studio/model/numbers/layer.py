"""Live numbers of layers: ``/layer/NAME/PARAMETER``, such as the slope of a leaky ReLU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from studio.model.declared.form import field_of
from studio.model.movement.address import joined, number_of
from studio.model.movement.layer_numbers import LAYER_NUMBERS
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "layer"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The live parameters of every operator."""
    for node in preset.network.graph.nodes:
        for live in node.op.live_params():
            if live.name not in type(node.op).model_fields:
                continue
            field = field_of(type(node.op), live.name)
            own = node.op.live_value(live.name)
            number = number_of(joined(OWNER, node.name, live.name), field, f"{node.name} {field.label.lower()}")
            key = f"{node.name}.{live.name}"
            yield Knob(replace(number, default=own), partial(_get, key, own), partial(_turn, key, own))


def _get(key: str, own: float, preset: Preset) -> float:
    return preset.section(LAYER_NUMBERS).get(key, own)


def _turn(key: str, own: float, preset: Preset, value: float) -> Preset:
    held = {name: known for name, known in preset.section(LAYER_NUMBERS).items() if name != key}
    return preset.with_section(LAYER_NUMBERS, held if value == own else held | {key: value})
