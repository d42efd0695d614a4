"""Choosing a number of the preset: a line to search by name or address, and all of them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.model.address import Number
from studio.ui.kit import theme
from studio.ui.kit.icons import icon

_ADDRESS = Qt.ItemDataRole.UserRole


class TargetChooser(QFrame):
    """A small window that closes when a number is chosen; ``chosen`` brings its address."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("chooser")
        self.setStyleSheet(f"QFrame#chooser {{ background: {theme.PANEL}; border: 1px solid {theme.FAINT}; }}")
        self.search = QLineEdit(placeholderText="Find number", clearButtonEnabled=True)
        self.search.setAccessibleName("Find number")
        self.search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget()
        self.list.setAccessibleName("Numbers")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.resize(360, 420)
        self.search.textChanged.connect(self._seek)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)

    def open_below(self, widget: QWidget, targets: Iterable[Number]) -> None:
        """Show these below a button, with the keyboard in the search line."""
        self.list.clear()
        for number in targets:
            item = QListWidgetItem(f"{number.label}   {number.address}")
            item.setData(_ADDRESS, number.address)
            item.setToolTip(" ".join(filter(None, (number.doc, number.range_in_words))))
            self.list.addItem(item)
        self.search.clear()
        self._seek("")
        at = widget.mapToGlobal(QPoint(0, widget.height() + 2))
        screen = widget.screen().availableGeometry()
        self.move(min(at.x(), screen.right() - self.width()), min(at.y(), screen.bottom() - self.height()))
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Let arrows move in the list and Return choose while the search line has the keyboard."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _shown(self) -> list[QListWidgetItem]:
        return [item for item in map(self.list.item, range(self.list.count())) if not item.isHidden()]

    def _seek(self, text: str) -> None:
        words = text.lower().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not all(word in item.text().lower() for word in words))
        shown = self._shown()
        if shown:
            self.list.setCurrentItem(shown[0])

    def _step(self, by: int) -> None:
        shown = self._shown()
        if shown:
            here = self.list.currentItem()
            place = shown.index(here) if here in shown else -1
            self.list.setCurrentItem(shown[(place + by) % len(shown)])

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and not item.isHidden():
            self.hide()
            self.chosen.emit(item.data(_ADDRESS))
