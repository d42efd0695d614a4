"""The command palette: everything that there is, by a few letters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.errors import StudioError
from studio.model.movement.address import joined
from studio.runtime.live.report import Message
from studio.ui.kit import theme
from studio.ui.kit.actions import Actions, keys_of
from studio.ui.kit.command import Context
from studio.ui.kit.entry import Entry, fit, plain
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import COMMAND, HEAD
from studio.ui.services.controllers import Controllers
from studio.ui.services.messages import MessageBar
from studio.ui.shell.declared import Declared

_MOST = 60
_RECENT = 8
ENTRY = Qt.ItemDataRole.UserRole + 1
_HEIGHT, _WIDTH, _ROW = 420, 620, 30

_PRESSED = (f"/{COMMAND}/", f"/{HEAD}/")
"""Addresses of what has an entry of its own, or is seen."""

Index = QModelIndex | QPersistentModelIndex


class Palette(QFrame):
    """A field, and beneath it what fits; Enter does it, Escape leaves everything as it is.

    Args:
        context: what entries act on, and with what they are found.
        declared: the panels, which know entries of their own.
        actions: the commands.
    """

    def __init__(self, context: Context, declared: Declared, actions: Actions) -> None:
        super().__init__(context.window, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self.setStyleSheet(f"QFrame#palette {{ background: {theme.PANEL}; border: 1px solid {theme.EDGE}; }}")
        self._context = context
        self._declared = declared
        self._actions = actions
        self._entries: list[Entry] = []
        self._recent: list[tuple[str, str]] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText("A command, layer, preset, network, bend, edit or address")
        self.field.setAccessibleName("Find anything")
        self.field.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.model = _Model(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("What fits")
        self.list.clicked.connect(lambda index: self._choose(index.data(ENTRY)))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._ask)
        box = QVBoxLayout(self)
        box.setContentsMargins(*(theme.SPACE,) * 4)
        box.addWidget(self.field)
        box.addWidget(self.list, 1)

    def show_over(self, window: QWidget) -> None:
        """Open in the upper middle of a window."""
        self._entries = list(self._all())
        width = min(_WIDTH, window.width() - 4 * theme.SPACE)
        self.resize(width, min(_HEIGHT, window.height() - 120))
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, 72)))
        self.field.clear()
        self._find("")
        self.show()
        self.field.setFocus()

    def _ask(self, at: QPoint) -> None:
        """A command or a number can be learnt here as well, where no button stands for it."""
        from studio.ui.controllers.address_menu import AddressMenu

        entry: Entry | None = self.list.indexAt(at).data(ENTRY)
        if entry is not None and entry.address:
            menu, place = self._context[AddressMenu].menu(entry.address), self.list.viewport().mapToGlobal(at)
            self.close()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(place)

    def _all(self) -> Iterator[Entry]:
        for command in self._actions.commands.values():
            action = self._actions[command.id]
            if action.isEnabled():
                where = command.menu.menu.replace("/", " › ") if command.menu else ""
                keys = ", ".join(keys_of(command)[:1])
                text = command.text.rstrip("…")
                # "Set" alone, say, might be anything.
                detail = "   ".join(filter(None, (where, keys)))
                run, address = plain(action.trigger), joined(COMMAND, command.id)
                yield Entry(text, "Command", run, detail, command.icon, address=address)
        for panel in self._declared.panels:
            yield from panel.entries(self._context)
        for address, (number, value) in self._context[Controllers].hub.names.listed().items():
            if number.kind == "trigger" or address.startswith(_PRESSED):
                continue
            detail = f"{value:g}, {number.range_in_words}"
            run = partial(self._turn, address)
            said = f"{number.label}: {detail}"
            yield Entry(address, "Number", run, said, "sliders", takes_value=True, address=address)

    def _turn(self, address: str, text: str) -> None:
        try:
            value: object = float(text)
        except ValueError:
            value = text
        self._context[Controllers].hub.names.set(address, value)

    def _find(self, typed: str) -> None:
        found: list[tuple[float, int, Entry]] = []
        for number, entry in enumerate(self._entries):
            words = typed.partition(" ")[0] if entry.takes_value else typed
            value = fit(words, entry.text) or 0.6 * fit(words, f"{entry.kind} {entry.text}")
            if not words.strip():
                value = 1.0  # as menus and panels have them
            if value:
                found.append((value + self._bonus(entry), -number, entry))
        found.sort(key=lambda each: each[:2], reverse=True)
        self.model.show_entries([entry for _, _, entry in islice(found, _MOST)])
        self.list.setCurrentIndex(self.model.index(0))

    def _bonus(self, entry: Entry) -> float:
        """What was chosen lately comes first among what fits alike."""
        name = entry.kind, entry.text
        return 1.0 - self._recent.index(name) / _RECENT if name in self._recent else 0.0

    def eventFilter(self, watched: object, event: object) -> bool:  # noqa: N802 - Qt's name
        """Arrows go up and down the list while letters are typed."""
        del watched
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            return self._key(Qt.Key(event.key()))
        return False

    def _key(self, key: Qt.Key) -> bool:
        row, last = self.list.currentIndex().row(), self.model.rowCount() - 1
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}
        if key in steps:
            self.list.setCurrentIndex(self.model.index(min(max(0, row + steps[key]), last)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex().data(ENTRY))
        elif key == Qt.Key.Key_Escape:
            self.close()
        else:
            return False
        return True

    def _choose(self, entry: Entry | None) -> None:
        if entry is None:
            return
        typed = self.field.text()
        if entry.takes_value and " " not in typed.strip():
            # The value comes next.
            self.field.setText(f"{entry.text} ")
            return
        self.close()
        name = entry.kind, entry.text
        self._recent = [name, *(other for other in self._recent if other != name)][:_RECENT]
        try:
            entry.run(typed.partition(" ")[2].strip() if entry.takes_value else "")
        except StudioError as error:
            self._context[MessageBar].say(Message(str(error), "error"))


class _Model(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == ENTRY:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.kind}: {entry.text}, {entry.detail}"
        return None


class _Rows(QStyledItemDelegate):
    """Icon, text, what it is, and its detail at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        del option, index
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        rect: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.CHOSEN))
        metrics = QFontMetrics(painter.font())
        middle, space = Qt.AlignmentFlag.AlignVCenter, theme.SPACE
        if entry.icon:
            icon(entry.icon).paint(painter, rect.adjusted(space, 7, -rect.width() + space + 16, -7))
        side = f"{entry.detail}   {entry.kind}" if entry.detail else entry.kind
        wide = min(metrics.horizontalAdvance(side) + 4, rect.width() // 2)
        text = rect.adjusted(space + 26, 0, -wide - 2 * space, 0)
        painter.setPen(QColor(theme.TEXT))
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(text, middle, metrics.elidedText(entry.text, elide, text.width()))
        painter.setPen(QColor(theme.FAINT))
        at = rect.adjusted(rect.width() - wide - space, 0, -space, 0)
        painter.drawText(at, middle | Qt.AlignmentFlag.AlignRight, metrics.elidedText(side, elide, wide))
        painter.restore()
