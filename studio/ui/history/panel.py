"""The history panel: everything that can be undone and redone."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QListView, QSizePolicy, QVBoxLayout, QWidget

from studio.model.changes import Change, HistoryChanged, NetworkChanged
from studio.model.document import Document
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.layers.network_text import bytes_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class HistoryModel(QAbstractListModel):
    """The state before the first item, then one row for each item."""

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._labels = document.history.labels
        self._here = icon("caret-right-fill", theme.ACCENT)
        self._none = icon("caret-right-fill", "#00000000")

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent.isValid() else len(self._labels) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        row, position = index.row(), self._document.history.position
        label = self._labels[row - 1] if row else self._first()
        if role == Qt.ItemDataRole.DisplayRole:
            return label
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(theme.TEXT if row <= position else "#6C717A")
        if role == Qt.ItemDataRole.DecorationRole:
            return self._here if row == position else self._none
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{label}\n{_WHERE[(row > position) - (row < position)]}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{label}, undone" if row > position else label
        return None

    def _first(self) -> str:
        return "Earliest that is kept" if self._document.history.has_forgotten else "As opened"

    def renew(self) -> None:
        """The history has changed."""
        labels = self._document.history.labels
        if labels != self._labels:
            self.beginResetModel()
            self._labels = labels
            self.endResetModel()
        else:
            self.dataChanged.emit(self.index(0), self.index(len(labels)))


_WHERE = {-1: "Click to undo everything after this", 0: "You are here", 1: "Undone: click to redo up to here"}


class HistoryPanel(QWidget):
    """A row for each thing done; a click goes to the state after it.

    Args:
        document: whose history it is.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setAutoFillBackground(True)
        self.model = HistoryModel(document, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(10, 10))
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setStyleSheet("QListView { border: none; } QListView::item { padding: 2px; }")
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("History")
        self._foot = QLabel()
        self._foot.setStyleSheet(f"color: {theme.FAINT}; padding: 4px 8px;")
        self._foot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._foot.setToolTip("Memory that undo holds; past its limit the oldest items are forgotten")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._foot)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        document.changed.connect(self._follow)
        self._show()

    def _go(self, index: QModelIndex) -> None:
        if index.row() != self._document.history.position:
            self._document.go(index.row())

    def _follow(self, change: Change) -> None:
        if isinstance(change, HistoryChanged | NetworkChanged):
            self._show()

    def _show(self) -> None:
        history = self._document.history
        self.model.renew()
        here = self.model.index(history.position)
        self.list.setCurrentIndex(here)
        self.list.scrollTo(here)
        count = len(history.labels)
        self._foot.setText(f"{count} item{'s' * (count != 1)} · {bytes_text(history.nbytes)}")
