"""What a source has said in the last seconds, as a line."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.kit import theme

_KEPT = 150
"""Values: about five seconds."""

_HEIGHT = 32


class Trace(QWidget):
    """A line from left, long ago, to right, now; from -1 at the bottom to 1 at the top."""

    def __init__(self) -> None:
        super().__init__()
        self.values: deque[float] = deque(maxlen=_KEPT)
        self.setAccessibleName("What the source says")
        self.setToolTip("What the source has said in the last seconds, from -1 to 1")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def take(self, value: float) -> None:
        """Go on to another value."""
        self.values.append(min(1.0, max(-1.0, value)))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As low as can be read."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        middle, reach = self.height() / 2, self.height() / 2 - 2
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawLine(QPointF(0, middle), QPointF(self.width(), middle))
        painter.setPen(QPen(QColor(theme.ACCENT), 1.5))
        step = self.width() / (_KEPT - 1)
        first = _KEPT - len(self.values)
        points = [QPointF((first + place) * step, middle - value * reach) for place, value in enumerate(self.values)]
        painter.drawPolyline(points)
        painter.end()
