"""Lists of stages: what adding, moving, changing and removing one makes of them, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from studio.model.bends.bend import Bend
from studio.model.bends.stage import Painted, Stage
from studio.model.declared.numbered import free_number, of_number, put_back
from studio.model.networks.section import Section, SectionChanged

Stages = tuple[Stage, ...]


@dataclass(frozen=True)
class StagesChanged(SectionChanged):
    """Bends of activations were added, removed, moved or turned."""

    section: str = "stages"


def _held(before: Stages, after: Stages) -> int:
    """Bytes of the painted masks that only one side has."""
    old, new = (
        {id(s.mask): s.mask.values.nbytes for s in some if isinstance(s.mask, Painted)} for some in (before, after)
    )
    return sum((old | new)[key] for key in old.keys() ^ new.keys())


def _remarks(stages: Stages) -> tuple[str, ...]:
    return tuple(f"{stage.name} is off: {stage.problem}." for stage in stages if stage.problem)


STAGES: Section[Stages] = Section("stages", (), StagesChanged(), _held, _remarks)
"""The bends of activations, in the order in which those of one layer work."""


def stage_of(stages: Stages, number: int) -> Stage:
    """The stage of this number; StudioError where there is none."""
    return of_number(stages, number, "stage")


def added(stages: Stages, layer: str, bend: Bend, at: int | None = None, **settings: Any) -> tuple[Stages, Stage]:
    """The stages with one more, which gets a number of its own; and that stage.

    Args:
        stages: those there are.
        layer: the layer that it stands behind.
        bend: what it does.
        at: how many stages of that layer work before it; None puts it behind them all.
        settings: other fields of `Stage`.
    """
    number = free_number(stage.id for stage in stages)
    stage = Stage(number, layer, bend, **settings)
    return _inserted(stages, stage, at), stage


def moved(stages: Stages, number: int, layer: str, at: int | None = None) -> Stages:
    """The stages with one of them at another place, or behind another layer; it keeps its number."""
    stage = stage_of(stages, number)
    return _inserted(without(stages, number), replace(stage, layer=layer, problem=""), at)


def changed(stages: Stages, number: int, **settings: Any) -> Stages:
    """The stages with other fields of one of them; StudioError where a value is out of its range."""
    stage = replace(stage_of(stages, number), **settings)
    if stage.kept is None:
        # Where somebody mends it, what was wrong with it when it was read is told no more.
        stage = replace(stage, problem="")
    return put_back(stages, stage)


def without(stages: Stages, number: int) -> Stages:
    """The stages without one of them."""
    stage = stage_of(stages, number)
    return tuple(each for each in stages if each is not stage)


def _inserted(stages: Stages, stage: Stage, at: int | None) -> Stages:
    places = [place for place, each in enumerate(stages) if each.layer == stage.layer]
    place = len(stages) if at is None or at >= len(places) else places[max(0, at)]
    return (*stages[:place], stage, *stages[place:])
