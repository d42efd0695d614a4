"""What is read of a disk that may never answer: one of a network that is gone, or a file that is the system's."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from studio.errors import StudioError

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds in which a thread does nothing, and then what it reads does not answer: a disk that was asleep does."""

_BLIND = 60.0
"""Seconds that a read may take in all where the system does not tell what a thread does."""

_LOOK_EVERY = 0.5

_silent: dict[str, _Reading[Any]] = {}
"""What has not answered so far, and what waits for it still."""


def await_answer(path: str | Path) -> None:
    """Wait until the first byte of a file, or the first entry of a folder, has been read, or cannot be.

    What is no file and no folder is left alone.

    Args:
        path: of what is to be opened.

    Raises:
        StudioError: see `answered`.
    """
    answered(path, lambda: _ask(str(path)))


def answered(path: str | Path, read: Callable[[], T], late: Callable[[T], object] = lambda _: None) -> T:
    """Read something in a thread of its own, since nothing ends a read that the system does not.

    Args:
        path: what is read, for people.
        read: reads it.
        late: is given what comes when nobody waits for it any more, in the thread that read it.

    Returns:
        What it returns; what it raises is raised.

    Raises:
        StudioError: where its thread has done nothing for ten seconds, or a minute on systems that tell no such
            thing; at once where an earlier call still waits for the same.
    """
    name = str(path)
    earlier = _silent.pop(name, None)
    if earlier is None or not earlier.is_alive():
        earlier = reading = _Reading(read)
        reading.start()
        if reading.is_done():
            return reading.done.result()
        reading.done.add_done_callback(lambda done: None if done.exception() else late(done.result()))
    _silent[name] = earlier
    raise StudioError(
        f"{name} does not answer, though it was waited for; see whether its disk or network is there, and try again."
    )


class _Reading(threading.Thread, Generic[T]):
    """Carries out `read`, and tells by what it has had of the processor whether it goes on."""

    def __init__(self, read: Callable[[], T]) -> None:
        super().__init__(name="read", daemon=True)
        self.done: Future[T] = Future()
        self._read = read
        self._clock: int | None = None

    def run(self) -> None:
        # Of a thread that has ended the system must not be asked for its clock.
        if clock_of := getattr(time, "pthread_getcpuclockid", None):
            self._clock = clock_of(threading.get_ident())
        try:
            found = self._read()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self.done.set_exception(error)
        else:
            self.done.set_result(found)

    def is_done(self) -> bool:
        """Wait until it is, or it has done nothing for too long."""
        before, idle = self._spent(), 0.0
        while True:
            with suppress(TimeoutError):
                self.done.exception(_LOOK_EVERY)
                return True
            # Looks are counted, not seconds: while the whole program is stopped, as by Ctrl+Z, nothing can be read.
            spent = self._spent()
            idle = idle + _LOOK_EVERY if spent == before else 0.0
            before = spent
            if idle >= (_BLIND if spent is None else _PATIENCE):
                return False

    def _spent(self) -> float | None:
        """Seconds of the processor's that it has had; None where the system does not tell."""
        if self._clock is None:
            return None
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0


def _ask(name: str) -> None:
    with suppress(OSError, ValueError):
        mode = os.stat(name).st_mode  # noqa: PTH116 - Path refuses names that the system takes
        if stat.S_ISREG(mode):
            descriptor = os.open(name, os.O_RDONLY)
            try:
                os.read(descriptor, 1)
            finally:
                os.close(descriptor)
        elif stat.S_ISDIR(mode):
            with os.scandir(name) as entries:
                next(entries, None)
