"""Numbers of vectors: ``/latent/INPUT/CHANNEL``, what is added to that value of the input on its path."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.movement.address import Number, joined
from studio.model.movement.latent_offset import FURTHEST, LATENT
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "latent"


def knobs(preset: Preset) -> Iterator[Knob]:
    """A number for each value of each vector that the network takes."""
    for put in preset.network.graph.inputs:
        for channel in range(put.channels if put.kind == "vector" else 0):
            number = Number(
                joined(OWNER, put.name, channel),
                f"{put.name} {channel}",
                lo=-FURTHEST,
                hi=FURTHEST,
                unit="σ",
                doc="Added to the vector on its path",
            )
            yield Knob(number, partial(_get, put.name, channel), partial(_turn, put.name, channel))


def _get(name: str, channel: int, preset: Preset) -> float:
    values = preset.section(LATENT).get(name, ())
    return values[channel] if channel < len(values) else 0.0


def _turn(name: str, channel: int, preset: Preset, value: float) -> Preset:
    held = preset.section(LATENT)
    offsets = dict(held)
    values = [*offsets.get(name, ()), *[0.0] * (channel + 1)][: max(channel + 1, len(offsets.get(name, ())))]
    values[channel] = value
    while values and not values[-1]:
        values.pop()
    if values:
        offsets[name] = tuple(values)
    else:
        offsets.pop(name, None)
    return preset.with_section(LATENT, offsets)
