"""How a step's time is spread over the layers, as bars."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.learn.backend import LOSS
from studio.ui.kit import theme

_MOST = 6
_OTHERS = "others"


def longest(times: Mapping[str, float], most: int = _MOST) -> list[tuple[str, float]]:
    """The layers that take longest, with seconds; the last of them are all others together."""
    named = [("losses" if name == LOSS else name, seconds) for name, seconds in times.items()]
    named.sort(key=lambda each: -each[1])
    if len(named) <= most:
        return named
    return [*named[: most - 1], (_OTHERS, sum(seconds for _, seconds in named[most - 1 :]))]


class TimesView(QWidget):
    """A bar for each of the layers that take longest in a step of learning, there and back."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, float]] = []
        self.setAccessibleName("Time of a step by layer")
        self.setToolTip("Milliseconds of a step by layer, forwards and backwards, as last measured")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_times(self, times: Mapping[str, float]) -> None:
        """Show these, in seconds."""
        before, self.rows = len(self.rows), longest(times)
        whole = sum(times.values())
        self.setAccessibleDescription(
            f"{1e3 * whole:.3g} ms: " + ", ".join(f"{name} {1e3 * seconds:.3g}" for name, seconds in self.rows)
        )
        if len(self.rows) != before:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A line for each bar."""
        return QSize(200, len(self.rows) * self._line)

    @property
    def _line(self) -> int:
        return self.fontMetrics().lineSpacing() + 2

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the bars, each with its name and its milliseconds."""
        del event
        painter, line, width = QPainter(self), self._line, self.width()
        most = max((seconds for _, seconds in self.rows), default=0.0) or 1.0
        metrics = self.fontMetrics()
        names = min(width // 3, max((metrics.horizontalAdvance(name) for name, _ in self.rows), default=0) + 2)
        numbers = metrics.horizontalAdvance("0000.0 ms")
        room = max(1, width - names - numbers - 2 * theme.SPACE)
        for place, (name, seconds) in enumerate(self.rows):
            top = place * line
            painter.setPen(QColor(theme.FAINT))
            said = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, names)
            painter.drawText(QRectF(0, top, names, line), Qt.AlignmentFlag.AlignVCenter, said)
            bar = QRectF(names + theme.SPACE, top + 3, max(1.0, room * seconds / most), line - 6)
            painter.fillRect(bar, QColor(theme.ACCENT))
            painter.drawText(
                QRectF(width - numbers, top, numbers, line),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                f"{1e3 * seconds:.3g} ms",
            )
        painter.end()
