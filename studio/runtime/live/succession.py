"""The thread that plays sources, and the one that takes its place while it still reads the source before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from studio.io.answering import LOOK_EVERY, Stillness, clock_of_thread


class Succession:
    """Has one thread play, at a time. Whoever makes it or calls it holds the lock by which those threads wait.

    Args:
        play: what a thread does, until `is_ours` says that another does it now.

    Attributes:
        threads: the one that plays, and those before it that have not ended.
    """

    def __init__(self, play: Callable[[], object]) -> None:
        self._play = play
        self._at_work: Stillness | None = None
        self._looked, self._is_silent = 0.0, False
        self.threads: list[threading.Thread] = []
        self._start()

    def is_ours(self) -> bool:
        """Whether the thread that asks is the one that plays; it may ask without the lock."""
        return threading.current_thread() is self.threads[-1]

    def work(self) -> None:
        """The thread that plays turns to its source."""
        self._at_work, self._looked, self._is_silent = Stillness(clock_of_thread()), time.monotonic(), False

    def rest(self) -> None:
        """The thread that asks needs nothing of its source for now."""
        if self.is_ours():
            self._at_work = None

    def make_way(self) -> None:
        """Another source is to be played: at once, whatever the one before is waited for."""
        if self._at_work is not None:
            self._at_work = None
            self._start()

    def is_silent(self) -> bool:
        """Whether the source has been waited for too long, by a thread that does nothing; to be asked often."""
        if self._at_work is not None and time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked, self._is_silent = time.monotonic(), self._at_work.is_too_long()
        return self._at_work is not None and self._is_silent

    def _start(self) -> None:
        self.threads = [thread for thread in self.threads if thread.is_alive()]
        self.threads.append(threading.Thread(target=self._play, name="capture", daemon=True))
        self.threads[-1].start()
