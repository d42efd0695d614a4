"""A test picture for projectors: edges, a grid, a circle that must be round, bars of colour and of grey, and words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

_BARS = ("#FFFFFF", "#FFFF00", "#00FFFF", "#00FF00", "#FF00FF", "#FF0000", "#0000FF", "#000000")
_STEPS = 16


def draw_test_picture(painter: QPainter, rect: QRect, words: str) -> None:
    """Draw it over all of a rectangle, with these words in the middle."""
    height, width = rect.height(), rect.width()
    painter.save()
    painter.fillRect(rect, QColor("black"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    cell = max(8.0, min(width, height) / 12)
    painter.setPen(QPen(QColor(90, 90, 90), 1))
    middle = QPointF(width / 2, height / 2)
    steps = int(max(width, height) / 2 / cell) + 1
    for step in range(-steps, steps + 1):
        x, y = middle.x() + step * cell, middle.y() + step * cell
        painter.drawLine(QPointF(x, 0), QPointF(x, height))
        painter.drawLine(QPointF(0, y), QPointF(width, y))
    bar, top = width * 0.6 / len(_BARS), height * 0.3
    for number, colour in enumerate(_BARS):
        painter.fillRect(QRectF(width * 0.2 + number * bar, top, bar + 1, height * 0.12), QColor(colour))
    grey = width * 0.6 / _STEPS
    for number in range(_STEPS):
        level = round(255 * number / (_STEPS - 1))
        place = QRectF(width * 0.2 + number * grey, height * 0.58, grey + 1, height * 0.12)
        painter.fillRect(place, QColor(level, level, level))
    painter.setPen(QPen(QColor("white"), 2))
    radius = min(width, height) * 0.46
    painter.drawEllipse(middle, radius, radius)
    painter.drawRect(QRectF(1, 1, width - 2, height - 2))
    painter.drawLine(QPointF(0, 0), QPointF(width, height))
    painter.drawLine(QPointF(0, height), QPointF(width, 0))
    font = QFont(painter.font())
    font.setPixelSize(max(10, round(min(width, height) / 26)))
    painter.setFont(font)
    box = QRectF(width * 0.2, height * 0.44, width * 0.6, height * 0.12)
    painter.fillRect(box, QColor("black"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()
