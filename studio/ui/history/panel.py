"""The history panel: everything that can be undone and redone, with pictures, places and names."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QInputDialog, QLabel, QListView, QMenu, QSizePolicy, QVBoxLayout, QWidget

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged
from studio.ui.history.rows import DETAIL, HERE, NAME, PICTURE, HistoryRows
from studio.ui.kit import theme
from studio.ui.layers.network_text import bytes_text
from studio.ui.services.milestones import Milestones

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


_MOST = 200
"""Items that are listed; a list view's time goes with the number of its rows. Others come where one goes there."""


class HistoryModel(QAbstractListModel):
    """The state before the first item listed, then one row for each item: the newest, or those around the present."""

    def __init__(self, document: Document, milestones: Milestones, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._milestones = document, milestones
        self._start = 0  # the number of the first item listed
        self._count = 0
        self._pushed = -1  # so that the first look is one at something new
        self._row = 0
        self.renew()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent.isValid() else self._count + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        row, here = index.row(), self.row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._label(row)
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(theme.TEXT if row <= here else theme.DISABLED)
        if role == HERE:
            return row == here
        known = {DETAIL: self._milestones.touched, NAME: self._milestones.name, PICTURE: self._milestones.picture}
        if role in known:
            return known[role](self.position(row)) if row or not self._start else None
        words = ", ".join(filter(None, (self._label(row), index.data(NAME), index.data(DETAIL))))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{words}\n{_WHERE[(row > here) - (row < here)]}\nRight click to name it"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{words}, undone" if row > here else words
        return None

    @property
    def row(self) -> int:
        """Of the present state."""
        return self._document.history.position - self._start

    def position(self, row: int) -> int:
        """How many items of the history are done in the state of a row."""
        return row + self._start

    def _label(self, row: int) -> str:
        history = self._document.history
        if row:
            return history.label(self._start + row - 1)
        if self._start:
            return f"{self._start:,} earlier"
        return "Earliest that is kept" if history.has_forgotten else "As opened"

    def renew(self) -> None:
        """The history has changed."""
        history = self._document.history
        start = max(0, len(history) - _MOST)
        if history.position <= start:
            # One goes back past what is listed: as much before it as behind.
            start = max(0, history.position - _MOST // 2)
        count = min(len(history) - start, _MOST)
        if (history.pushed, start, count) != (self._pushed, self._start, self._count):
            self.beginResetModel()
            self._pushed, self._start, self._count = history.pushed, start, count
            self.endResetModel()
        elif self._row != self.row:
            first, last = sorted((self._row, self.row))
            self.dataChanged.emit(self.index(first), self.index(last))
        self._row = self.row

    def show_known(self) -> None:
        """More is known of some states."""
        self.dataChanged.emit(self.index(0), self.index(self._count))


_WHERE = {-1: "Click to undo everything after this", 0: "You are here", 1: "Undone: click to redo up to here"}


class HistoryPanel(QWidget):
    """A row for each thing done; a click goes to the state after it.

    Args:
        document: whose history it is.
        milestones: what is remembered of each state.
    """

    def __init__(self, document: Document, milestones: Milestones, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._milestones = document, milestones
        self.setAutoFillBackground(True)
        self.model = HistoryModel(document, milestones, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(HistoryRows(self.list))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
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
        milestones.changed.connect(self.model.show_known)
        self._show()

    def ask_name(self, position: int | None = None) -> None:
        """Let the person name a state, by how many items are done in it; the present one unless told otherwise."""
        position = self._document.history.position if position is None else position
        if not self._milestones.can_name(position):
            return
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle("Name this state")
        dialog.setLabelText("A name to come back to it by; an empty one takes it away")
        dialog.setTextValue(self._milestones.name(position))
        dialog.textValueSelected.connect(partial(self._milestones.call, position))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open_menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        position = self.model.position(index.row()) if index.isValid() else self._document.history.position
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Go there", partial(self._document.go, position))
        name = menu.addAction("Name this state…", partial(self.ask_name, position))
        name.setEnabled(self._milestones.can_name(position))
        unname = menu.addAction("Take the name away", partial(self._milestones.call, position, ""))
        unname.setEnabled(bool(self._milestones.name(position)))
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _go(self, index: QModelIndex) -> None:
        if index.row() != self.model.row:
            self._document.go(self.model.position(index.row()))

    def _follow(self, change: Change) -> None:
        if isinstance(change, HistoryChanged | NetworkChanged):
            self._show()

    def _show(self) -> None:
        history = self._document.history
        self.model.renew()
        here = self.model.index(self.model.row)
        self.list.setCurrentIndex(here)
        self.list.scrollTo(here)
        count = len(history)
        self._foot.setText(f"{count} item{'s' * (count != 1)} · {bytes_text(history.nbytes)}")
