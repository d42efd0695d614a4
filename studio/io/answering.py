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

LOOK_EVERY = 0.5
"""Seconds between two looks at a thread."""

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
    raise no_answer(name)


def no_answer(name: str) -> StudioError:
    """What is said of what has been waited for too long."""
    return StudioError(
        f"{name} does not answer, though it was waited for; see whether its disk or network is there, and try again."
    )


def clock_of_thread() -> int | None:
    """The clock that tells what the thread that asks has had of the processor; None where the system has none."""
    # Of a thread that has ended the system must not be asked for its clock.
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return clock_of(threading.get_ident()) if clock_of is not None else None


class Stillness:
    """For how long a thread has done nothing, by what it has had of the processor.

    Looks are counted, not seconds: while the whole program is stopped, as by Ctrl+Z, nothing can be read.

    Args:
        clock: of that thread, see `clock_of_thread`; it may be set later.
    """

    def __init__(self, clock: int | None = None) -> None:
        self.clock = clock
        self._before, self._idle = self._spent(), 0.0

    def is_too_long(self) -> bool:
        """Look again, `LOOK_EVERY` seconds after the last time: whether it has done nothing for ten seconds by now.

        A minute it is on systems that do not tell what a thread does.
        """
        spent = self._spent()
        self._idle = self._idle + LOOK_EVERY if spent == self._before else 0.0
        self._before = spent
        return self._idle >= (_BLIND if spent is None else _PATIENCE)

    def _spent(self) -> float | None:
        """Seconds of the processor's that it has had; None where the system does not tell."""
        if self.clock is None:
            return None
        try:
            return time.clock_gettime(self.clock)
        except OSError:
            return 0.0


class _Reading(threading.Thread, Generic[T]):
    """Carries out `read`, and tells by what it has had of the processor whether it goes on."""

    def __init__(self, read: Callable[[], T]) -> None:
        super().__init__(name="read", daemon=True)
        self.done: Future[T] = Future()
        self._read = read
        self._stillness = Stillness()

    def run(self) -> None:
        self._stillness.clock = clock_of_thread()
        try:
            found = self._read()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self.done.set_exception(error)
        else:
            self.done.set_result(found)

    def is_done(self) -> bool:
        """Wait until it is, or it has done nothing for too long."""
        while True:
            with suppress(TimeoutError):
                self.done.exception(LOOK_EVERY)
                return True
            if self._stillness.is_too_long():
                return False


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
