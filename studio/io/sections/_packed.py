"""Painted numbers in JSON: float32, packed by zlib, in base64."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import Part
from studio.model.networks.shape import Array

_LARGEST_SIDE = 1 << 17
_MOST = 1 << 26

_Side = Annotated[int, Field(ge=1, le=_LARGEST_SIDE)]


class Packed(Part):
    """A sheet as JSON holds it: its height and width, and its values row by row."""

    size: tuple[_Side, _Side]
    values: Annotated[str, Field(max_length=1 << 27)]


def packed(sheet: Array) -> dict[str, Any]:
    """(height, width) float32 as JSON holds it."""
    data = zlib.compress(np.ascontiguousarray(sheet, "<f4").tobytes(), 6)
    return {"size": list(sheet.shape), "values": base64.b64encode(data).decode("ascii")}


def unpacked(said: Packed, what: str) -> Array:
    """(height, width) float32; StudioError, beginning with ``what``, where the values are damaged."""
    height, width = said.size
    if height * width > _MOST:
        raise StudioError(f"{what} of {height}×{width} values is larger than any sheet")
    wanted = 4 * height * width
    try:
        # No more is unpacked than there can be, whatever the file claims.
        data = zlib.decompressobj().decompress(base64.b64decode(said.values, validate=True), wanted + 1)
    except (binascii.Error, zlib.error) as error:
        raise StudioError(f"{what} is damaged ({error})") from error
    if len(data) != wanted:
        raise StudioError(f"{what} does not hold {height}×{width} values")
    return np.frombuffer(data, "<f4").reshape(height, width).astype(np.float32)
