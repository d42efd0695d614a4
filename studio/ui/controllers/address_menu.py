"""The menu of every control that has an address: learn, modulate, reset, copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from studio.control.namespace import UNMOVED
from studio.control.osc_place import ROOT
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Number
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import ROUTES, added
from studio.modulators import registry
from studio.runtime.live.report import Message
from studio.ui.kit.events import Events
from studio.ui.kit.reached import addresses_of_control
from studio.ui.services.controllers import Controllers


def _has_a_menu(widget: QWidget) -> bool:
    """Whether the right button opens something of its own on it."""
    ours = [kind for kind in type(widget).__mro__ if kind.__module__.startswith("studio.")]
    asks = widget.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
    return asks or any("contextMenuEvent" in vars(kind) for kind in ours)


_DOES = {"trigger": "sets it off", "switch": "switches it", "choice": "chooses"}
"""What a control that is learnt does to a number, by its kind."""


class AddressMenu(QObject):
    """Opens on a right click wherever a control stands for a number, in every window of the studio.

    Args:
        window: the studio's.
        document: whose numbers they are.
        controllers: learn.
        say: shows a sentence to the person.
        events: brings right clicks.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        controllers: Controllers,
        say: Callable[[Message], object],
        events: Events,
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._controllers, self._say = window, document, controllers, say
        events.on((QEvent.Type.ContextMenu,), self._ask)
        events.on((QEvent.Type.ShortcutOverride,), self._escape)

    def _ask(self, watched: QObject, event: QEvent) -> bool:
        """Take a right click on a control; where that opens a menu of its own, join it."""
        addresses = addresses_of_control(watched) if isinstance(watched, QWidget) else ()
        if not addresses or not isinstance(watched, QWidget) or not isinstance(event, QContextMenuEvent):
            return False
        if _has_a_menu(watched):
            QTimer.singleShot(0, self, lambda: self._join(addresses))
            return False
        menu = self.menu_of(addresses)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())
        return True

    def _join(self, addresses: Sequence[str]) -> None:
        """Stand as a menu within the one that has just opened."""
        opened = QApplication.activePopupWidget()
        if isinstance(opened, QMenu):
            menu = self.menu_of(addresses, opened)
            menu.setTitle("Learn, modulate, copy")
            opened.addSeparator()
            opened.addMenu(menu)

    def _escape(self, watched: QObject, event: QEvent) -> bool:
        """Escape stops learning."""
        del watched
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._controllers.hub.learns:
            self._controllers.hub.stop_learning()
            self._say(Message("Nothing was learnt."))
            event.accept()
            return True
        return False

    def learn_focused(self) -> None:
        """Learn a control for what the mouse is over, or what has the keyboard."""
        under = addresses_of_control(QApplication.widgetAt(QCursor.pos()))
        for address in under or addresses_of_control(QApplication.focusWidget()):
            self._controllers.learn(address)
            return
        self._say(Message("Put the mouse over a control, or Tab to one.", "warning"))

    def menu_of(self, addresses: Sequence[str], parent: QWidget | None = None) -> QMenu:
        """The menu of a control: that of its number, or one of menus where it turns several."""
        if len(addresses) == 1:
            return self.menu(addresses[0], parent)
        menu = QMenu(parent or self._window)
        for address in addresses:
            menu.addMenu(self.menu(address, menu))
        return menu

    def menu(self, address: str, parent: QWidget | None = None) -> QMenu:
        """The menu of a number; where there is none at this address now, only that can be copied."""
        menu = QMenu(parent or self._window)
        menu.setToolTipsVisible(True)
        try:
            number = self._controllers.hub.names.number(address)
        except StudioError:
            number = None
        head = menu.addAction(f"{number.label if number is not None else 'Nothing to turn yet'}   {address}")
        head.setEnabled(False)
        menu.setTitle(head.text())
        menu.addSeparator()
        if number is not None:
            self._fill(menu, number)
            menu.addSeparator()
        menu.addAction("Copy the address", lambda: self._copy(address))
        menu.addAction("Copy the OSC path", lambda: self._copy(f"{ROOT}{address}"))
        return menu

    def _fill(self, menu: QMenu, number: Number) -> None:
        address, learn = number.address, self._controllers.learn
        menu.addAction("Learn a control", lambda: learn(address)).setToolTip(
            f"The next control that you move, by MIDI or OSC, {_DOES.get(number.kind, 'turns it')} in this preset"
        )
        menu.addAction("Learn a control, for all presets", lambda: learn(address, for_all=True))
        for mapping in self._controllers.hub.mappings:
            if mapping.target == address:
                menu.addAction(f"Forget {mapping.signal}", lambda mapping=mapping: self._forget(mapping))
        menu.addSeparator()
        moves = menu.addAction("Modulate", lambda: self._modulate(number))
        moves.setEnabled(not address.startswith(UNMOVED))
        if not moves.isEnabled():
            moves.setToolTip("Routes move the numbers of presets, of the source, the view, the brush and the lesson")
        reset = menu.addAction("Reset", lambda: self._reset(address))
        reset.setEnabled(number.kind != "trigger")
        reset.setToolTip(f"To {number.word(number.default) or f'{number.default:g}'}" if reset.isEnabled() else "")

    def _modulate(self, number: Number) -> None:
        routes, route = added(self._document.section(ROUTES), registry()["LFO"](), number.address)
        self._document.set_section(ROUTES, routes, f"Move {number.label}")
        self._say(Message(f"{number.label} swings; its card is in the panel Movement, as number {route.id}."))

    def _reset(self, address: str) -> None:
        try:
            self._controllers.hub.names.reset(address)
        except StudioError as error:
            self._say(Message(str(error), "error"))

    def _forget(self, mapping: Mapping) -> None:
        hub, of_preset = self._controllers.hub, self._document.section(MAPPINGS)
        hub.set_mappings(
            tuple(each for each in of_preset if each != mapping),
            tuple(each for each in hub.own if each != mapping),
            f"Forget {mapping.signal}",
        )

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._say(Message(f"Copied {text}"))
