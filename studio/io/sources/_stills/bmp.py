"""Bitmaps of 16 bits a pixel with a mask for each colour: readers know few masks, and none of opacity.

Source: Microsoft, BITMAPINFOHEADER and BITMAPV4HEADER.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

# The first header with a mask for opacity, and where the masks stand in all of them.
_WITH_OPACITY, _MASKS = 56, 54
_MASKED = (3, 6)


def masked(data: bytes) -> NDArray[np.uint8] | None:
    """(H, W, 3 | 4) RGB, the fourth opacity; None of any other bitmap, and of one that is cut off."""
    try:
        start, length, across, down = struct.unpack_from("<IIii", data, 10)
        bits, kind = struct.unpack_from("<HI", data, 28)
        masks = struct.unpack_from(f"<{4 if length >= _WITH_OPACITY else 3}I", data, _MASKS)
        if length < 40 or bits != 16 or kind not in _MASKED or not all(0 < mask < 1 << 16 for mask in masks[:3]):
            return None
        wide = (across + 1) // 2 * 2
        rows = np.frombuffer(data, "<u2", abs(down) * wide, start).reshape(abs(down), wide)[:, :across]
    except (struct.error, ValueError):
        return None
    # Rows stand from the lowest up, unless their number is negative.
    return np.dstack([_part(rows, mask) for mask in masks if 0 < mask < 1 << 16])[:: -1 if down > 0 else 1]


def _part(rows: NDArray[np.uint16], mask: int) -> NDArray[np.uint8]:
    least = mask & -mask
    full = mask // least
    return np.asarray(((rows & np.uint16(mask)).astype(np.uint32) // least * 255 + full // 2) // full, np.uint8)
