"""What is painted over the viewport's pictures: a text, a label, the divider, the brush, a mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from studio.model.declared.size import Size
from studio.model.networks.shape import Array
from studio.ui.kit.images import Format, image_over
from studio.ui.kit.theme import ACCENT, FAINT, NEGATIVE, PANEL, POSITIVE, TEXT
from studio.ui.viewport.scene import Part

Over = Callable[[QPainter, list[Part], float], None]
"""Paints over parts, in logical pixels, of which each has so many of the screen's."""

_MARGIN = 8
_AROUND = 24
_HANDLE = 7.0
_DENSEST = 140
_VEIL = 110
"""Of 255: how dense a mask is where it is 1."""


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
    _label(painter, box, text)


def _label(painter: QPainter, box: QRect, text: str) -> None:
    ground = QColor(PANEL)
    ground.setAlpha(220)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor(TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def split(painter: QPainter, area: QRect, x: float) -> None:
    """The line between input and output, what it is taken by, and which side is what."""
    painter.setPen(QPen(QColor(ACCENT), 2))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    painter.setBrush(QColor(ACCENT))
    painter.drawEllipse(QPointF(x, area.center().y()), _HANDLE, _HANDLE)
    _side_names(painter, area, x)


def _side_names(painter: QPainter, area: QRect, x: float) -> None:
    above = QRectF(area).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    for text, align, room in (
        ("input", Qt.AlignmentFlag.AlignLeft, x),
        ("output", Qt.AlignmentFlag.AlignRight, area.width() - x),
    ):
        if room > painter.fontMetrics().horizontalAdvance(text) + 3 * _MARGIN:
            for shift, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor(TEXT))):
                painter.setPen(colour)
                painter.drawText(above.translated(shift, shift), align, text)


def cover(painter: QPainter, parts: list[Part], values: Array, ratio: float) -> None:
    """A mask over the pictures that are drawn, the denser the larger its values, and the picture still to be seen.

    Args:
        painter: in logical pixels.
        parts: what is drawn; filter sheets and tiles have no mask.
        values: (height, width) from 0 to 1, for the whole picture with its border.
        ratio: pixels of the screen in a logical one.
    """
    alpha = np.clip(values * _DENSEST, 0, 255).astype(np.uint32)
    tint = QColor(ACCENT)
    # Parts are to be multiplied by alpha beforehand, as Qt draws such images without work of its own.
    red, green, blue = (alpha * part // 255 for part in (tint.red(), tint.green(), tint.blue()))
    packed = np.ascontiguousarray(alpha << 24 | red << 16 | green << 8 | blue)
    image = image_over(packed, Format.Format_ARGB32_Premultiplied)
    _over_pictures(painter, parts, image, ratio)


def signed_map(painter: QPainter, parts: Sequence[Part], values: Array, ratio: float) -> None:
    """A map over the picture, which it darkens: orange above zero, blue below, the denser the larger.

    Args:
        painter: in logical pixels of the view.
        parts: what is drawn.
        values: (h, w) from -1 to 1, for the whole picture with its border.
        ratio: pixels of the screen in a logical one.
    """
    alpha = (_VEIL + (235 - _VEIL) * np.sqrt(np.abs(np.clip(values, -1, 1)))).astype(np.uint32)
    full = np.sqrt(np.abs(np.clip(values, -1, 1)))
    tints = [QColor(NEGATIVE), QColor(POSITIVE)]
    parts_of = [(tint.red(), tint.green(), tint.blue()) for tint in tints]
    colour = np.where(values[:, :, None] < 0, parts_of[0], parts_of[1]) * full[:, :, None]
    red, green, blue = (colour[:, :, k].astype(np.uint32) * alpha // 255 for k in range(3))
    packed = np.ascontiguousarray(alpha << 24 | red << 16 | green << 8 | blue)
    image = image_over(packed, Format.Format_ARGB32_Premultiplied)
    _over_pictures(painter, [part for part in parts if part.shown.role == "output"], image, ratio)


def instead(painter: QPainter, parts: Sequence[Part], image: QImage, ratio: float) -> None:
    """Another picture in the place of the network's.

    Args:
        painter: in logical pixels of the view.
        parts: what is drawn.
        image: the whole picture, without a border, of any size.
        ratio: pixels of the screen in a logical one.
    """
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for part in (each for each in parts if each.drawing == "picture" and each.shown.role == "output"):
        painter.save()
        painter.setClipRect(drawn_into(part, ratio))
        whole = _lying(part, part.shown.crop, ratio)
        painter.drawImage(whole, image)
        painter.restore()


def _over_pictures(painter: QPainter, parts: Sequence[Part], image: QImage, ratio: float) -> None:
    """Lay an image of the whole picture with its border over each picture that is drawn."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for part in (each for each in parts if each.drawing == "picture"):
        painter.save()
        painter.setClipRect(drawn_into(part, ratio).intersected(_lying(part, part.shown.crop, ratio)))
        painter.drawImage(_lying(part, Size(*part.shown.shape[1:]), ratio), image)
        painter.restore()


def drawn_into(part: Part, ratio: float) -> QRectF:
    """Where a part is drawn, in logical pixels, of which each has so many of the screen's."""
    y, x, height, width = part.placement.rect
    return QRectF(x / ratio, y / ratio, width / ratio, height / ratio)


def _lying(part: Part, size: Size, ratio: float) -> QRectF:
    """Where so much of a part's content lies, from its upper left corner, in logical pixels."""
    corner, (x, y), zoom = drawn_into(part, ratio).topLeft(), part.placement.origin, part.placement.zoom / ratio
    return QRectF(corner.x() - x * zoom, corner.y() - y * zoom, size.width * zoom, size.height * zoom)


def band(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """The rectangle that is being marked out."""
    painter.setBrush(QColor(255, 255, 255, 24))
    for colour, width in ((QColor(0, 0, 0, 200), 3.0), (QColor(ACCENT), 1.4)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(QRectF(start, end).normalized())


def upper_label(painter: QPainter, text: str) -> None:
    """A small text in the upper left corner, legible on any picture."""
    box = painter.fontMetrics().boundingRect(text).adjusted(-_MARGIN, -_MARGIN // 2, _MARGIN, _MARGIN // 2)
    box.moveTopLeft(QPoint(_MARGIN, _MARGIN))
    _label(painter, box, text)


def brush(painter: QPainter, x: float, y: float, radius: float) -> None:
    """The edge of a round brush, seen on dark and on bright."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 200), 3.0), (QColor(TEXT), 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(QPointF(x, y), radius, radius)
