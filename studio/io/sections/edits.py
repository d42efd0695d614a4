"""The edits of filters that are kept live, one line each.

{"id": 1, "tensor": "dec1.weight", "edit": "Gain", "params": {"factor": 1.5}, "amount": 0.5}

What is at its default is left out. ``kernels`` says which of the grid of kernels are changed, where that is not all: a
bit each, row by row, packed by zlib, in base64.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from studio.edits import make_edit
from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.model.declared.numbered import LARGEST_NUMBER
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import EDITS, LiveEdit, LiveEdits, check_edits
from studio.model.networks.network import Network

_MOST = 1024
_Side = Annotated[int, Field(ge=1, le=1 << 20)]


class _Kernels(Part):
    size: tuple[_Side, _Side]
    bits: Annotated[str, Field(max_length=1 << 24)]


class _Edit(Part):
    id: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    tensor: Line
    edit: FileName
    params: dict[Line, Any] = Field(default_factory=dict)
    kernels: _Kernels | None = None
    amount: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    on: bool = True


def _read(found: tuple[_Edit, ...]) -> LiveEdits:
    return tuple(
        LiveEdit(
            e.id,
            e.tensor,
            make_edit(e.edit, e.params),
            None if e.kernels is None else _unpacked(e.kernels, e.id),
            e.amount,
            e.on,
        )
        for e in found
    )


def _written(edits: LiveEdits) -> list[dict[str, Any]]:
    return [_one(each) for each in edits]


def _one(each: LiveEdit) -> dict[str, Any]:
    said: dict[str, Any] = {"id": each.id, "tensor": each.tensor, "edit": type(each.edit).__name__}
    if params := each.edit.model_dump(mode="json", exclude_defaults=True):
        said["params"] = params
    if each.selection is not None:
        said["kernels"] = _packed(each.selection)
    return said | {key: value for key, value in (("amount", each.amount), ("on", each.on)) if value not in (1.0, True)}


def _packed(selection: Selection) -> dict[str, Any]:
    packed = zlib.compress(np.packbits(selection.mask).tobytes(), 6)
    return {"size": list(selection.mask.shape), "bits": base64.b64encode(packed).decode("ascii")}


def _unpacked(said: _Kernels, number: int) -> Selection:
    count = said.size[0] * said.size[1]
    wanted = -(-count // 8)
    try:
        if count > 1 << 28:
            raise StudioError(f"the kernels of live edit {number} are more than any tensor has")
        # No more is unpacked than the grid can have, whatever the file claims.
        data = zlib.decompressobj().decompress(base64.b64decode(said.bits, validate=True), wanted + 1)
    except (binascii.Error, zlib.error) as error:
        raise StudioError(f"the kernels of live edit {number} are damaged ({error})") from error
    if len(data) != wanted:
        raise StudioError(f"the kernels of live edit {number} are not a bit for each of {said.size[0]}×{said.size[1]}")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count)
    return Selection(bits.reshape(said.size).astype(bool))


def _check(edits: LiveEdits, network: Network, where: object) -> None:
    try:
        check_edits(edits, network)
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error


SECTION = SectionFile(EDITS, Annotated[tuple[_Edit, ...], Field(max_length=_MOST)], _read, _written, _check, place=11)
