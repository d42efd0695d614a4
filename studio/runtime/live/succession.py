"""The thread that plays sources, and the one that takes its place where it waits for a disk that never answers."""

from __future__ import annotations

import threading
from collections.abc import Callable

_SILENT = 5.0
"""Seconds after which a thread that still reads the source before is left to itself."""


class Succession:
    """Has one thread play, at a time.

    Args:
        wake: notified when nothing is to be played any more. Its lock is held by whoever makes this, or calls `begin`.
        play: what it does, until `is_ours` says that another does it now.
    """

    def __init__(self, wake: threading.Condition, play: Callable[[], object]) -> None:
        self._wake, self._play = wake, play
        self._begun = 0
        self.thread = self._started()

    def is_ours(self) -> bool:
        """Whether the thread that asks is the one that plays."""
        return threading.current_thread() is self.thread

    def begin(self, serial: int) -> None:
        """Note that it has turned to this source."""
        if serial != self._begun:
            self._begun = serial
            self._wake.notify_all()

    def see_begun(self, serial: int, is_over: Callable[[], bool]) -> None:
        """Wait until it has turned to this source, or nothing is to be played; where it never does, another plays."""
        with self._wake:
            if not self._wake.wait_for(lambda: self._begun >= serial or is_over(), _SILENT):
                self._begun = serial
                self.thread = self._started()

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._play, name="capture", daemon=True)
        thread.start()
        return thread
