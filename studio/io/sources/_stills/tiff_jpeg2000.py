"""TIFFs whose strips or tiles are JPEG 2000: slides of microscopes, maps. OpenCV's OpenJPEG decodes each.

dataoffsets    tile 0 | tile 1 | ...    each a codestream of its own: row by row, at the edges as large as inside
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

JPEG2000 = (33003, 33005, 34712)
"""Compressions: Aperio's of luma and chroma, Aperio's of RGB, and everyone's."""
_LUMA_AND_CHROMA = 33003
_START = b"\xff\x4f\xff\x51"


def read_jpeg2000(page: Any, data: bytes) -> np.ndarray:
    """The values of a page, (H, W, C).

    Args:
        page: tifffile's `TiffPage`.
        data: content of the file.

    Raises:
        ValueError: where a piece of it cannot be decoded or has another shape than is said.
    """
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        raise ValueError("its channels lie apart")
    height, width, channels = page.imagelength, page.imagewidth, page.samplesperpixel
    tall, wide = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, width)
    across = -(-width // wide)
    found = np.zeros((height, width, channels), page.dtype)
    for number, (at, length) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        if not length:
            continue  # nothing was seen there
        coded = data[at : at + length]
        if not 0 < _claimed(coded) <= max(tall * wide, 1 << 16):
            raise ValueError(f"its tile {number} claims to be larger than the file says")
        piece = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_UNCHANGED)
        if piece is None or piece.dtype != found.dtype:
            raise ValueError(f"its tile {number} cannot be decoded")
        piece = piece[:, :, None] if piece.ndim == 2 else piece[:, :, [2, 1, 0, *range(3, piece.shape[2])]]
        top, left = number // across * tall, number % across * wide
        place = found[top : top + tall, left : left + wide]
        if piece.shape[2] != channels or piece.shape[0] < place.shape[0] or piece.shape[1] < place.shape[1]:
            raise ValueError(f"its tile {number} has another shape than the file says")
        place[:] = piece[: place.shape[0], : place.shape[1]]
    if page.compression == _LUMA_AND_CHROMA and channels == 3 and found.dtype == np.uint8:
        return np.asarray(cv2.cvtColor(found[:, :, [0, 2, 1]], cv2.COLOR_YCrCb2RGB))
    return found


def _claimed(coded: bytes) -> int:
    """The pixels that a codestream says it has; 0 where it is none. Memory is taken by that before it is decoded."""
    at = coded.find(_START)
    if at < 0 or len(coded) < at + 24:
        return 0
    right, bottom, left, top = struct.unpack_from(">4I", coded, at + len(_START) + 4)
    return (right - left) * (bottom - top) if right > left and bottom > top else 0
