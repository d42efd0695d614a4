"""The picture of a filter sheet, kept until what it shows is another."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.layout import kernel_grid, sheet_size
from studio.model.op import Array
from studio.model.view import Colours, Scaling
from studio.ui.filters import sheet_picture
from studio.ui.viewport.camera import Camera

_LEAST_OWN = 4.0
"""Pixels that a kernel must have to get a scale of colours of its own."""


class SheetImage:
    """What a camera sees of a tensor; `forget` when the tensor has changed."""

    def __init__(self) -> None:
        self._seen: tuple[object, ...] | None = None
        self._image = QImage()
        self._limits: tuple[float, float] | None = None

    def forget(self) -> None:
        """The tensor, or some of its values, are others."""
        self._seen = self._limits = None

    def draw(self, painter: QPainter, camera: Camera, tensor: Array, colours: Colours, scaling: Scaling) -> None:
        """Draw it.

        Args:
            painter: in pixels of the screen, from the view's corner.
            camera: which part to draw, and where.
            tensor: float32 of one, two or four axes.
            colours: how values become colours.
            scaling: whether kernels have scales of their own, where they are large enough to be told apart.
        """
        (left, top), (width, height), zoom = camera.origin, camera.view, camera.zoom
        sheet = sheet_size(tensor.shape)
        rows = sheet_picture.visible(sheet[0], top, height, zoom)
        columns = sheet_picture.visible(sheet[1], left, width, zoom)
        if not (len(rows) and len(columns)):
            return
        if min(kernel_grid(tensor.shape)[2:]) * zoom < _LEAST_OWN:
            # Each of so few pixels would be the largest of its kernel, and the sheet a noise of full colours.
            scaling = "all"
        seen = (zoom, left, top, width, height, colours, scaling)
        if seen != self._seen:
            if self._limits is None:
                self._limits = sheet_picture.limits(tensor)
            self._image = sheet_picture.picture(tensor, rows, columns, colours, scaling, self._limits)
            self._seen = seen
        if zoom >= 1:
            target = QRectF(*camera.to_view(float(columns[0]), float(rows[0])), len(columns) * zoom, len(rows) * zoom)
        else:
            x, y = max(0, round(-left * zoom)), max(0, round(-top * zoom))
            target = QRectF(x, y, len(columns), len(rows))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.drawImage(target, self._image)
