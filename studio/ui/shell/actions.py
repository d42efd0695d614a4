"""Qt's actions, made of `studio.ui.shell.commands`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from studio.errors import StudioError
from studio.ui.kit.icons import icon
from studio.ui.shell.commands import COMMANDS, Command

if TYPE_CHECKING:
    from studio.ui.shell.main_window import MainWindow


class Actions:
    """An action for every command.

    Args:
        window: what the commands act on; the actions become its own, so that their keys work in all of it.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._actions = {command.name: self._make(command) for command in COMMANDS}
        window.addActions(list(self._actions.values()))

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text, self._window)
        action.setObjectName(command.name)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setToolTip(tip_of(command))
        action.setStatusTip(command.tip)
        action.setCheckable(command.is_on is not None)
        action.triggered.connect(partial(self._do, command))
        if command.name in ("quit",):
            action.setMenuRole(QAction.MenuRole.QuitRole)
        return action

    def _do(self, command: Command, _checked: bool = False) -> None:
        try:
            command.do(self._window)
        except StudioError as error:
            self._window.say_error(str(error))
        self.refresh()

    def refresh(self) -> None:
        """Bring check marks and what is greyed out up to date."""
        for command in COMMANDS:
            action = self._actions[command.name]
            if command.is_on is not None:
                action.setChecked(command.is_on(self._window))
            if command.enabled is not None:
                action.setEnabled(command.enabled(self._window))

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """A menu for each group of commands, in their order; by name."""
        menus: dict[str, QMenu] = {}
        for command in COMMANDS:
            if command.menu not in menus:
                menus[command.menu] = bar.addMenu(command.menu)
                menus[command.menu].setToolTipsVisible(True)
            if command.starts_group:
                menus[command.menu].addSeparator()
            menus[command.menu].addAction(self._actions[command.name])
        return menus


def tip_of(command: Command) -> str:
    """What a tool tip says: the text, the keys, and one line more."""
    keys = ", ".join(QKeySequence(each).toString(QKeySequence.SequenceFormat.NativeText) for each in command.keys[:1])
    head = command.text.rstrip("…") + (f"  ({keys})" if keys else "")
    return f"{head}\n{command.tip}" if command.tip else head
