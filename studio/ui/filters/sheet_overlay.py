"""What lies over the filter sheet: borders of kernels, the selection, the brush. All in pixels of the screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from studio.model.edit import Mask, Selection
from studio.ui.kit import theme
from studio.ui.viewport.camera import Camera

_LEAST_KERNEL = 6.0
_MOST_EDGES = 4000
_SHADE = QColor(14, 15, 17, 130)
_BORDER = QColor(96, 102, 112, 150)

Grid = tuple[int, int, int, int]


def seen_kernels(camera: Camera, grid: Grid) -> tuple[slice, slice]:
    """The rows and columns of kernels that the view shows some of."""
    left, top = camera.origin
    return (
        _seen(top, camera.view[1] / camera.zoom, grid[2], grid[0]),
        _seen(left, camera.view[0] / camera.zoom, grid[3], grid[1]),
    )


def draw_borders(painter: QPainter, camera: Camera, grid: Grid) -> None:
    """Lines between kernels, where these are large enough for lines to help."""
    _, _, kh, kw = grid
    if min(kh, kw) * camera.zoom < _LEAST_KERNEL or kh * kw == 1:
        return
    rows, columns = seen_kernels(camera, grid)
    left, top = camera.to_view(columns.start * kw, rows.start * kh)
    right, bottom = camera.to_view(columns.stop * kw, rows.stop * kh)
    across = [camera.to_view(0, row * kh)[1] for row in range(rows.start, rows.stop + 1)]
    down = [camera.to_view(column * kw, 0)[0] for column in range(columns.start, columns.stop + 1)]
    painter.setPen(QPen(_BORDER, 1))
    painter.drawLines([QLineF(left, y, right, y) for y in across] + [QLineF(x, top, x, bottom) for x in down])


def draw_selection(painter: QPainter, camera: Camera, grid: Grid, selection: Selection, scale: float) -> None:
    """A shade over what is not selected, and a line around what is."""
    if selection.mask.all():
        return
    _, _, kh, kw = grid
    rows, columns = seen_kernels(camera, grid)
    mask = selection.mask[rows, columns]
    if not mask.size:
        return
    left, top = camera.to_view(columns.start * kw, rows.start * kh)
    width, height = (columns.stop - columns.start) * kw * camera.zoom, (rows.stop - rows.start) * kh * camera.zoom
    shade = np.ascontiguousarray(~mask).astype(np.uint8)
    image = QImage(shade.data, shade.shape[1], shade.shape[0], shade.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable([0, _SHADE.rgba()])
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(QRectF(left, top, width, height), image)
    painter.setPen(QPen(QColor(theme.ACCENT), 2 * scale))
    painter.drawLines(_edges(mask, camera, (left, top), (kh, kw)))


def draw_brush(
    painter: QPainter, camera: Camera, at: tuple[float, float], radius: float, hardness: float, scale: float
) -> None:
    """A ring around what the brush covers, light on dark so that it shows everywhere, and one where it is full.

    Args:
        painter: in pixels of the screen.
        camera: where the sheet lies.
        at: row and column, in weights.
        radius: of the brush, in weights.
        hardness: the part of the radius that is covered fully.
        scale: pixels of the screen in a logical one.
    """
    centre = QPointF(*camera.to_view(at[1], at[0]))
    size = radius * camera.zoom
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 190), 3.0), (QColor(255, 255, 255, 230), 1.2)):
        painter.setPen(QPen(colour, width * scale))
        painter.drawEllipse(centre, size, size)
    if 0 < hardness < 1 and size * hardness > 3:
        painter.setPen(QPen(QColor(255, 255, 255, 90), scale, Qt.PenStyle.DotLine))
        painter.drawEllipse(centre, size * hardness, size * hardness)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _seen(start: float, length: float, size: int, count: int) -> slice:
    first, last = int(np.floor(start / size)), int(np.ceil((start + length) / size))
    return slice(min(max(0, first), count), max(0, min(count, last)))


def _edges(mask: Mask, camera: Camera, origin: tuple[float, float], size: tuple[int, int]) -> list[QLineF]:
    """Lines between selected kernels and others; none where there are so many that they would cover the sheet."""
    padded = np.pad(mask, 1)
    tall, wide = size[0] * camera.zoom, size[1] * camera.zoom
    across, down = padded[1:, 1:-1] != padded[:-1, 1:-1], padded[1:-1, 1:] != padded[1:-1, :-1]
    if np.count_nonzero(across) + np.count_nonzero(down) > _MOST_EDGES:
        return []
    left, top = origin
    lines = [
        QLineF(left + x * wide, top + y * tall, left + (x + 1) * wide, top + y * tall)
        for y, x in np.argwhere(across).tolist()
    ]
    lines += [
        QLineF(left + x * wide, top + y * tall, left + x * wide, top + (y + 1) * tall)
        for y, x in np.argwhere(down).tolist()
    ]
    return lines
