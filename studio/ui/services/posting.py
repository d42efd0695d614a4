"""From other threads to the window's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class Post(QObject):
    """Called in any thread with something, it has that called in the thread that made it, in order."""

    _sent = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_closed = False
        self._sent.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def __call__(self, call: Callable[[], None]) -> None:
        """Have it called soon; forgotten where the window is gone."""
        # The object may be deleted while another thread is on its way here.
        with contextlib.suppress(RuntimeError):
            self._sent.emit(call)

    def close(self) -> None:
        """Have nothing called from now on, not even what is on its way: what it is about is gone."""
        self._is_closed = True

    def _call(self, call: Callable[[], None]) -> None:
        if not self._is_closed:
            call()
