"""Icons and cursors of Windows (.ico, .cur), and icons of macOS (.icns): the largest picture in them.

An icon is a picture with a mask of one bit behind it, set where nothing is to be seen. FFmpeg passes over the mask.

Source: Microsoft, `ICONDIR` and `BITMAPINFOHEADER`.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colours.screens import Colours
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._still import Still
from studio.io.sources.base import Reading, check_size, undecodable
from studio.model.declared.size import Size

_ENTRY, _PNG, _BITFIELDS = 16, b"\x89PNG\r\n\x1a\n", 3


def read_icon(path: Path, data: bytes, way: Reading) -> Still:
    """Decode the largest picture of an icon; of several as large the one of the most bits.

    Args:
        path: of the file, for messages.
        data: its content.
        way: how it is read.

    Raises:
        StudioError: when none can be decoded, or it is too large.
    """
    try:
        values = _by_pillow(path, data, "ICNS") if data.startswith(b"icns") else _largest(path, data)
    except (struct.error, ValueError, IndexError) as error:
        raise undecodable(path) from error
    return Still(rgb_of(values, Colours(), way.tone_map))


def _largest(path: Path, data: bytes) -> NDArray[np.uint8]:
    (count,) = struct.unpack_from("<H", data, 4)
    found = list[tuple[int, int, int, int]]()
    for number in range(count):
        across, down, length, place = struct.unpack_from("<BB6xII", data, 6 + _ENTRY * number)
        found.append((_side(across) * _side(down), _bits(data[place : place + min(length, _ENTRY)]), place, length))
    # All of a part is taken of one alone: each may claim to be as long as the file.
    *_, place, length = max(found, key=lambda each: each[:2])
    part = data[place : place + length]
    return _by_pillow(path, part, "PNG") if part.startswith(_PNG) else _bitmap(path, part)


def _side(stored: int) -> int:
    return stored or 256


def _bits(part: bytes) -> int:
    return 32 if part.startswith(_PNG) else int.from_bytes(part[14:16], "little")


def _bitmap(path: Path, part: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) of a bitmap that is said to be twice as high as it is, for the mask behind it."""
    length, across, down, _, bits, packing = struct.unpack_from("<IiiHHI", part)
    (colours,) = struct.unpack_from("<I", part, 32)
    size = Size(abs(down) // 2, across)
    check_size(size, path)
    begins = length + (12 if packing == _BITFIELDS and length == 40 else 0)
    begins += 4 * (colours or 1 << bits if bits <= 8 else colours)
    row = (across * bits + 31) // 32 * 4
    head = b"BM" + struct.pack("<IHHI", 14 + len(part), 0, 0, 14 + begins)
    lower = part[:8] + struct.pack("<i", down // 2) + part[12:]
    values = _by_pillow(path, head + lower, "BMP")
    if bits == 32:
        pixels = np.frombuffer(part, np.uint8, 4 * size.pixels, begins)
        values[:, :, 3] = _upright(pixels.reshape(*size, 4), down)[:, :, 3]
    if bits != 32 or not values[:, :, 3].any():
        wide = (across + 31) // 32 * 4
        # Some writers fill up none of its rows, or leave it out: what is missing hides nothing.
        behind = part[begins + row * size.height :][: wide * size.height].ljust(wide * size.height, b"\0")
        mask = np.frombuffer(behind, np.uint8)
        hidden = np.unpackbits(mask.reshape(size.height, wide), axis=1)[:, :across]
        values[:, :, 3] = 255 * (1 - _upright(hidden, down))
    return values


def _upright(values: NDArray[np.uint8], down: int) -> NDArray[np.uint8]:
    """Rows from the top down: they are stored from the bottom up, but where the height is negative."""
    return values if down < 0 else values[::-1]


def _by_pillow(path: Path, data: bytes, kind: str) -> NDArray[np.uint8]:
    """(H, W, 4).

    Raises:
        ValueError: where it cannot be decoded.
    """
    try:
        image = open_picture(data, (kind,))
    except Exception as error:
        raise ValueError("it is damaged") from error
    with image:
        check_size(Size.from_wh(image.size[:2]), path)
        try:
            return np.array(image.convert("RGBA"))
        except Exception as error:
            raise ValueError("it is damaged") from error
