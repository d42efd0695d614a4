"""Text that is cut off where there is no room for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget


class ElidedLabel(QLabel):
    """One line of plain text with an ellipsis where it is too long; what must be seen whole goes into the tail.

    The mouse over it shows all of what is cut off, where there is no tip of its own.

    Args:
        parent: the widget that holds it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = self._tail = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)

    @property
    def whole(self) -> str:
        """All of the text, however much of it there is room for."""
        return self._whole + self._tail

    def say(self, text: str, tail: str = "") -> None:
        """Show this text, and behind it one that is never cut off."""
        self._whole, self._tail = text, tail
        self.setAccessibleName(self.whole)
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for all of it."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.whole) + 2, metrics.height())

    def event(self, event: QEvent) -> bool:
        """See `QWidget.event`."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and not self.toolTip():
            QToolTip.showText(event.globalPos(), self.whole if self.text() != self.whole else "", self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Cut anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = QFontMetrics(self.font())
        room = self.width() - metrics.horizontalAdvance(self._tail)
        self.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, room) + self._tail)
