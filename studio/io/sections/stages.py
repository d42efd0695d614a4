"""The bends of activations, one line a stage.

{"id": 1, "layer": "enc1", "bend": "Rotate", "params": {"angle": 30.0}, "amount": 0.5}

What is at its default is left out. A painted mask stands there as float32, packed by zlib, in base64. A stage that is
wrong, or does not fit the network, is off and says why; one that this studio can make nothing of is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.io.sections._packed import Packed, packed, unpacked
from studio.model.bend import Unusable
from studio.model.explain import explain
from studio.model.graph import Graph
from studio.model.lowering import check_names
from studio.model.network import Network
from studio.model.op import Shape
from studio.model.stage import AllChannels, Channels, Guard, Luma, Painted, Stage
from studio.model.stages import STAGES, Stages

_MOST = 1024
_LARGEST_SIDE = 8192

_LARGEST_NUMBER = 10**9
_SOME_SIZE = (256, 256)
"""A picture that most networks take: how many channels layers have does not hang on it."""

_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class _Painted(Packed):
    size: tuple[_Side, _Side]


class _Stage(Part):
    id: Annotated[int, Field(ge=1, le=_LARGEST_NUMBER)]
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
    stages: list[Stage] = []
    for place, said in enumerate(found):
        try:
            stages.append(_stage(_FORM.validate_python(said)))
        except ValidationError as error:
            stages.append(_unusable(said, explain(error, f"stages[{place}]"), found))
        except StudioError as error:
            stages.append(_unusable(said, str(error).rstrip("."), found))
    return tuple(stages)


def _unusable(said: dict[str, Any], problem: str, found: tuple[dict[str, Any], ...]) -> Stage:
    """A stage of which nothing can be made, under its own number where it has one, behind the layer that it names."""
    numbers = [each.get("id") for each in found]
    number, layer = said.get("id"), said.get("layer")
    if type(number) is not int or not 1 <= number <= _LARGEST_NUMBER or numbers.count(number) != 1:
        number = 1 + max((each for each in numbers if type(each) is int), default=0)
        number += sum(other is not said for other in found[: [id(each) for each in found].index(id(said))])
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
    size = graph.only_size or _SOME_SIZE
    try:
        shapes = graph.shapes({each.name: size for each in graph.inputs if each.kind == "picture"})
    except StudioError:
        shapes = {}
    return tuple(_fitting(stage, graph, shapes) for stage in stages)


def _fitting(stage: Stage, graph: Graph, shapes: Mapping[str, Shape]) -> Stage:
    if not stage.on:
        return stage
    try:
        check_names(graph, [stage])
        if stage.layer in shapes:
            stage.channels.chosen(shapes[stage.layer].channels)
    except StudioError as error:
        problem = str(error).removeprefix(f"{stage.name}: ").removeprefix(stage.name).strip().rstrip(".")
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
