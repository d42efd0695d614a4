"""The bends of activations, one line a stage.

{"id": 1, "layer": "enc1", "bend": "Rotate", "params": {"angle": 30.0}, "amount": 0.5}

What is at its default is left out. A painted mask stands there as float32, packed by zlib, in base64.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.model.lowering import check_names
from studio.model.network import Network
from studio.model.op import Array
from studio.model.stage import AllChannels, Channels, Guard, Luma, Painted, Stage
from studio.model.stages import STAGES, Stages

_MOST = 1024
_LARGEST_SIDE = 8192

_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class _Painted(Part):
    size: tuple[_Side, _Side]
    values: Annotated[str, Field(max_length=1 << 24)]


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
    mask = said.luma if said.painted is None else Painted(_unpacked(said.painted, said.id))
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
        said["painted"] = _packed(stage.mask.values)
    if stage.guard != Guard():
        said["guard"] = stage.guard.model_dump(mode="json")
    said |= {key: value for key, value in (("amount", stage.amount), ("on", stage.on)) if value not in (1.0, True)}
    return said if stage.source is None else said | {"source": stage.source}


def _packed(values: Array) -> dict[str, Any]:
    packed = zlib.compress(np.ascontiguousarray(values, "<f4").tobytes(), 6)
    return {"size": list(values.shape), "values": base64.b64encode(packed).decode("ascii")}


def _unpacked(said: _Painted, stage: int) -> Array:
    height, width = said.size
    wanted = 4 * height * width
    try:
        # No more is unpacked than the mask can have, whatever the file claims.
        data = zlib.decompressobj().decompress(base64.b64decode(said.values, validate=True), wanted + 1)
    except (binascii.Error, zlib.error) as error:
        raise StudioError(f"the mask of stage {stage} is damaged ({error})") from error
    if len(data) != wanted:
        raise StudioError(f"the mask of stage {stage} does not hold {height}×{width} values")
    return np.frombuffer(data, "<f4").reshape(height, width).astype(np.float32)


def _check(stages: Stages, network: Network, where: object) -> None:
    try:
        check_names(network.graph, stages)
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error


SECTION = SectionFile(STAGES, Annotated[tuple[_Stage, ...], Field(max_length=_MOST)], _read, _written, _check, place=10)
