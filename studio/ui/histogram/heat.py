"""A histogram of every channel, one below the other, as a heat map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.model.networks.shape import Array
from studio.ui.histogram.numbers import Sample, number_text
from studio.ui.kit import theme
from studio.ui.kit.images import Format, image_over

BINS = 64
_MOST = 512
_VALUES = 65536
"""Of all channels together, that are counted; evenly spaced where there are more."""
_TEXT = 14


def heat(values: Array, span: tuple[float, float]) -> NDArray[np.float64]:
    """(C, 64) from 0 to 1: how many values of each channel lie in each part of a span, by the root of their share.

    Args:
        values: (C, n); what is not finite, or beyond the span, is left out.
        span: at the left and at the right end.
    """
    edges = np.linspace(*span, BINS + 1)
    exact = values.astype(np.float64)
    # The last part has its upper end, too; what is no number comes behind everything.
    places = np.searchsorted(edges, exact, side="right") - 1
    places[exact == edges[-1]] = BINS - 1
    inside = np.isfinite(exact) & (places >= 0) & (places < BINS)
    rows = np.broadcast_to(np.arange(len(values))[:, None], values.shape)[inside]
    counts = np.bincount(rows * BINS + places[inside], minlength=len(values) * BINS)
    counts = counts.reshape(len(values), BINS)
    peaks = np.maximum(counts.max(axis=1, keepdims=True), 1)
    return np.asarray(np.sqrt(counts / peaks))


class HeatMap(QWidget):
    """Channels from top to bottom, values from left to right, each channel's most frequent value brightest.

    ``chosen`` brings the channel that was clicked, ``pointed`` the one under the mouse, or -1.
    """

    chosen = Signal(int)
    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._count = 0
        self._span: tuple[float, float] = (0.0, 1.0)
        self._at = -1
        self.setMouseTracking(True)
        self.setMinimumHeight(110)
        self.setAccessibleName("Histogram of each channel")
        self.setToolTip("A histogram of each channel: a click selects its filter")
        self.hide()

    @property
    def count(self) -> int:
        """How many channels are shown."""
        return self._count

    def show_values(self, values: Array) -> None:
        """Show the values of other channels, (C, n); of very many the first 512."""
        values = values[:, :: max(1, values.size // _VALUES)]
        span = Sample(values).span()
        self._count = 0 if span is None else min(len(values), _MOST)
        if span is not None:
            self._span = span
            found = (255 * heat(values[:_MOST], span)).astype(np.uint8)
            found = np.ascontiguousarray(found)
            image = image_over(found, Format.Format_Indexed8)
            image.setColorTable(_TABLE)
            self._image = image.copy()
        self.update()

    def _room(self) -> QRectF:
        return QRectF(0, 0, self.width(), max(1, self.height() - _TEXT - 2))

    def channel_at(self, y: float) -> int:
        """The channel at a height; -1 beside them."""
        place = int(y / self._room().height() * self._count)
        return place if 0 <= y < self._room().height() and place < self._count else -1

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        room = self._room()
        if self._count:
            painter.drawImage(room, self._image)
        low, high = self._span
        painter.setPen(QColor(theme.FAINT))
        if low < 0 < high:
            x = -low / (high - low) * room.width()
            painter.drawLine(round(x), 0, round(x), round(room.height()))
        text = QRectF(0, room.bottom() + 1, room.width(), _TEXT)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, number_text(low, 3))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, number_text(high, 3))
        said = f"channel {self._at}" if self._at >= 0 else f"{self._count} channels"
        painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, said)
        if self._at >= 0:
            high_ = room.height() / self._count
            painter.setPen(QColor(theme.TEXT))
            painter.drawRect(QRectF(0, self._at * high_, room.width() - 1, max(1.0, high_)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Another channel is pointed at."""
        self._point(self.channel_at(event.position().y()))

    def leaveEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """None is."""
        del event
        self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose one."""
        channel = self.channel_at(event.position().y())
        if channel >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(channel)

    def _point(self, channel: int) -> None:
        if channel != self._at:
            self._at = channel
            self.pointed.emit(channel)
            self.update()


def _shade(part: float) -> int:
    """From the panel's ground over the accent to white."""
    ground, accent, white = QColor(theme.PANEL), QColor(theme.ACCENT), QColor(255, 250, 240)
    first, second, share = (ground, accent, part / 0.75) if part < 0.75 else (accent, white, (part - 0.75) / 0.25)
    mixed = (
        round(a + (b - a) * share)
        for a, b in (
            (first.red(), second.red()),
            (first.green(), second.green()),
            (first.blue(), second.blue()),
        )
    )
    return QColor(*mixed).rgb()


_TABLE = [_shade(k / 255) for k in range(256)]
