"""TGA pictures whose opacity FFmpeg passes over, or takes from what is none.

Source: Truevision TGA File Format Specification 2.0, fields 5.6 and 24 (attributes type).
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from studio.io.sources._colours.screens import Colours
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._still import Still
from studio.io.sources._stills.odd_tiff import divided
from studio.io.sources.base import Reading, undecodable

_FOOTER, _MARK = 26, b"TRUEVISION-XFILE."
# What a kind has more where its pixels stand in runs.
_PACKED = 8
_ATTRIBUTES, _OPACITY, _MULTIPLIED = 494, 3, 4


def read_tga(path: Path, data: bytes, way: Reading) -> Still:
    """Decode a TGA of greys with opacity, or of colours of 32 bits.

    Args:
        path: of the file, for messages.
        data: its content.
        way: how it is read.

    Raises:
        StudioError: when it is damaged.
    """
    try:
        values = _by_pillow(data)
    except Exception as error:
        if data[2] < _PACKED:
            raise undecodable(path) from error
        try:
            values = _by_pillow(_unpacked(data))
        except Exception as still:
            raise undecodable(path) from still
    said = _said(data)
    # Many writers say nothing of opacity and store it all the same; a picture of which nothing is seen is none.
    is_none = said not in (None, _OPACITY, _MULTIPLIED) or (not data[17] & 15 and not values[:, :, 3].any())
    if is_none:
        values = values[:, :, :3]
    elif said == _MULTIPLIED:
        values = np.dstack([divided(values[:, :, :3], values[:, :, 3]), values[:, :, 3]])
    return Still(rgb_of(values, Colours(), way.tone_map))


def _by_pillow(data: bytes) -> np.ndarray:
    """(H, W, 4); it raises exceptions of many kinds."""
    with open_picture(data, ("TGA",)) as image:
        return np.array(image.convert("RGBA"))


def _unpacked(data: bytes) -> bytes:
    """The same picture without its runs: old writers let them go on from row to row, which Pillow does not read."""
    count, entry, across, down, bits = struct.unpack_from("<5xHB4xHHB", data)
    place, width = 18 + data[0] + count * entry // 8, bits // 8
    head, length, pixels = data[:2] + bytes([data[2] - _PACKED]) + data[3:place], across * down * width, bytearray()
    while len(pixels) < length:
        many = (data[place] & 127) + 1
        is_run, place = data[place] > 127, place + 1
        taken = width if is_run else width * many
        pixels += data[place : place + taken] * (many if is_run else 1)
        place += taken
    return head + pixels[:length]


def _said(data: bytes) -> int | None:
    """What the file says that its fourth channel is; None where it says nothing."""
    footer = data[-_FOOTER:]
    place = struct.unpack_from("<I", footer)[0] if _MARK in footer else 0
    return data[place + _ATTRIBUTES] if 0 < place < len(data) - _ATTRIBUTES else None
