"""The middle of the window: its panels one above the other, and over them what is said and what a drop would do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.ui.kit import theme
from studio.ui.kit.panel import Panel
from studio.ui.kit.reached import give_room
from studio.ui.services.messages import MessageBar

_WIDEST = 760
_MARGIN = 12


class Middle(QWidget):
    """Messages float at the foot of the panel that stretches, so that they never move the picture.

    Args:
        panels: of the middle, with their widgets, from above.
        messages: shown while something is said, but not in full screen.
    """

    def __init__(self, panels: list[tuple[Panel, QWidget]], messages: MessageBar) -> None:
        super().__init__()
        self._messages = messages
        self._stretches = next(widget for panel, widget in panels if panel.stretches)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for panel, widget in panels:
            give_room(widget, panel.id)
            column.addWidget(widget, 1 if panel.stretches else 0)
        self.around = [widget for panel, widget in panels if not panel.stretches]
        """What lies around the panel that stretches."""
        messages.setParent(self)
        messages.changed.connect(self.place)
        self._drop = QLabel(self)
        self._drop.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drop.setWordWrap(True)
        self._drop.setStyleSheet(
            f"background: rgba(22, 23, 26, 205); border: 2px dashed {theme.ACCENT}; border-radius: 8px;"
            f" color: {theme.TEXT}; font-size: 18px;"
        )
        self._drop.hide()
        self.place()

    def show_drop(self, text: str) -> None:
        """Say what a drop would do; nothing for an empty text."""
        self._drop.setText(text)
        self._drop.setVisible(bool(text))
        if text:
            self._drop.setGeometry(self._room.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))
            self._drop.raise_()

    @property
    def drop_text(self) -> str:
        """What is said of a drop just now."""
        return self._drop.text() if self._drop.isVisible() else ""

    @property
    def _room(self) -> QRect:
        return QRect(self._stretches.mapTo(self, QPoint()), self._stretches.size())

    def place(self) -> None:
        """Bring the messages to where they belong."""
        bar, room = self._messages, self._room
        bar.setVisible(bool(bar.text) and not self.window().isFullScreen())
        if not bar.isVisibleTo(self):
            return
        width = min(_WIDEST, room.width() - 2 * _MARGIN)
        height = min(bar.heightForWidth(width), room.height() - 2 * _MARGIN)
        bar.setGeometry(room.center().x() - width // 2, room.bottom() - height - _MARGIN, width, height)
        bar.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Along with the window."""
        super().resizeEvent(event)
        self._column.activate()
        self.place()
