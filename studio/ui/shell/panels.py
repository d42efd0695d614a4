"""The panels of the window and when they are made: those that are seen at once, the others later."""

from __future__ import annotations

import contextlib
import pkgutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from studio.errors import StudioError
from studio.model.declared import plugins
from studio.ui.kit.command import Command, Context
from studio.ui.kit.events import Events
from studio.ui.kit.panel import Panel

Made = tuple[Panel, QWidget | None]
"""A panel with its widget; None where that is not made yet."""

_BETWEEN = 20
"""Milliseconds from one panel that nobody waits for to the next, in which the window answers."""


_REST = 0.5
"""Seconds after the last key, press, move or turn of the wheel before panels go on being made."""

_HANDS = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.TabletPress,
    QEvent.Type.TabletMove,
    QEvent.Type.TabletRelease,
    QEvent.Type.Wheel,
)


def _nothing() -> None:
    pass


def _import(*names: str) -> None:
    with contextlib.suppress(Exception):
        for name in names:
            found = pkgutil.resolve_name(name)
            if ":" in name:
                found()


class Panels(QObject):
    """Makes what lies behind other panels when it is shown, when somebody asks the context for it, or at leisure.

    A window of twenty panels is there in half the time if those that nobody sees come after it.

    Args:
        context: what panels are made of, and where they are found.
        declared: all of them, by area, stack and order.
        say_error: shows what could not be made.

    Attributes:
        left_out: those of plug-ins that could not be made.
        then: called with a panel and its widget when one has been made later.
        begun: called once, when the first picture is there.
        finished: called once, when all have been made and the first picture is there.
    """

    def __init__(self, context: Context, declared: Iterable[Panel], say_error: Callable[[str], None]) -> None:
        super().__init__(context.window)
        self._context = context
        self._say_error = say_error
        self._waiting: dict[str, Panel] = {}
        self._timer = QTimer(self, interval=_BETWEEN, singleShot=True)
        self._timer.timeout.connect(self._go_on)
        self.left_out: list[Panel] = []
        self.then: Callable[[Panel, QWidget], object] = lambda _panel, _widget: None
        self.begun = self.finished = _nothing
        self._unplaced: list[tuple[Panel, QWidget]] = []
        self._importing: threading.Thread | None = None
        self._hand = float("-inf")  # when a hand did something last
        context[Events].on(_HANDS, self._note_hand)
        self.all = list(self._begin(declared))
        context.supply = self.make_next

    def _begin(self, declared: Iterable[Panel]) -> Iterator[Made]:
        stacks = groupby(declared, lambda panel: (panel.area, panel.stack))
        front = {
            panel.id for panel in (next((p for p in of if not p.starts_hidden), None) for _, of in stacks) if panel
        }
        # Others hand their tools to what is in the middle, so that comes first.
        for panel in sorted(declared, key=lambda panel: panel.area != "middle"):
            is_seen = panel.area == "middle" or (panel.id in front and not panel.comes_later)
            # A plug-in's is made at once, so that what is wrong with it is known before menus are.
            if is_seen or plugins.owner_of(panel.make) is not None:
                widget = self._make(panel)
                if widget is not None:
                    yield panel, widget
            else:
                self._waiting[panel.id] = panel
                yield panel, None
        # Those that are seen come first of those that come later.
        self._waiting = dict(sorted(self._waiting.items(), key=lambda each: each[0] not in front))

    def waits(self, command: Command) -> bool:
        """Whether a command belongs to a panel that is not made yet."""
        return any(command in panel.commands for panel in self._waiting.values())

    def make_for(self, command: Command) -> None:
        """Make the panel that a command belongs to, if it is not there: one, and not all that stand before it."""
        for name in [panel.id for panel in self._waiting.values() if command in panel.commands]:
            self.make(name)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Those that are not there yet."""
        return (*(panel.id for panel, _ in self._unplaced), *self._waiting)

    def make(self, name: str) -> None:
        """Make a panel now, if it is not there."""
        self._begin_one(name)
        self._end_one()

    def make_next(self) -> bool:
        """Make the next one that waits; False where none does."""
        name = next(iter(self._waiting), None)
        if name is None:
            return False
        self.make(name)
        return True

    def make_at_leisure(self) -> None:
        """Make what waits, one after another, whenever the window has a moment."""
        begun, self.begun = self.begun, _nothing
        begun()
        if self._waiting or self._unplaced:
            self._timer.start()
            return
        finished, self.finished = self.finished, _nothing
        finished()

    def _go_on(self) -> None:
        """One panel, unless a hand is at work or what it needs is still being imported."""
        rests = time.monotonic() - self._hand >= _REST
        try:
            if rests and self._unplaced:
                self._end_one()
            elif rests and self._has_imported():
                self._begin_one(next(iter(self._waiting), ""))
        finally:
            self.make_at_leisure()

    def _begin_one(self, name: str) -> None:
        panel = self._waiting.pop(name, None)
        if panel is not None:
            with self._context[Events].paused():
                widget = self._make(panel)
            if widget is not None:
                self._unplaced.append((panel, widget))

    def _end_one(self) -> None:
        """Put what has been made where it belongs: a turn of its own, because Qt looks up every style in it then."""
        while self._unplaced:
            panel, widget = self._unplaced.pop()
            with self._context[Events].paused():
                self.then(panel, widget)

    def _has_imported(self) -> bool:
        """Whether nothing need be imported for the next panel; if something must, that begins."""
        panel = next(iter(self._waiting.values()), None)
        missing = [name for name in panel.modules if name not in sys.modules] if panel is not None else []
        if self._importing is None and missing:
            self._importing = threading.Thread(target=_import, args=missing, name="imports", daemon=True)
            self._importing.start()
        elif self._importing is not None and not self._importing.is_alive():
            # What could not be imported fails once more where the panel is made, and is told of there.
            self._importing = None
            return True
        return self._importing is None

    def _note_hand(self, watched: QObject, event: QEvent) -> bool:
        del watched, event
        self._hand = time.monotonic()
        return False

    def _make(self, panel: Panel) -> QWidget | None:
        try:
            with plugins.guarded(panel.make):
                return self._context.add(panel.make(self._context))
        except StudioError as error:
            if plugins.owner_of(panel.make) is None:
                raise
            self._say_error(str(error))
            self.left_out.append(panel)
            return None
