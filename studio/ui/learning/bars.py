"""A histogram as bars, with the ends of its values: made many times as fast as a plot, which holds the window up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.kit import theme

_HEIGHT = 84


class Bars(QWidget):
    """A bar for each bin, the highest as high as there is room, and below them the first edge and the last.

    Args:
        name: what it is a histogram of, for whoever hears it.

    Attributes:
        counts: (n,) how high each bar is, in parts of any unit.
        edges: (n + 1,) of the bins.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.counts: NDArray[np.float64] = np.zeros(0)
        self.edges: NDArray[np.float64] = np.zeros(1)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_counts(self, counts: NDArray[np.float64], edges: NDArray[np.float64]) -> None:
        """Show other ones."""
        self.counts, self.edges = counts, edges
        self.setAccessibleDescription(" to ".join(self._ends()))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See Qt."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        line = self.fontMetrics().lineSpacing()
        high, most = self.height() - line - 2, float(self.counts.max(initial=0.0))
        if most:
            wide = self.width() / len(self.counts)
            parts = self.counts / most
            bars = [QRectF(k * wide, high * (1 - part), wide, high * part) for k, part in enumerate(parts.tolist())]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawRects(bars)
        painter.setPen(QColor(theme.FAINT))
        below = QRectF(theme.SPACE / 2, high + 2, self.width() - theme.SPACE, line)
        for text, side in zip(self._ends(), (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True):
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def _ends(self) -> tuple[str, str]:
        return f"{self.edges[0]:.3g}", f"{self.edges[-1]:.3g}"
