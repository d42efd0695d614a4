"""Bars along a filter sheet: how much the picture changes when a row's, or a column's, channel is taken out.

They lie in the rulers, behind the numbers, and in the blank lines between the blocks of a folded sheet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter

from studio.model.networks.shape import Array
from studio.ui.filters.arrangement import Arrangement, Numbers
from studio.ui.filters.rulers import LEFT, TOP
from studio.ui.kit import theme
from studio.ui.services.effects import shares
from studio.ui.viewport.camera import Camera

_DENSE = 110
_LEAST = 1.0


class EffectBars:
    """Draws them for one arrangement.

    Args:
        painter: in logical pixels.
        camera: where the sheet lies, in pixels of the screen.
        arrangement: where kernels lie.
        size: of the whole canvas.
        scale: pixels of the screen in a logical one.
    """

    def __init__(self, painter: QPainter, camera: Camera, arrangement: Arrangement, size: QSize, scale: float) -> None:
        self._painter, self._camera, self._arrangement = painter, camera, arrangement
        self._size, self._scale = size, scale
        self._colour = QColor(theme.ACCENT)
        self._colour.setAlpha(_DENSE)

    def draw(self, rows: Array | None, columns: Array | None) -> None:
        """Draw the effects of rows and of columns; None for those that have none."""
        for values, across in ((rows, False), (columns, True)):
            if values is not None:
                parts = shares(values)
                for numbers, strip in self._strips(across):
                    self._draw_strip(parts, numbers, strip, across)

    def _strips(self, across: bool) -> Iterator[tuple[Numbers, tuple[float, float]]]:
        """The row (or column) in each line of cells, and where its bars lie: from, to, in logical pixels."""
        arrangement, blank = self._arrangement, self._arrangement.blank

        def numbers(line: int) -> Numbers:
            """Of one line of cells; there may be a million in all."""
            of = (arrangement.columns if across else arrangement.rows, blank)
            found, is_blank = (each[line] if across else each[:, line] for each in of)
            return np.asarray(np.where(is_blank, -1, found), np.int32)

        yield numbers(0), ((0.0, TOP - 1.0) if across else (0.0, LEFT - 1.0))
        if arrangement.blocks == 1 or arrangement.across == across:
            return
        # What lies between the blocks is a blank line of cells, and the block follows.
        between = blank[:, 0] if across else blank[0]
        kernel = arrangement.grid[2 if across else 3]
        for line in np.flatnonzero(between[:-1] & ~between[1:]):
            begin, end = (self._at(float(k * kernel), across) for k in (line, line + 1))
            yield numbers(int(line) + 1), (begin, end)

    def _at(self, place: float, down: bool) -> float:
        """A place of the sheet in logical pixels of the canvas."""
        x, y = self._camera.to_view(place, place)
        return y / self._scale + TOP if down else x / self._scale + LEFT

    def _draw_strip(self, parts: Array, numbers: Numbers, strip: tuple[float, float], across: bool) -> None:
        begin, end = strip
        kernel = self._arrangement.grid[3 if across else 2]
        pitch = kernel * self._camera.zoom / self._scale
        start = self._at(0.0, not across)
        edge, limit = (LEFT, self._size.width()) if across else (TOP, self._size.height())
        bars = []
        for line in np.flatnonzero(numbers >= 0):
            at = start + float(line) * pitch
            if at + pitch <= edge or at >= limit:
                continue
            long = float(parts[numbers[line]]) * (end - begin)
            thick = max(_LEAST, pitch - (1.0 if pitch >= 4 else 0.0))
            top = max(at, edge)
            thick = at + thick - top
            bars.append(QRectF(top, end - long, thick, long) if across else QRectF(end - long, top, long, thick))
        for bar in bars:
            self._painter.fillRect(bar, self._colour)
