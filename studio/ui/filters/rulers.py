"""Numbers of the rows and columns of kernels, beside the sheet; a click selects one whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from studio.model.filters.edit import Selection
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.cards import Cards
from studio.ui.filters.selecting import combined
from studio.ui.filters.sheet_painter import seen_cells
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
        arrangement: where kernels lie. Of a folded sheet a ruler's line is that of the first block.
    """

    def __init__(self, before: Selection, side: str, arrangement: Arrangement) -> None:
        self._before = before
        self._across = side == "column"
        self._arrangement = arrangement
        self._start: int | None = None

    def to(self, place: tuple[float, float], how: str) -> Selection:
        """The selection with all rows up to a place, (y, x) as laid out; for ``how`` see `selecting.combined`."""
        here = int(place[self._across] // self._arrangement.grid[3 if self._across else 2])
        start = self._start = here if self._start is None else self._start
        if isinstance(self._arrangement, Cards):
            return self._cards_to(self._arrangement, min(start, here), max(start, here), how)
        lines = line_numbers(self._arrangement, self._across)
        some = lines[max(0, min(start, here)) : max(start, here) + 1]
        mask = np.zeros_like(self._before.mask)
        line = mask.T if self._across else mask
        line[some[some >= 0]] = True
        return combined(self._before, mask, how)

    def _cards_to(self, cards: Cards, first: int, last: int, how: str) -> Selection:
        """All filters whose cards lie in these lines of cells."""
        cells = np.zeros(cards.cells, np.bool_)
        (cells.T if self._across else cells)[max(0, first) : last + 1] = True
        touched = cards.kernels_of(cells)
        channels = touched.any(axis=0 if cards.across else 1)
        mask = np.zeros_like(self._before.mask)
        (mask.T if cards.across else mask)[channels] = True
        return combined(self._before, mask, how)


def line_numbers(arrangement: Arrangement, across: bool) -> NDArray[np.int32]:
    """Which column (or row) of the tensor lies in each column (or row) of cells, -1 for none: of the first block."""
    if across:
        blank = arrangement.blank[0]
        return np.asarray(np.where(blank, -1, arrangement.columns[0]), np.int32)
    return arrangement.rows[:, 0]


class Rulers:
    """Draws both rulers; channels with a selected kernel are in the accent colour where not all are selected."""

    def draw(
        self,
        painter: QPainter,
        camera: Camera,
        arrangement: Arrangement,
        selection: Selection,
        size: QSize,
        scale: float,
    ) -> None:
        """Draw them.

        Args:
            painter: in logical pixels.
            camera: where the sheet lies, in pixels of the screen.
            arrangement: where kernels lie.
            selection: which numbers to stress.
            size: of the whole canvas.
            scale: pixels of the screen in a logical one.
        """
        painter.fillRect(QRectF(0, 0, size.width(), TOP), QColor(theme.PANEL))
        painter.fillRect(QRectF(0, 0, LEFT, size.height()), QColor(theme.PANEL))
        if isinstance(arrangement, Cards):
            return  # they have their numbers on them
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        grid, (rows, columns) = arrangement.grid, seen_cells(camera, arrangement)
        row_of, column_of = line_numbers(arrangement, False), line_numbers(arrangement, True)
        whole = selection.mask.all()
        chosen = np.atleast_1d(selection.mask.any(axis=1)), np.atleast_1d(selection.mask.any(axis=0))
        pens = QPen(QColor(theme.FAINT)), QPen(QColor(theme.ACCENT))
        tall, wide = grid[2] * camera.zoom / scale, grid[3] * camera.zoom / scale
        for row in _numbers(rows, row_of, tall, 13):
            middle = _in_view(camera.to_view(0, row * grid[2])[1] / scale, tall, 6)
            if middle is None:
                continue
            middle += TOP
            painter.setPen(pens[not whole and bool(chosen[0][row_of[row]])])
            box = QRectF(0, middle - 7, LEFT - 5, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(row_of[row]))
        for column in _numbers(columns, column_of, wide, 26):
            middle = _in_view(camera.to_view(column * grid[3], 0)[0] / scale, wide, 5)
            if middle is None:
                continue
            middle += LEFT
            painter.setPen(pens[not whole and bool(chosen[1][column_of[column]])])
            painter.drawText(QRectF(middle - 20, 0, 40, TOP), Qt.AlignmentFlag.AlignCenter, str(column_of[column]))
        painter.fillRect(QRectF(0, 0, LEFT, TOP), QColor(theme.PANEL))


def _in_view(start: float, pitch: float, room: float) -> float | None:
    """Where the number of a line is centred that begins there: a narrow one's so far in that the corner leaves it
    whole; None where the line is cut off.
    """
    middle = start + pitch / 2
    if middle >= 4:
        return middle
    return room if start > -0.5 else None


def _numbers(seen: slice, lines: NDArray[np.int32], pitch: float, room: float) -> list[int]:
    """Those of the visible rows or columns whose numbers have room: round ones, in every block, where they rise."""
    step = next((step for step in _STEPS if step * pitch >= room), _STEPS[-1])
    there = lines[lines >= 0]
    at = lines if (np.diff(there) <= 1).all() else np.arange(len(lines))
    return [line for line in range(seen.start, seen.stop) if lines[line] >= 0 and at[line] % step == 0]
