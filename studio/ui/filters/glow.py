"""What was touched lately: it glows, and fades."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.layout import Rect
from studio.ui.filters.arrangement import Arrangement
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
        self._until = -np.inf

    @property
    def lasts(self) -> bool:
        """Whether something glows still."""
        return self._clock() < self._until

    def forget(self, cells: tuple[int, int]) -> None:
        """Nothing glows, and there are so many rows and columns of cells."""
        self._at = np.full(cells, -np.inf)
        self._until = -np.inf

    def touch(self, arrangement: Arrangement, rect: Rect) -> None:
        """A rectangle of the tensor's own sheet was touched."""
        now = self._clock()
        self._at[arrangement.cells_of(rect)] = now
        self._until = now + SECONDS

    def draw(self, painter: QPainter, target: QRectF, rows: slice, columns: slice) -> None:
        """Lighten the cells of these rows and columns, which fill the target."""
        age = (self._clock() - self._at[rows, columns]) / SECONDS
        if not (age < 1).any():
            return
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
        painter.drawImage(target, lightened)
