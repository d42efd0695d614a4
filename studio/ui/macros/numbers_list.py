"""Every number of the preset, to be searched, and dragged onto a macro."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.model.movement.address import Number
from studio.ui.kit import theme
from studio.ui.kit.icons import icon

_ADDRESS = Qt.ItemDataRole.UserRole


class _List(QListWidget):
    """Gives the address of what is dragged away."""

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:  # noqa: N802 - Qt's name
        data = QMimeData()
        if items:
            data.setText(items[0].data(_ADDRESS))
        return data


class NumbersList(QWidget):
    """``chosen`` brings the address of a number on which Return was pressed, or which was clicked twice."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[tuple[str, str], ...] = ()
        self.search = QLineEdit(placeholderText="Find number", clearButtonEnabled=True)
        self.search.setAccessibleName("Find number")
        self.search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.list = _List()
        self.list.setAccessibleName("Numbers")
        self.list.setToolTip("Drag a number onto a macro, or click it twice to let the chosen macro turn it")
        self.list.setUniformItemSizes(True)
        self.list.setDragEnabled(True)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.list.setMinimumHeight(96)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._seek)
        self.search.returnPressed.connect(self._take_first)
        self.list.itemActivated.connect(lambda item: self.chosen.emit(item.data(_ADDRESS)))

    def offer(self, numbers: Iterable[Number]) -> None:
        """List these; the list stays where it is where they are those of before."""
        offered = tuple((number.address, number.label) for number in numbers)
        if offered == self._offered:
            return
        self._offered = offered
        self.list.clear()
        for address, label in offered:
            item = QListWidgetItem(f"{label}   {address}")
            item.setData(_ADDRESS, address)
            self.list.addItem(item)
        self._seek(self.search.text())

    def address_at(self, place: QPoint) -> str:
        """The address of the item at a place of the screen; empty where there is none."""
        item = self.list.itemAt(self.list.viewport().mapFromGlobal(place))
        inside = self.list.viewport().rect().contains(self.list.viewport().mapFromGlobal(place))
        return str(item.data(_ADDRESS)) if item is not None and inside and self.list.isVisible() else ""

    def _seek(self, text: str) -> None:
        words = text.lower().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not all(word in item.text().lower() for word in words))

    def _take_first(self) -> None:
        for row in range(self.list.count()):
            if not self.list.item(row).isHidden():
                self.chosen.emit(self.list.item(row).data(_ADDRESS))
                return
