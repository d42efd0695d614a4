"""What a card is dragged by."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel

from studio.ui.kit import theme


class Handle(QLabel):
    """What a card is dragged by; ``dragged`` brings how far, ``dropped`` comes at the end."""

    dragged = Signal(int)
    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__("⋮⋮")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to change the order")
        self.setStyleSheet(f"color: {theme.FAINT}; padding: 0 2px;")
        self._from: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = event.globalPosition().toPoint()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Tell how far."""
        if self._from is not None:
            self.dragged.emit(event.globalPosition().toPoint().y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End."""
        if self._from is not None:
            self._from = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.dropped.emit(event.globalPosition().toPoint().y())
