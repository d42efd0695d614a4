"""Numbers of stages: ``/bend/ID/amount``, ``/bend/ID/on``, and the live parameters of bend, mask and guard.

A stage's address holds its number, which stays the same when stages are moved or removed; the first stage of a preset
that has had no other is ``/bend/1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from studio.model.address import Number, joined, number_of
from studio.model.form import field_of
from studio.model.numbers._base import Knob
from studio.model.param import Shaded, lives
from studio.model.preset import Preset
from studio.model.stage import Stage
from studio.model.stages import STAGES, changed, stage_of

OWNER = "bend"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The numbers of every stage."""
    for stage in preset.section(STAGES):
        yield from _of_stage(stage)


def _of_stage(stage: Stage) -> Iterator[Knob]:
    number, what = stage.id, stage.bend.label
    amount = Number(
        joined(OWNER, number, "amount"), f"{what} amount", "number", 1.0, 0.0, 1.0, "", "From as it was to bent"
    )
    yield Knob(amount, partial(_get, number, "amount"), partial(_turn, number, "amount"))
    on = Number(joined(OWNER, number, "on"), f"{what} on", "switch", 1.0, 0.0, 1.0, "", "Whether the stage works")
    yield Knob(on, partial(_get, number, "on"), partial(_turn, number, "on"))
    for part, path in (("bend", ()), ("mask", ("mask",)), ("guard", ("guard",))):
        record = getattr(stage, part)
        # A guard's number counts for one kind of guard alone.
        if isinstance(record, Shaded) and (part != "guard" or stage.guard.kind == "deviation"):
            yield from _of_record(number, what, part, path, record)


def _of_record(stage: int, what: str, part: str, path: tuple[str, ...], record: Shaded) -> Iterator[Knob]:
    for live in lives(type(record)):
        field = field_of(type(record), live.name)
        words = " ".join((what, *path, field.label.lower()))
        number = number_of(joined(OWNER, stage, *path, field.name), field, words)
        yield Knob(number, partial(_get_of, stage, part, field.name), partial(_turn_of, stage, part, field.name))


def _get(number: int, name: str, preset: Preset) -> float:
    return float(getattr(stage_of(preset.section(STAGES), number), name))


def _turn(number: int, name: str, preset: Preset, value: float) -> Preset:
    kept: Any = value >= 0.5 if name == "on" else value
    return preset.with_section(STAGES, changed(preset.section(STAGES), number, **{name: kept}))


def _get_of(number: int, part: str, name: str, preset: Preset) -> float:
    return float(getattr(getattr(stage_of(preset.section(STAGES), number), part), name))


def _turn_of(number: int, part: str, name: str, preset: Preset, value: float) -> Preset:
    stages = preset.section(STAGES)
    record = getattr(stage_of(stages, number), part)
    return preset.with_section(STAGES, changed(stages, number, **{part: record.turned({name: value})}))
