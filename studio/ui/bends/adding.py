"""Choosing a bend: a line to search by name, and all bends under their headings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.bends import registry
from studio.model.bend import Bend
from studio.ui.kit import theme
from studio.ui.kit.icons import icon

GROUPS = ("Values", "Filters", "Space", "Channels", "Time", "From elsewhere")
_KIND = Qt.ItemDataRole.UserRole


def bend_groups() -> dict[str, list[type[Bend]]]:
    """All bends by heading, each group by label."""
    groups: dict[str, list[type[Bend]]] = {}
    for kind in sorted(registry().values(), key=lambda kind: kind.label):
        groups.setdefault(kind.group, []).append(kind)
    known = [name for name in GROUPS if name in groups]
    return {name: groups[name] for name in [*known, *sorted(groups.keys() - set(known))]}


def first_line(kind: type[Bend]) -> str:
    """The first paragraph of a bend's docstring, without its markup."""
    return " ".join((kind.__doc__ or kind.label).split("\n\n")[0].replace("``", "").split())


class BendChooser(QFrame):
    """A small window that closes when a bend is chosen; ``chosen`` brings its class."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("chooser")
        self.setStyleSheet(f"QFrame#chooser {{ background: {theme.PANEL}; border: 1px solid {theme.FAINT}; }}")
        self.search = QLineEdit(placeholderText="Find bend", clearButtonEnabled=True)
        self.search.setAccessibleName("Find bend")
        self.search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget()
        self.list.setAccessibleName("Bends")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.resize(300, 420)
        self._fill()
        self.search.textChanged.connect(self._seek)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)

    def open_below(self, widget: QWidget) -> None:
        """Show it below a button, with the keyboard in the search line."""
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

    def _fill(self) -> None:
        bold = QFont(self.font())
        bold.setBold(True)
        for group, kinds in bend_groups().items():
            heading = QListWidgetItem(group)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            heading.setForeground(QColor(theme.FAINT))
            heading.setFont(bold)
            self.list.addItem(heading)
            for kind in kinds:
                item = QListWidgetItem(kind.label)
                item.setToolTip(first_line(kind))
                item.setData(_KIND, kind)
                self.list.addItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _seek(self, text: str) -> None:
        wanted, heading, first = text.strip().lower(), None, None
        for item in self._items():
            kind = item.data(_KIND)
            if kind is None:
                heading = item
                item.setHidden(True)
                continue
            shown = wanted in kind.label.lower() or wanted in first_line(kind).lower()
            item.setHidden(not shown)
            if shown:
                first = first or item
                if heading is not None:
                    heading.setHidden(False)
        if first is not None:
            self.list.setCurrentItem(first)

    def _step(self, by: int) -> None:
        shown = [item for item in self._items() if not item.isHidden() and item.data(_KIND) is not None]
        if shown:
            here = self.list.currentItem()
            place = shown.index(here) if here in shown else -1
            self.list.setCurrentItem(shown[(place + by) % len(shown)])

    def _choose(self, item: QListWidgetItem | None) -> None:
        kind = item.data(_KIND) if item is not None and not item.isHidden() else None
        if kind is not None:
            self.hide()
            self.chosen.emit(kind)
