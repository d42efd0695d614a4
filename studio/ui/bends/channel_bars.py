"""Bars below the channels in the viewport: how much the picture changes without each; selected ones are framed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from studio.model.bends.stage import Chosen, layer_of
from studio.model.views.display import gap
from studio.model.views.workspace import Workspace
from studio.ui.kit import theme
from studio.ui.services.effects import Effects, chosen_channels, shares, source_of
from studio.ui.viewport import overlay
from studio.ui.viewport.scene import Part

_LEAST = 10.0
"""Logical pixels that a channel must have to get a bar or a frame."""
_THICK = 3.0


class ChannelBars:
    """Draws over the channels of any layer.

    Args:
        workspace: whose selection is framed.
        effects: what has been measured.
    """

    def __init__(self, workspace: Workspace, effects: Effects) -> None:
        self._workspace, self._effects = workspace, effects

    def draw(self, painter: QPainter, parts: list[Part], ratio: float) -> None:
        """See `overlay.Over`."""
        for part in parts:
            if part.drawing == "channels":
                painter.save()
                painter.setClipRect(overlay.drawn_into(part, ratio))
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                self._draw(painter, part, ratio)
                painter.restore()

    def _draw(self, painter: QPainter, part: Part, ratio: float) -> None:
        layer, squares = layer_of(part.shown.name), squares_of(part, ratio)
        if not squares or squares[0].width() < _LEAST:
            return
        values = self._effects.of(layer)
        if values is not None and len(values) == len(squares):
            for square, share in zip(squares, shares(values), strict=True):
                ground = QRectF(square.left(), square.bottom() - _THICK, square.width(), _THICK)
                painter.fillRect(ground, QColor(0, 0, 0, 150))
                painter.fillRect(
                    QRectF(ground.topLeft(), ground.size()).adjusted(0, 0, -(1.0 - float(share)) * ground.width(), 0),
                    QColor(theme.ACCENT),
                )
        chosen = self._chosen(layer)
        if chosen is not None and len(chosen) == len(squares):
            painter.setPen(QPen(QColor(theme.TEXT), 2))
            for channel in np.flatnonzero(chosen):
                painter.drawRect(squares[channel].adjusted(1, 1, -1, -1))

    def _chosen(self, layer: str) -> Chosen | None:
        workspace = self._workspace
        if source_of(workspace.document.graph, layer) != workspace.layer:
            return None
        return chosen_channels(workspace)


def squares_of(part: Part, ratio: float) -> list[QRectF]:
    """Where the square of each channel lies, in logical pixels of the view."""
    shown, zoom = part.shown, part.placement.zoom / ratio
    height, width = shown.crop
    between, columns = gap(shown.crop), shown.limits_size.width
    corner = overlay.drawn_into(part, ratio).topLeft()
    x, y = part.placement.origin
    found = []
    for channel in range(shown.shape[0]):
        row, column = divmod(channel, columns)
        at_x, at_y = column * (width + between) - x, row * (height + between) - y
        found.append(QRectF(corner.x() + at_x * zoom, corner.y() + at_y * zoom, width * zoom, height * zoom))
    return found
