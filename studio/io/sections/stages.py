"""The bends of activations, one line a stage.

{"id": 1, "layer": "enc1", "bend": "Rotate", "params": {"angle": 30.0}, "amount": 0.5}

What is at its default is left out. A painted mask stands there as float32, packed by zlib, in base64.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.io.sections._packed import Packed, packed, unpacked
from studio.model.lowering import check_names
from studio.model.network import Network
from studio.model.stage import AllChannels, Channels, Guard, Luma, Painted, Stage
from studio.model.stages import STAGES, Stages

_MOST = 1024
_LARGEST_SIDE = 8192

_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class _Painted(Packed):
    size: tuple[_Side, _Side]


class _Stage(Part):
    id: Annotated[int, Field(ge=1, le=10**9)]
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


def _read(found: tuple[_Stage, ...]) -> Stages:
    return tuple(_stage(each) for each in found)


def _stage(said: _Stage) -> Stage:
    if said.luma is not None and said.painted is not None:
        raise StudioError(f"stage {said.id} has two masks; leave one out")
    mask = said.luma if said.painted is None else Painted(unpacked(said.painted, f"the mask of stage {said.id}"))
    bend = make_bend(said.bend, said.params)
    return Stage(said.id, said.layer, bend, said.channels, mask, said.amount, said.guard, said.on, said.source)


def _written(stages: Stages) -> list[dict[str, Any]]:
    return [_one(stage) for stage in stages]


def _one(stage: Stage) -> dict[str, Any]:
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
    said |= {key: value for key, value in (("amount", stage.amount), ("on", stage.on)) if value not in (1.0, True)}
    return said if stage.source is None else said | {"source": stage.source}


def _check(stages: Stages, network: Network, where: object) -> None:
    try:
        check_names(network.graph, stages)
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error


SECTION = SectionFile(STAGES, Annotated[tuple[_Stage, ...], Field(max_length=_MOST)], _read, _written, _check, place=10)
