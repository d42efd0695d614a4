"""Numbers of a generator's path: ``/generator/pace``, ``/generator/direction/1`` and their like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from studio.model.movement.address import Number, joined
from studio.model.movement.generator import DIRECTIONS, FURTHEST, GENERATOR, KINDS, Generator
from studio.model.networks.latent import LARGEST_SEED, MOST_SECONDS
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "generator"

_PATH = (
    Number("/generator/kind", "Kind of path", "choice", 0, 0, len(KINDS) - 1, doc="How it goes on", choices=KINDS),
    Number("/generator/seed", "Seed", "integer", 0, 0, LARGEST_SEED, doc="Chooses the points", safe=(0, 9999)),
    Number("/generator/to", "To seed", "integer", 1, 0, LARGEST_SEED, doc='Where "between" goes', safe=(0, 9999)),
    Number("/generator/seconds", "Length", "number", 8, 0.01, MOST_SECONDS, "s", "Of a loop, or between two", (1, 60)),
    Number("/generator/pace", "Pace", "number", 2, 0.01, MOST_SECONDS, "s", "From one point to the next", (0.2, 10)),
)


def knobs(preset: Preset) -> Iterator[Knob]:
    """The path, and steps along the first directions, of a network that takes vectors."""
    channels = [put.channels for put in preset.network.graph.inputs if put.kind == "vector"]
    if not channels:
        return
    for number in _PATH:
        name = number.address.rpartition("/")[2]
        yield Knob(number, partial(_get, name), partial(_turn, name))
    for place in range(min(DIRECTIONS, max(channels))):
        number = Number(
            joined(OWNER, "direction", place + 1),
            f"Direction {place + 1}",
            lo=-FURTHEST,
            hi=FURTHEST,
            unit="σ",
            doc="Along a principal component of the first layer",
        )
        yield Knob(number, partial(_step, place), partial(_turn_step, place))


def turned(held: Generator, values: Mapping[str, float]) -> Generator:
    """A generator with other values of numbers, by their addresses, which are within their ranges."""
    for address, value in values.items():
        last = address.rpartition("/")[2]
        held = held.with_step(int(last) - 1, value) if last.isdecimal() else _with_path(held, last, value)
    return held


def _with_path(held: Generator, name: str, value: float) -> Generator:
    kept = KINDS[int(value)] if name == "kind" else int(value) if name in ("seed", "to") else value
    return replace(held, path=replace(held.path, **{name: kept}))  # type: ignore[arg-type]


def _get(name: str, preset: Preset) -> float:
    value = getattr(preset.section(GENERATOR).path, name)
    return float(KINDS.index(value) if name == "kind" else value)


def _turn(name: str, preset: Preset, value: float) -> Preset:
    return preset.with_section(GENERATOR, _with_path(preset.section(GENERATOR), name, value))


def _step(place: int, preset: Preset) -> float:
    steps = preset.section(GENERATOR).steps
    return steps[place] if place < len(steps) else 0.0


def _turn_step(place: int, preset: Preset, value: float) -> Preset:
    return preset.with_section(GENERATOR, preset.section(GENERATOR).with_step(place, value))
