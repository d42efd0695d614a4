"""The channels of a layer that make the chosen place of the picture, as chips in its row, strongest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from studio.ui.kit import theme

_PAD, _GAP = 4, 3


def chips(line: QRect, metrics: QFontMetrics, channels: Sequence[int]) -> dict[int, QRect]:
    """Where the chip of each channel lies; of those that have no room, none."""
    found: dict[int, QRect] = {}
    left = line.left()
    for channel in channels:
        wide = metrics.horizontalAdvance(str(channel)) + 2 * _PAD
        if left + wide > line.right() + 1:
            break
        found[channel] = QRect(left, line.top(), wide, line.height())
        left += wide + _GAP
    return found


def light(painter: QPainter, rect: QRect, strength: float) -> None:
    """The ground of a row whose layer makes the place, the brighter the more."""
    colour = QColor(theme.ACCENT)
    colour.setAlpha(round(22 + 70 * strength**0.5))
    painter.fillRect(rect, colour)


def paint(painter: QPainter, placed: dict[int, QRect], pointed: int | None) -> None:
    """Draw the chips; that under the mouse is full."""
    for channel, rect in placed.items():
        full = channel == pointed
        painter.setPen(QPen(QColor(theme.ACCENT), 1))
        painter.setBrush(QColor(theme.ACCENT if full else theme.PANEL))
        painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1), 3, 3)
        painter.setPen(QColor(theme.ON_ACCENT if full else theme.TEXT))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(channel))
