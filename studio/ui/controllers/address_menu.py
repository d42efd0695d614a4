"""The menu of every control that has an address: learn, modulate, reset, copy."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from studio.control.osc_place import ROOT
from studio.errors import StudioError
from studio.model.address import Number
from studio.model.document import Document
from studio.model.mapping import MAPPINGS, Mapping
from studio.model.route import ROUTES, added
from studio.modulators import registry
from studio.runtime.live.report import Message
from studio.ui.kit.addressed import address_at, address_of
from studio.ui.kit.events import Events
from studio.ui.services.controllers import Controllers


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
        """Take a right click on a control that has an address."""
        address = address_of(watched) if isinstance(watched, QWidget) else ""
        return bool(address) and isinstance(event, QContextMenuEvent) and self.open(address, event.globalPos())

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
        address = address_at(QCursor.pos()) or address_of(QApplication.focusWidget())
        if address:
            self._controllers.learn(address)
        else:
            self._say(Message("Put the mouse over a control that has a number, or Tab to one.", "warning"))

    def open(self, address: str, place: QPoint) -> bool:
        """Open the menu of a number at a place of the screen; False where there is no such number."""
        menu = self.menu(address)
        if menu is None:
            return False
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)
        return True

    def menu(self, address: str) -> QMenu | None:
        """The menu of a number; None where there is none at this address."""
        number = self._controllers.hub.names.numbers().get(address)
        if number is None:
            return None
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        head = menu.addAction(f"{number.label}   {address}")
        head.setEnabled(False)
        menu.addSeparator()
        learn = self._controllers.learn
        menu.addAction("Learn a control", lambda: learn(address)).setToolTip(
            "The next control that you move, by MIDI or OSC, turns it in this preset"
        )
        menu.addAction("Learn a control, for all presets", lambda: learn(address, for_all=True))
        for mapping in self._controllers.hub.mappings:
            if mapping.target == address:
                menu.addAction(f"Forget {mapping.signal}", lambda mapping=mapping: self._forget(mapping))
        menu.addSeparator()
        moves = menu.addAction("Modulate", lambda: self._modulate(number))
        moves.setEnabled(self._can_move(address))
        menu.addAction("Reset", lambda: self._reset(address)).setToolTip(f"To {number.default:g}")
        menu.addSeparator()
        menu.addAction("Copy the address", lambda: self._copy(address))
        menu.addAction("Copy the OSC path", lambda: self._copy(f"{ROOT}{address}"))
        return menu

    def _can_move(self, address: str) -> bool:
        return any(number.address == address for number in self._controllers.hub.names.movable())

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
