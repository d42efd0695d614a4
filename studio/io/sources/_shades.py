"""Films of other primaries than BT.709's and an ordinary curve, as all that state BT.601 are: by tables, for speed."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._primaries import to_bt709
from studio.model.picture import DeepPicture

SCREEN_GAMMA = 2.4
# Rows at once, so that their light stays in the processor's caches.
_ROWS = 16


def in_bt709(values: DeepPicture, primaries: int) -> DeepPicture:
    """RGB in BT.709's primaries, within a level of what exact powers give.

    Args:
        values: (H, W, 3) uint8 or uint16, with the curve of screens.
        primaries: H.273's number of theirs.
    """
    import cv2

    top = int(np.iinfo(values.dtype).max)
    matrix, (light_of, value_of) = to_bt709(primaries), _tables(top)
    made = np.empty(values.shape, values.dtype)
    for first in range(0, len(values), _ROWS):
        rows = np.ascontiguousarray(values[first : first + _ROWS])
        light = cv2.LUT(rows, light_of) if top == 255 else light_of.take(rows)
        light = np.maximum(cv2.transform(light, matrix), 0.0)
        # Fourth roots have enough places near black. What exceeds the largest number becomes that.
        roots = cv2.sqrt(cv2.sqrt(light))
        places = cv2.multiply(roots, 65535.0, dtype=cv2.CV_16U)  # type: ignore[call-overload]  # it takes a number, too
        made[first : first + _ROWS] = value_of.take(places)
    return made


@cache
def _tables(top: int) -> tuple[NDArray[np.float32], NDArray[np.unsignedinteger]]:
    """Light from 0 to 1 of each value, and the values of 65,536 fourth roots of light."""
    light = np.asarray((np.arange(top + 1) / top) ** SCREEN_GAMMA, np.float32)
    values = np.rint((np.arange(65536) / 65535) ** (4 / SCREEN_GAMMA) * top)
    return light, values.astype(np.uint8 if top == 255 else np.uint16)
