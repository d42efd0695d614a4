"""The bends of activations, one line a stage.

{"id": 1, "layer": "enc1", "bend": "Rotate", "params": {"angle": 30.0}, "amount": 0.5}

What is at its default is left out. A painted mask stands there as float32, packed by zlib, in base64. A stage that is
wrong, or does not fit the network, is off and says why; one that this studio can make nothing of is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.io.sections._packed import Packed, packed, unpacked
from studio.model.bends.bend import Unusable
from studio.model.bends.lowering import check_fit, check_names
from studio.model.bends.stage import AllChannels, Channels, Guard, Luma, Painted, Stage
from studio.model.bends.stages import STAGES, Stages
from studio.model.declared.explain import explain
from studio.model.declared.numbered import LARGEST_NUMBER, free_number
from studio.model.networks.network import Network

_MOST = 1024
_LARGEST_SIDE = 8192

_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class _Painted(Packed):
    size: tuple[_Side, _Side]


class _Stage(Part):
    id: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    layer: FileName
    bend: FileName
    params: dict[Line, Any] = Field(default_factory=dict)
    channels: Annotated[Channels, Field(discriminator="kind")] = AllChannels()
    luma: Luma | None = None
    painted: _Painted | None = None
    amount: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    guard: Guard = Guard()
    on: bool = True
    source: FileName | None = None


_FORM = TypeAdapter(_Stage)


def _read(found: tuple[dict[str, Any], ...]) -> Stages:
    """The stages, of which each gets a number of its own; of two with one number the first that is right keeps it."""
    stages = [_one_of(said, place) for place, said in enumerate(found)]
    taken: set[int] = set()
    owns = {}
    for place, stage in sorted(enumerate(stages), key=lambda each: each[1].kept is not None):
        owns[place] = stage.id > 0 and stage.id not in taken
        taken.add(stage.id)
    for place, stage in enumerate(stages):
        if not owns[place]:
            number = free_number(taken)
            taken.add(number)
            stages[place] = _renumbered(stage, number)
    return tuple(stages)


def _renumbered(stage: Stage, number: int) -> Stage:
    if stage.kept is not None or not stage.on:
        return replace(stage, id=number)
    return replace(stage, id=number, on=False, problem=f"another stage has its number, {stage.id}, so it is {number}")


def _one_of(said: dict[str, Any], place: int) -> Stage:
    """A stage, or one of which nothing can be made, behind the layer that it names; 0 where it has no number."""
    try:
        return _stage(_FORM.validate_python(said))
    except ValidationError as error:
        problem = explain(error, f"stages[{place}]")
    except StudioError as error:
        problem = str(error).rstrip(".")
    number, layer = said.get("id"), said.get("layer")
    number = number if type(number) is int and 1 <= number <= LARGEST_NUMBER else 0
    return Stage(number, layer if isinstance(layer, str) else "", Unusable(), on=False, problem=problem, kept=said)


def _stage(said: _Stage) -> Stage:
    if said.luma is not None and said.painted is not None:
        raise StudioError(f"stage {said.id} has two masks; leave one out")
    mask = said.luma if said.painted is None else Painted(unpacked(said.painted, f"the mask of stage {said.id}"))
    bend = make_bend(said.bend, said.params)
    return Stage(said.id, said.layer, bend, said.channels, mask, said.amount, said.guard, said.on, said.source)


def _written(stages: Stages) -> list[dict[str, Any]]:
    return [_one(stage) for stage in stages]


def _one(stage: Stage) -> dict[str, Any]:
    if stage.kept is not None:
        return dict(stage.kept)
    said: dict[str, Any] = {"id": stage.id, "layer": stage.layer, "bend": type(stage.bend).__name__}
    if params := stage.bend.model_dump(mode="json", exclude_defaults=True):
        said["params"] = params
    if stage.channels != AllChannels():
        said["channels"] = stage.channels.model_dump(mode="json")
    if isinstance(stage.mask, Luma):
        said["luma"] = stage.mask.model_dump(mode="json")
    elif stage.mask is not None:
        said["painted"] = packed(stage.mask.values)
    if stage.guard != Guard():
        said["guard"] = stage.guard.model_dump(mode="json")
    # One that does not fit was on before it was read.
    settings = (("amount", stage.amount), ("on", stage.on or bool(stage.problem)))
    said |= {key: value for key, value in settings if value not in (1.0, True)}
    return said if stage.source is None else said | {"source": stage.source}


def _settled(stages: Stages, network: Network) -> Stages:
    """The stages with those off, and named, that do not fit the network."""
    graph = network.graph
    with suppress(StudioError):
        check_fit(graph, stages)
        return stages
    # One of them does not fit its map, or takes it round in a circle: those before it are right.
    found: Stages = ()
    for stage in stages:
        before = found
        found = (*before, _fitting(stage, lambda stage: check_fit(graph, (*before, stage))))  # noqa: B023
    return found


def _fitting(stage: Stage, check: Callable[[Stage], object]) -> Stage:
    if not stage.on:
        return stage
    try:
        check(stage)
    except StudioError as error:
        problem = str(error).removeprefix(f"{stage.name}: ").replace(f"{stage.name} ", "it ", 1).rstrip(".")
        return replace(stage, on=False, problem=problem)
    return stage


def _check(stages: Stages, network: Network, where: object) -> None:
    try:
        check_names(network.graph, stages)
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error


SECTION = SectionFile(
    STAGES,
    Annotated[tuple[dict[str, Any], ...], Field(max_length=_MOST)],
    _read,
    _written,
    _check,
    _settled,
    place=10,
)
