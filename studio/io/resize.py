"""Pictures at another size."""

from __future__ import annotations

from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

P = TypeVar("P", bound=NDArray[np.uint8 | np.uint16])


def resized(picture: P, size: tuple[int, int], enlarge: Literal["cubic", "linear"] = "cubic") -> P:
    """The picture, of 8 or 16 bits, at (height, width), the same array when it has that size.

    Averaged when neither side grows, else interpolated: "cubic" is sharper, "linear" cheaper and without overshoot.
    """
    if picture.shape[:2] == size:
        return picture
    import cv2  # 0.1 s that `studio --help` need not wait

    height, width = size
    shrinks = picture.shape[0] >= height and picture.shape[1] >= width
    # INTER_AREA degenerates to nearest-neighbour blocks when enlarging.
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC if enlarge == "cubic" else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(picture, (width, height), interpolation=method), picture.dtype)  # type: ignore[return-value]
