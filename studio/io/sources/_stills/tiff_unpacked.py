"""Values of a TIFF that tifffile alone does not unpack: by libtiff, which Pillow brings, as rows of bytes.

Each strip or tile becomes a picture of greys as wide as a row has bytes, which every compression without loss can be.
What the bytes are is worked out here: differences, and numbers of any bits. Source: TIFF 6.0, sections 9, 13 and 14;
Adobe, TIFF Technical Note 3.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._files.pillow import open_picture

LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""TIFF's numbers for no compression, LZW, Deflate (both), PackBits, LZMA and Zstandard."""
_DIFFERENCES, _OF_FLOATS = 2, 3
_INTEGER, _FLOAT = 1, 3
_LOWEST_FIRST = 2
_MOST_BITS = 32
# Rows at once of which numbers of odd bits are put together.
_ROWS = 64


def unpacked(page: Any, data: bytes) -> NDArray[Any]:
    """The values of a page of a TIFF.

    Args:
        page: tifffile's.
        data: content of the file.

    Returns:
        (H, W, C) unsigned integers, of as many bits as the file has, or floats.

    Raises:
        ValueError: where they are packed in another way, or damaged.
    """
    bits, kind = int(page.bitspersample), int(page.sampleformat)
    whole = kind == _FLOAT and bits in (16, 32, 64)
    if int(page.compression) not in LOSSLESS or not (whole or (kind == _INTEGER and bits <= _MOST_BITS)):
        raise ValueError("it is packed in another way")
    is_apart, channels = int(page.planarconfig) == 2, int(page.samplesperpixel)
    within = 1 if is_apart else channels
    down, across = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    down = min(int(down), int(page.imagelength)) if not page.is_tiled else int(down)
    made: NDArray[Any] | None = None
    columns = -(-page.imagewidth // across)
    rows = -(-page.imagelength // down)
    for number, (place, count) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        plane, place_in = divmod(number, rows * columns)
        row, column = divmod(place_in, columns)
        high = down if page.is_tiled else min(down, page.imagelength - row * down)
        part = _part(page, data[place : place + count], (high, across, within), bits)
        if made is None:
            made = np.zeros((page.imagelength, page.imagewidth, channels), part.dtype)
        at = made[row * down : row * down + high, column * across : (column + 1) * across]
        first = plane if is_apart else 0
        at[:, :, first : first + within] = part[: at.shape[0], : at.shape[1]]
    if made is None:
        raise ValueError("it has no parts")
    return made


def _part(page: Any, packed: bytes, shape: tuple[int, int, int], bits: int) -> NDArray[Any]:
    """Values of one strip or tile."""
    high, across, within = shape
    length = -(-across * within * bits // 8)
    stored = _bytes(packed, int(page.compression), int(page.fillorder), high, length)
    predictor, order = int(page.predictor), page.parent.byteorder
    if predictor == _OF_FLOATS:
        size = bits // 8
        # Bytes of all values that weigh alike stand together, each as the difference from that of the value before.
        sums = np.cumsum(stored.reshape(high, -1, within), axis=1, dtype=np.uint8).reshape(high, size, -1)
        return np.ascontiguousarray(sums.transpose(0, 2, 1)).view(f">f{size}").reshape(shape)
    if bits in (8, 16, 32, 64):
        # Differences of floats, too, are those of the integers that their bits are.
        values = stored.view(f"{order}u{bits // 8}").reshape(shape).astype(f"u{bits // 8}")
        values = np.cumsum(values, axis=1, dtype=values.dtype) if predictor == _DIFFERENCES else values
        return values.view(f"f{bits // 8}") if int(page.sampleformat) == _FLOAT else values
    if predictor == _DIFFERENCES:
        raise ValueError("it holds differences of numbers that fill no bytes")
    if bits == 24 and order == "<":
        # The only ones that fill no number of a processor, but whole bytes.
        stored = stored.reshape(high, -1, 3)[:, :, ::-1].reshape(high, -1)
    return _of_bits(stored, bits, across * within).reshape(shape)


def _of_bits(stored: NDArray[np.uint8], bits: int, many: int) -> NDArray[np.unsignedinteger]:
    """The first numbers of each row, one behind the other, the highest bit first."""
    begins = np.arange(many) * bits
    # How many bytes one may lie in.
    span = (bits + 14) // 8
    shifts, mask = (8 * span - bits - begins % 8).astype(np.uint64), np.uint64((1 << bits) - 1)
    padded = np.pad(stored, ((0, 0), (0, span)))
    made = np.empty((len(stored), many), np.uint8 if bits < 8 else np.uint16 if bits < 16 else np.uint32)
    for first in range(0, len(stored), _ROWS):
        rows = padded[first : first + _ROWS]
        whole = np.zeros((len(rows), many), np.uint64)
        for step in range(span):
            whole = whole << np.uint64(8) | rows[:, begins // 8 + step]
        made[first : first + _ROWS] = whole >> shifts & mask
    return made


@cache
def _mirrored() -> NDArray[np.uint8]:
    """Each byte with its bits the other way round."""
    return np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8), bitorder="little"))


def _bytes(packed: bytes, compression: int, order: int, high: int, length: int) -> NDArray[np.uint8]:
    """(high, length) uint8 of what is packed."""
    if compression == 1:
        if len(packed) < high * length:
            raise ValueError("it is cut off")
        stored = np.frombuffer(packed, np.uint8, high * length).reshape(high, length)
        return _mirrored().take(stored) if order == _LOWEST_FIRST else stored
    tags = (
        (256, 4, length), (257, 4, high), (258, 3, 8), (259, 3, compression), (262, 3, 1), (266, 3, order),
        (273, 4, 8), (277, 3, 1), (278, 4, high), (279, 4, len(packed)), (317, 3, 1),
    )  # fmt: skip
    listed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    start = 8 + len(packed) + len(packed) % 2
    head = b"II*\0" + struct.pack("<I", start) + packed + bytes(len(packed) % 2)
    try:
        with open_picture(head + struct.pack("<H", len(tags)) + listed + bytes(4), ("TIFF",)) as picture:
            return np.array(picture, np.uint8).reshape(high, length)
    except Exception as error:
        raise ValueError("it is damaged") from error
