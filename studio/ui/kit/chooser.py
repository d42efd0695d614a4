"""A small window to choose one thing of many: a line to search, and a list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.ui.kit import theme
from studio.ui.kit.fitting import fit
from studio.ui.kit.icons import icon

CHOICE = Qt.ItemDataRole.UserRole
"""What an item stands for; None for a heading."""


class Chooser(QFrame):
    """Closes when something is chosen; ``chosen`` brings what its item stands for.

    A heading is shown while something is found between it and the next.

    Attributes:
        wanted: how large it is where the screen has room for it.

    Args:
        parent: what it opens over.
        find: what the search line asks for, as in "Find bend".
        name: of the list, for screen readers.
        width: in pixels.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget, find: str, name: str, width: int) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("chooser")
        self.setStyleSheet(f"QFrame#chooser {{ background: {theme.PANEL}; border: 1px solid {theme.FAINT}; }}")
        self.search = QLineEdit(placeholderText=find, clearButtonEnabled=True)
        self.search.setAccessibleName(find)
        self.search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget()
        self.list.setAccessibleName(name)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.wanted = QSize(width, 420)
        self.search.textChanged.connect(self._seek)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)

    def matches(self, item: QListWidgetItem, text: str) -> bool:
        """Whether an item is one that the search line, in lower case, looks for."""
        raise NotImplementedError

    def open_below(self, widget: QWidget) -> None:
        """Show it below a button, with the keyboard in the search line."""
        self.open_at(widget.mapToGlobal(QPoint(0, widget.height() + 2)), widget)

    def open_at(self, at: QPoint, widget: QWidget) -> None:
        """Show it at a place of the screen that a widget is on, with the keyboard in the search line."""
        self.search.clear()
        self._seek("")
        fit(self, self.wanted)
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

    # -- within ---------------------------------------------------------------------------------------------------

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _seek(self, text: str) -> None:
        wanted, heading, first = text.lower(), None, None
        for item in self._items():
            if item.data(CHOICE) is None:
                heading = item
                item.setHidden(True)
                continue
            shown = self.matches(item, wanted)
            item.setHidden(not shown)
            if shown:
                first = first or item
                if heading is not None:
                    heading.setHidden(False)
        if first is not None:
            self.list.setCurrentItem(first)

    def _step(self, by: int) -> None:
        shown = [item for item in self._items() if not item.isHidden() and item.data(CHOICE) is not None]
        if shown:
            here = self.list.currentItem()
            place = shown.index(here) if here in shown else -1
            self.list.setCurrentItem(shown[(place + by) % len(shown)])

    def _choose(self, item: QListWidgetItem | None) -> None:
        choice = item.data(CHOICE) if item is not None and not item.isHidden() else None
        if choice is not None:
            self.hide()
            self.chosen.emit(choice)
