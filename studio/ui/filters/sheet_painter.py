"""How the stage is drawn: cells, weights, numbers, what is selected, what was touched; in pixels of the screen.

How large a kernel is decides what is seen of it, each depth fading into the next::

    under 6      one cell a kernel: its size, blue or orange by the sign of its mean
    6 to 10      both
    from 10 on   every weight; lines between kernels
    weights of 44 pixels and more have their number
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from studio.model.filters.edit import Mask
from studio.model.networks.shape import Array
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.laid_sheet import LaidSheet
from studio.ui.kit import theme
from studio.ui.kit.images import Format, image_over
from studio.ui.viewport.camera import Camera

WHOLE, APART = 6.0, 10.0
"""Logical pixels of a kernel up to which it is one cell, and from which on it is its weights."""
NUMBERS = 44.0
"""Logical pixels of a weight from which on its number is written on it."""
_LINES = 14.0
MOST_EDGES = 4000
_SHADE = QColor(14, 15, 17, 150)
_LINE = QColor(96, 102, 112, 150)


def seen_cells(camera: Camera, arrangement: Arrangement) -> tuple[slice, slice]:
    """The rows and columns of cells that the view shows some of."""
    left, top = camera.origin
    _, _, kh, kw = arrangement.grid
    rows, columns = arrangement.cells
    return (
        _seen(top, camera.view.height / camera.zoom, kh, rows),
        _seen(left, camera.view.width / camera.zoom, kw, columns),
    )


def target_of(camera: Camera, arrangement: Arrangement, rows: slice, columns: slice) -> QRectF:
    """Where in the view these rows and columns of cells lie."""
    _, _, kh, kw = arrangement.grid
    x, y = camera.to_view(columns.start * kw, rows.start * kh)
    return QRectF(x, y, (columns.stop - columns.start) * kw * camera.zoom, (rows.stop - rows.start) * kh * camera.zoom)


def draw_sheet(painter: QPainter, camera: Camera, sheet: LaidSheet, kernels: Array, scale: float) -> None:
    """Draw what the camera sees.

    Args:
        painter: in pixels of the screen, from the view's corner.
        camera: where the arrangement lies.
        sheet: in colours.
        kernels: (rows, columns, kh, kw), for the numbers.
        scale: pixels of the screen in a logical one.
    """
    arrangement = sheet.arrangement
    rows, columns = seen_cells(camera, arrangement)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    target = target_of(camera, arrangement, rows, columns)
    _, _, kh, kw = arrangement.grid
    side = min(kh, kw) * camera.zoom / scale
    apart = 1.0 if kh * kw == 1 else min(max((side - WHOLE) / (APART - WHOLE), 0.0), 1.0)
    if apart > 0:
        _draw_image(painter, target, sheet.weights(rows, columns))
    if apart < 1:
        painter.setOpacity(1 - apart)
        _draw_image(painter, target, sheet.cells(rows, columns))
        painter.setOpacity(1)
    if side >= _LINES and kh * kw > 1:
        _draw_lines(painter, target, rows, columns)
    _draw_blank(painter, target, arrangement.blank[rows, columns])
    if camera.zoom / scale >= NUMBERS:
        _draw_numbers(painter, target, arrangement, kernels, rows, columns, camera.zoom, scale)


def draw_changed(painter: QPainter, target: QRectF, changed: Mask, scale: float) -> None:
    """A mark in the corner of every cell whose kernel is not as it was trained."""
    rows, columns = changed.shape
    tall, wide = target.height() / rows, target.width() / columns
    side = min(tall, wide) / scale
    if side < 3 or not 0 < np.count_nonzero(changed) <= MOST_EDGES:
        return
    mark = max(2.0, min(side / 3, 7.0)) * scale
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.TEXT))
    for row, column in np.argwhere(changed).tolist():
        x, y = target.left() + (column + 1) * wide, target.top() + row * tall
        painter.drawPolygon([QPointF(x - mark, y), QPointF(x, y), QPointF(x, y + mark)])
    painter.setBrush(Qt.BrushStyle.NoBrush)


class Outline:
    """The line around what is selected, kept until it is another: a hand at work has it drawn again and again."""

    def __init__(self) -> None:
        self._of: object = None
        self._lines: list[QLineF] = []

    def lines(self, selected: Mask, target: QRectF) -> list[QLineF]:
        """Between selected kernels and others; none where there are so many that they would cover the sheet."""
        of = selected.shape, selected.tobytes(), target.getRect()
        if of != self._of:
            self._of, self._lines = of, _edges(selected, target)
        return self._lines


def draw_selection(
    painter: QPainter, target: QRectF, selected: Mask, blank: Mask, outline: Outline, scale: float
) -> None:
    """A shade over what is not selected, and a line around what is."""
    shade = np.ascontiguousarray(~selected & ~blank).astype(np.uint8)
    image = image_over(shade, Format.Format_Indexed8)
    image.setColorTable([0, _SHADE.rgba()])
    _draw_image(painter, target, image)
    painter.setPen(QPen(QColor(theme.ACCENT), 2 * scale))
    painter.drawLines(outline.lines(selected, target))


def draw_brush(painter: QPainter, at: QPointF, size: float, hardness: float, scale: float) -> None:
    """A ring around what the brush covers, light on dark so that it shows everywhere, and one where it is full.

    Args:
        painter: in pixels of the screen.
        at: the middle.
        size: radius, in pixels of the screen.
        hardness: the part of the radius that is covered fully.
        scale: pixels of the screen in a logical one.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 190), 3.0), (QColor(255, 255, 255, 230), 1.2)):
        painter.setPen(QPen(colour, width * scale))
        painter.drawEllipse(at, size, size)
    if 0 < hardness < 1 and size * hardness > 3:
        painter.setPen(QPen(QColor(255, 255, 255, 90), scale, Qt.PenStyle.DotLine))
        painter.drawEllipse(at, size * hardness, size * hardness)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _draw_image(painter: QPainter, target: QRectF, image: QImage) -> None:
    """Pixels stay squares where they are enlarged; where several lie in one of the screen, they are averaged."""
    smaller = image.width() > target.width() or image.height() > target.height()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=smaller)
    painter.drawImage(target, image.convertToFormat(QImage.Format.Format_RGB32) if smaller else image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)


def _draw_blank(painter: QPainter, target: QRectF, blank: Mask) -> None:
    """The ground where no kernel is."""
    if not blank.any():
        return
    ground = np.ascontiguousarray(blank).astype(np.uint8)
    image = image_over(ground, Format.Format_Indexed8)
    image.setColorTable([0, QColor(theme.GROUND).rgb()])
    painter.drawImage(target, image)


def _draw_lines(painter: QPainter, target: QRectF, rows: slice, columns: slice) -> None:
    """Lines between kernels."""
    count = rows.stop - rows.start, columns.stop - columns.start
    ys = [target.top() + target.height() * k / count[0] for k in range(count[0] + 1)]
    xs = [target.left() + target.width() * k / count[1] for k in range(count[1] + 1)]
    painter.setPen(QPen(_LINE, 1))
    painter.drawLines(
        [QLineF(target.left(), y, target.right(), y) for y in ys]
        + [QLineF(x, target.top(), x, target.bottom()) for x in xs]
    )


def _draw_numbers(
    painter: QPainter,
    target: QRectF,
    arrangement: Arrangement,
    kernels: Array,
    rows: slice,
    columns: slice,
    zoom: float,
    scale: float,
) -> None:
    """Each weight's value on it."""
    _, _, kh, kw = arrangement.grid
    font = QFont(painter.font())
    font.setPixelSize(round(11 * scale))
    painter.setFont(font)
    room = int((zoom - 4 * scale) / painter.fontMetrics().horizontalAdvance("0"))
    for row in range(rows.start, rows.stop):
        for column in range(columns.start, columns.stop):
            if arrangement.blank[row, column]:
                continue
            kernel = kernels[arrangement.rows[row, column], arrangement.columns[row, column]]
            left = target.left() + (column - columns.start) * kw * zoom
            top = target.top() + (row - rows.start) * kh * zoom
            for y in range(kh):
                for x in range(kw):
                    box = QRectF(left + x * zoom, top + y * zoom, zoom, zoom)
                    text = number_text(float(kernel[y, x]), room)
                    for shift, colour in ((scale, QColor(0, 0, 0, 220)), (0.0, QColor(theme.TEXT))):
                        painter.setPen(colour)
                        painter.drawText(box.translated(shift, shift), Qt.AlignmentFlag.AlignCenter, text)


def number_text(value: float, room: int) -> str:
    """A value in at most so many characters, with three digits at most: 0.0571, −0.03, −7e−4."""
    for digits in (3, 2, 1):
        text = f"{value:.{digits}g}"
        if "e" in text:
            mantissa, _, exponent = text.partition("e")
            text = f"{mantissa}e{int(exponent)}"
        if len(text) <= room:
            break
    else:
        mantissa, _, exponent = f"{value:.0e}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else text
    return text.replace("-", "−")


def _seen(start: float, length: float, size: int, count: int) -> slice:
    first, last = int(np.floor(start / size)), int(np.ceil((start + length) / size))
    return slice(min(max(0, first), count), max(0, min(count, last)))


def _edges(mask: Mask, target: QRectF) -> list[QLineF]:
    padded = np.pad(mask, 1)
    tall, wide = target.height() / mask.shape[0], target.width() / mask.shape[1]
    across, down = padded[1:, 1:-1] != padded[:-1, 1:-1], padded[1:-1, 1:] != padded[1:-1, :-1]
    if np.count_nonzero(across) + np.count_nonzero(down) > MOST_EDGES:
        return []
    left, top = target.left(), target.top()
    lines = [
        QLineF(left + x * wide, top + y * tall, left + (x + 1) * wide, top + y * tall)
        for y, x in np.argwhere(across).tolist()
    ]
    lines += [
        QLineF(left + x * wide, top + y * tall, left + x * wide, top + (y + 1) * tall)
        for y, x in np.argwhere(down).tolist()
    ]
    return lines
