"""What was touched lately: it glows, and fades."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.filters.edit import Mask
from studio.model.networks.layout import Rect
from studio.ui.filters.arrangement import Arrangement, Box
from studio.ui.kit.images import Format, image_over

SECONDS = 1.4
"""So long it is seen."""
_STRONGEST = 210


class Glow:
    """When each cell was touched.

    Args:
        clock: seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: NDArray[np.float64] = np.full((1, 1), -np.inf)
        self._box = (0, 0, 0, 0)
        self._until = -np.inf

    @property
    def lasts(self) -> bool:
        """Whether something glows still."""
        return self._clock() < self._until

    def forget(self, cells: tuple[int, int]) -> None:
        """Nothing glows, and there are so many rows and columns of cells."""
        self._at = np.full(cells, -np.inf)
        self._until = -np.inf

    @property
    def box(self) -> Box:
        """The cells around all that glows, or did last."""
        return self._box

    def touch(self, arrangement: Arrangement, rect: Rect) -> None:
        """A rectangle of the tensor's own sheet was touched."""
        box = arrangement.around(rect)
        if box is None:
            return
        self._at[arrangement.cells_of(rect)] = self._clock()
        self._reach(box)

    def touch_cells(self, cells: Mask) -> None:
        """These cells were touched, (R, C)."""
        down, across = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        if len(down):
            self._at[cells] = self._clock()
            self._reach((int(down[0]), int(down[-1]) + 1, int(across[0]), int(across[-1]) + 1))

    def _reach(self, box: Box) -> None:
        # Of a million cells only those around the touched ones are looked at.
        self._box = _around_both(self._box, box) if self.lasts else box
        self._until = self._clock() + SECONDS

    def draw(self, painter: QPainter, target: QRectF, rows: slice, columns: slice) -> None:
        """Lighten the cells of these rows and columns, which fill the target."""
        top, bottom = max(rows.start, self._box[0]), min(rows.stop, self._box[1])
        left, right = max(columns.start, self._box[2]), min(columns.stop, self._box[3])
        if not self.lasts or top >= bottom or left >= right:
            return
        age = (self._clock() - self._at[top:bottom, left:right]) / SECONDS
        alpha = (_STRONGEST * np.clip(1 - age, 0, 1) ** 1.5).astype(np.uint8)
        alpha = np.ascontiguousarray(alpha)
        image = image_over(alpha, Format.Format_Alpha8)
        # Of an alpha alone the colour is black; white is what lightens.
        lightened = QImage(image.size(), Format.Format_ARGB32_Premultiplied)
        lightened.fill(0xFFFFFFFF)
        veil = QPainter(lightened)
        veil.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        veil.drawImage(0, 0, image)
        veil.end()
        tall, wide = target.height() / (rows.stop - rows.start), target.width() / (columns.stop - columns.start)
        x, y = target.left() + (left - columns.start) * wide, target.top() + (top - rows.start) * tall
        painter.drawImage(QRectF(x, y, (right - left) * wide, (bottom - top) * tall), lightened)


def _around_both(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])
