"""Values of a TIFF that tifffile alone does not unpack: by libtiff, which Pillow brings, as rows of bytes.

Each strip or tile becomes a picture of greys as wide as a row has bytes, which every compression without loss can be.
What the bytes are is worked out here: differences, and numbers of any bits. Source: TIFF 6.0, sections 9, 13 and 14;
Adobe, TIFF Technical Note 3.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._pillow import open_picture

LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""TIFF's numbers for no compression, LZW, Deflate (both), PackBits, LZMA and Zstandard."""
_DIFFERENCES, _OF_FLOATS = 2, 3
_INTEGER, _FLOAT = 1, 3
_MOST_BITS = 32


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
        letter = "f" if int(page.sampleformat) == _FLOAT else "u"
        values = stored.view(f"{order}{letter}{bits // 8}").reshape(shape)
        native = values.astype(values.dtype.newbyteorder("="))
        return np.cumsum(native, axis=1, dtype=native.dtype) if predictor == _DIFFERENCES else native
    if predictor == _DIFFERENCES:
        raise ValueError("it holds differences of numbers that fill no bytes")
    ones = np.unpackbits(stored, axis=1)[:, : across * within * bits].reshape(high, -1, bits)
    weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint32)
    kind = np.uint8 if bits < 8 else np.uint16 if bits < 16 else np.uint32
    return np.asarray((ones.astype(np.uint32) @ weights).astype(kind)).reshape(shape)


def _bytes(packed: bytes, compression: int, order: int, high: int, length: int) -> NDArray[np.uint8]:
    """(high, length) uint8 of what is packed."""
    if compression == 1:
        if len(packed) < high * length:
            raise ValueError("it is cut off")
        return np.frombuffer(packed, np.uint8, high * length).reshape(high, length)
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
