"""Numbers of the rows and columns of kernels, beside the sheet; a click selects one whole."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from studio.model.edit import Selection
from studio.ui.filters.selecting import combined
from studio.ui.filters.sheet_overlay import Grid, seen_kernels
from studio.ui.kit import theme
from studio.ui.viewport.camera import Camera

LEFT = 30
"""Width of the ruler for rows, in logical pixels."""
TOP = 16
"""Height of the ruler for columns."""

_STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


class RulerDrag:
    """Rows (or columns) being selected from where a ruler was pressed.

    Args:
        before: the selection until then.
        side: "row" or "column".
        grid: rows, columns, kernel height and width.
    """

    def __init__(self, before: Selection, side: str, grid: Grid) -> None:
        self._before = before
        self._across = side == "column"
        self._size = grid[3] if self._across else grid[2]
        self._count = grid[1] if self._across else grid[0]
        self._start: int | None = None

    def to(self, place: tuple[float, float], how: str) -> Selection:
        """The selection with all rows up to a place of the sheet, (y, x); for ``how`` see `selecting.combined`."""
        here = int(place[self._across] // self._size)
        start = self._start = here if self._start is None else self._start
        mask = np.zeros_like(self._before.mask)
        line = mask.T if self._across else mask
        line[max(0, min(start, here)) : min(max(start, here), self._count - 1) + 1] = True
        return combined(self._before, mask, how)


class Rulers:
    """Draws both rulers; channels with a selected kernel are in the accent colour where not all are selected."""

    def draw(
        self, painter: QPainter, camera: Camera, grid: Grid, selection: Selection, size: QSize, scale: float
    ) -> None:
        """Draw them.

        Args:
            painter: in logical pixels.
            camera: where the sheet lies, in pixels of the screen.
            grid: rows, columns, kernel height and width.
            selection: which numbers to stress.
            size: of the whole canvas.
            scale: pixels of the screen in a logical one.
        """
        painter.fillRect(QRectF(0, 0, size.width(), TOP), QColor(theme.PANEL))
        painter.fillRect(QRectF(0, 0, LEFT, size.height()), QColor(theme.PANEL))
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        rows, columns = seen_kernels(camera, grid)
        whole = selection.mask.all()
        chosen = np.atleast_1d(selection.mask.any(axis=1)), np.atleast_1d(selection.mask.any(axis=0))
        pens = QPen(QColor(theme.FAINT)), QPen(QColor(theme.ACCENT))
        tall, wide = grid[2] * camera.zoom / scale, grid[3] * camera.zoom / scale
        for row in _numbers(rows, tall, 13):
            middle = (camera.to_view(0, row * grid[2])[1] + grid[2] * camera.zoom / 2) / scale + TOP
            if middle < TOP + 4:
                continue
            painter.setPen(pens[not whole and bool(chosen[0][row])])
            box = QRectF(0, middle - 7, LEFT - 5, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(row))
        for column in _numbers(columns, wide, 26):
            middle = (camera.to_view(column * grid[3], 0)[0] + grid[3] * camera.zoom / 2) / scale + LEFT
            if middle < LEFT + 4:
                continue
            painter.setPen(pens[not whole and bool(chosen[1][column])])
            painter.drawText(QRectF(middle - 20, 0, 40, TOP), Qt.AlignmentFlag.AlignCenter, str(column))
        painter.fillRect(QRectF(0, 0, LEFT, TOP), QColor(theme.PANEL))


def _numbers(seen: slice, pitch: float, room: float) -> range:
    """Those of the visible rows or columns whose numbers have room."""
    step = next((step for step in _STEPS if step * pitch >= room), _STEPS[-1])
    return range(-(-seen.start // step) * step, seen.stop, step)
