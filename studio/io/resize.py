"""Pictures at another size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.io._dealt import dealt, several
from studio.model.declared.size import Size

P = TypeVar("P", bound=NDArray[np.uint8 | np.uint16])


def resized(picture: P, size: Size, enlarge: Literal["cubic", "linear"] = "cubic") -> P:
    """The picture, of 8 or 16 bits, at another size; the same array when it has that one.

    Averaged when neither side grows, else interpolated: "cubic" is sharper, "linear" cheaper and without overshoot.
    """
    if picture.shape[:2] == size:
        return picture
    import cv2  # 0.1 s that `studio --help` need not wait

    shrinks = picture.shape[0] >= size.height and picture.shape[1] >= size.width
    # INTER_AREA degenerates to nearest-neighbour blocks when enlarging.
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC if enlarge == "cubic" else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(picture, size.wh, interpolation=method), picture.dtype)  # type: ignore[return-value]


def all_resized(pictures: Iterable[P], own: Size, size: Size) -> Iterator[P]:
    """Pictures of one size at another, several at once; some more than are asked for are made ahead.

    Args:
        pictures: of 8 or 16 bits.
        own: their size.
        size: the one wanted.
    """
    count = 1 if own == size else several(Size(max(own.height, size.height), max(own.width, size.width)))
    return dealt(pictures, [partial(resized, size=size)] * count, "resize")


def letterboxed(picture: P, size: Size) -> P:
    """The picture at another size: as large as fits, in the middle, black around it where proportions differ."""
    own = Size.of(picture)
    scale = min(size.height / own.height, size.width / own.width)
    inner = Size(max(1, round(own.height * scale)), max(1, round(own.width * scale)))
    # A bar of one pixel is rounding, not another shape.
    if abs(inner.height - size.height) <= 1 and abs(inner.width - size.width) <= 1:
        return resized(picture, size)
    found = np.zeros((*size, 3), picture.dtype)
    top, left = (size.height - inner.height) // 2, (size.width - inner.width) // 2
    found[top : top + inner.height, left : left + inner.width] = resized(picture, inner)
    return found  # type: ignore[return-value]
