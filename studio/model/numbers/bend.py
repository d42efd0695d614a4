"""Numbers of stages: ``/bend/ID/amount``, ``/bend/ID/on``, and the parameters of bend, mask, guard and channels.

A stage's address holds its number, which stays the same when stages are moved or removed; the first stage of a preset
that has had no other is ``/bend/1``. Where channels are drawn by seed, ``/bend/1/channels/share`` and
``/bend/1/channels/seed`` choose them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from studio.model.bends.stage import SomeChannels, Stage
from studio.model.bends.stages import STAGES, changed, stage_of
from studio.model.declared.form import field_of
from studio.model.declared.param import Declared, Shaded, live_names, lives, number_in, turnables, with_number
from studio.model.movement.address import Number, joined, number_of
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

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
    for address, (part, name) in structure_of(stage).items():
        path = () if part == "bend" else (part,)
        kind: type[Declared] = type(getattr(stage, part))
        field = field_of(kind, name)
        words = " ".join((what, *path, field.label.lower()))
        yield Knob(
            number_of(address, field, words), partial(_get_of, number, part, name), partial(_shape, number, part, name)
        )


def structure_of(stage: Stage) -> dict[str, tuple[str, str]]:
    """The addresses of the numbers that choose what a stage is: seeds, borders, kinds, the share of its channels.

    An engine has no live number for these: another value is another stage.

    Returns:
        For each address the field of `Stage` and the parameter of that record.
    """
    live = live_names(type(stage.bend))
    found = {joined(OWNER, stage.id, n): ("bend", n) for n in turnables(type(stage.bend)) if n not in live}
    found[joined(OWNER, stage.id, "guard", "kind")] = "guard", "kind"
    if isinstance(stage.channels, SomeChannels):
        found |= {joined(OWNER, stage.id, "channels", n): ("channels", n) for n in turnables(SomeChannels)}
    return found


def reshaped(stage: Stage, values: Mapping[str, float]) -> Stage:
    """The stage with the numbers of `structure_of` at these values; itself where that changes nothing.

    Args:
        stage: as it is.
        values: by address, each within its range; those of other things count for nothing.
    """
    for address, (part, name) in structure_of(stage).items():
        if address not in values:
            continue
        record = getattr(stage, part)
        shaped: dict[str, Any] = {part: with_number(record, name, values[address])}
        if shaped[part] != record:
            stage = replace(stage, **shaped)
    return stage


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
    return number_in(getattr(stage_of(preset.section(STAGES), number), part), name)


def _turn_of(number: int, part: str, name: str, preset: Preset, value: float) -> Preset:
    stages = preset.section(STAGES)
    record = getattr(stage_of(stages, number), part)
    return preset.with_section(STAGES, changed(stages, number, **{part: record.turned({name: value})}))


def _shape(number: int, part: str, name: str, preset: Preset, value: float) -> Preset:
    stages = preset.section(STAGES)
    record = getattr(stage_of(stages, number), part)
    return preset.with_section(STAGES, changed(stages, number, **{part: with_number(record, name, value)}))
