"""What is painted over the viewport's pictures: a text, a label, the divider, the brush."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.ui.kit.theme import ACCENT, FAINT, PANEL, TEXT

_MARGIN = 8
_AROUND = 24
_HANDLE = 7.0


def empty_text(painter: QPainter, area: QRect, text: str) -> None:
    """A sentence in the middle of an empty view."""
    painter.setPen(QColor(FAINT))
    _write(painter, area, text)


def greyed(painter: QPainter, area: QRect, text: str) -> None:
    """Why the picture below is not the network's that is open; it is still there to be seen, as what it is."""
    veil = QColor(PANEL)
    veil.setAlpha(205)
    painter.fillRect(area, veil)
    painter.setPen(QColor(TEXT))
    _write(painter, area, text)


def _write(painter: QPainter, area: QRect, text: str) -> None:
    area = area.adjusted(_AROUND, _AROUND, -_AROUND, -_AROUND)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def corner_label(painter: QPainter, area: QRect, text: str) -> None:
    """A small text in the lower left corner, legible on any picture."""
    box = painter.fontMetrics().boundingRect(text).adjusted(-_MARGIN, -_MARGIN // 2, _MARGIN, _MARGIN // 2)
    box.moveBottomLeft(area.bottomLeft())
    box.translate(_MARGIN, -_MARGIN)
    ground = QColor(PANEL)
    ground.setAlpha(220)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor(TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def divider(painter: QPainter, area: QRect, x: float) -> None:
    """The line between input and output, and what it is taken by."""
    painter.setPen(QPen(QColor(ACCENT), 2))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    painter.setBrush(QColor(ACCENT))
    painter.drawEllipse(QPointF(x, area.center().y()), _HANDLE, _HANDLE)


def side_names(painter: QPainter, area: QRect, x: float) -> None:
    """Which side of the divider is what."""
    above = QRectF(area).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    for text, align, room in (
        ("input", Qt.AlignmentFlag.AlignLeft, x),
        ("output", Qt.AlignmentFlag.AlignRight, area.width() - x),
    ):
        if room > painter.fontMetrics().horizontalAdvance(text) + 3 * _MARGIN:
            for shift, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor(TEXT))):
                painter.setPen(colour)
                painter.drawText(above.translated(shift, shift), align, text)


def brush(painter: QPainter, x: float, y: float, radius: float) -> None:
    """The edge of a round brush, seen on dark and on bright."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 200), 3.0), (QColor(TEXT), 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(QPointF(x, y), radius, radius)
