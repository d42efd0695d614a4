"""Qt's actions, made of commands, and brought up to date when what they follow changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.errors import StudioError
from studio.model.declared import plugins
from studio.model.networks.changes import Change, DetailsChanged, HistoryChanged, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.ui.kit.command import Command, Context
from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed

_TOPICS = {NetworkChanged: "network", HistoryChanged: "history", DetailsChanged: "details"}


class Actions:
    """An action for every command.

    Args:
        context: what the commands act on.
        commands: all that there are.
        owner: gets the actions, so that their keys work in all of it.
        say_error: shows what could not be done.
        waits: whether what a command is about is not there yet, so that it cannot be asked whether it is on.
        prepare: makes what a command is about, where that is not there yet.
    """

    def __init__(
        self,
        context: Context,
        commands: Iterable[Command],
        owner: QWidget,
        say_error: Callable[[str], None],
        waits: Callable[[Command], bool] = lambda _: False,
        prepare: Callable[[Command], object] = lambda _: None,
    ) -> None:
        self._context = context
        self._waits, self._prepare = waits, prepare
        self._owner = owner
        self._say_error = say_error
        self.commands = {command.id: command for command in commands}
        self._actions = {command.id: self._make(command) for command in self.commands.values()}
        self._followers: dict[str, list[Command]] = {}
        for command in self.commands.values():
            for topic in command.follows:
                self._followers.setdefault(topic, []).append(command)
        self.attach(owner)
        context.document.changed.connect(self._follow)
        context.workspace.changed.connect(self._listen)
        context.changed.connect(self._refresh)

    def __getitem__(self, command: str) -> QAction:
        """The action of a command, by its id."""
        return self._actions[command]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def attach(self, window: QWidget) -> None:
        """Let the keys work in another window, too."""
        window.addActions(list(self._actions.values()))

    def refresh(self, commands: Iterable[Command] | None = None) -> None:
        """Bring the check marks and what is greyed out up to date, of all commands unless told otherwise."""
        for command in self.commands.values() if commands is None else commands:
            self._show(command)

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text, self._owner)
        action.setObjectName(command.id)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.setIconText(command.label or command.text.rstrip("…"))
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setToolTip(tip_of(command))
        action.setStatusTip(keyed(command.tip))
        action.setCheckable(command.is_on is not None)
        action.triggered.connect(partial(self._do, command))
        if command.id == "file.quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        return action

    def _do(self, command: Command, _checked: bool = False) -> None:
        try:
            self._prepare(command)
            with plugins.guarded(command.run):
                command.run(self._context)
        except StudioError as error:
            self._say_error(str(error))
        # Qt has turned the mark of its own, which may not be what has come of it.
        self._show(command)

    def _show(self, command: Command) -> None:
        if self._waits(command):
            return
        action = self._actions[command.id]
        if command.is_on is not None:
            action.setChecked(plugins.answer(command.is_on, partial(command.is_on, self._context), False))
        if command.enabled is not None:
            action.setEnabled(plugins.answer(command.enabled, partial(command.enabled, self._context), False))

    def _refresh(self, topic: str) -> None:
        for command in self._followers.get(topic, ()):
            self._show(command)

    def _follow(self, change: Change) -> None:
        if isinstance(change, SectionChanged):
            self._refresh(f"section.{change.section}")
        else:
            self._refresh(_TOPICS.get(type(change), ""))

    def _listen(self, field: str) -> None:
        self._refresh(f"workspace.{field}")


def keys_of(command: Command) -> list[str]:
    """The keys of a command as this system writes them."""
    return [QKeySequence(each).toString(QKeySequence.SequenceFormat.NativeText) for each in command.keys]


def tip_of(command: Command) -> str:
    """What a tool tip says: the text, the keys, and one line more."""
    keys = ", ".join(keys_of(command)[:1])
    head = command.text.rstrip("…") + (f"  ({keys})" if keys else "")
    return f"{head}\n{keyed(command.tip)}" if command.tip else head
