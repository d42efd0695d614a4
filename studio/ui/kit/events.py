"""One event filter for the whole program, which hands every event to those who asked for its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

Handler = Callable[[QObject, QEvent], bool]
"""Given what an event is for, and the event; returns whether it goes no further."""


class Events(QObject):
    """Hands events to those who asked for their kinds, wherever in the program they occur.

    Qt asks an application's filters about every event of every object, thousands of them while a window is made. So
    there is one filter, from `begin` on.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._handlers: dict[QEvent.Type, list[Handler]] = {}
        self._has_begun = False
        self._pauses = 0

    def on(self, kinds: Iterable[QEvent.Type], handle: Handler) -> None:
        """Have a handler see events of these kinds before their receivers do."""
        for kind in kinds:
            self._handlers.setdefault(kind, []).append(handle)

    def begin(self) -> None:
        """Begin to look at events; a second call changes nothing."""
        application = QApplication.instance()
        assert application is not None, "there is a window"
        if not self._has_begun:
            self._has_begun = True
            if not self._pauses:
                application.installEventFilter(self)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Look at nothing meanwhile: widgets that are being made get thousands of events, none from a person."""
        application = QApplication.instance()
        assert application is not None, "there is a window"
        if self._has_begun and not self._pauses:
            application.removeEventFilter(self)
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if self._has_begun and not self._pauses:
                application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hand it on; nearly every event passes at once."""
        handlers = self._handlers.get(event.type())
        return handlers is not None and any(handle(watched, event) for handle in handlers)
