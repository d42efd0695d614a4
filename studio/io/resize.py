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


def letterboxed(picture: P, size: tuple[int, int]) -> P:
    """The picture at (width, height): as large as fits, in the middle, black around it where proportions differ."""
    width, height = size
    rows, columns = picture.shape[:2]
    scale = min(height / rows, width / columns)
    inner = max(1, round(rows * scale)), max(1, round(columns * scale))
    # A bar of one pixel is rounding, not another shape.
    if abs(inner[0] - height) <= 1 and abs(inner[1] - width) <= 1:
        return resized(picture, (height, width))
    found = np.zeros((height, width, 3), picture.dtype)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    found[top : top + inner[0], left : left + inner[1]] = resized(picture, inner)
    return found  # type: ignore[return-value]
