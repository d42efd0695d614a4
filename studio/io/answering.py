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
from typing import TypeVar

from studio.errors import StudioError

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds in which a thread does nothing, and then what it reads does not answer: a disk that was asleep does."""

_BLIND = 60.0
"""Seconds that a read may take in all where the system does not tell what a thread does."""

_LOOK_EVERY = 0.5

_silent: dict[str, threading.Thread] = {}
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


def answered(path: str | Path, read: Callable[[], T]) -> T:
    """Read something in a thread of its own, since nothing ends a read that the system does not.

    Args:
        path: what is read, for people.
        read: reads it.

    Returns:
        What it returns; what it raises is raised.

    Raises:
        StudioError: where its thread has done nothing for ten seconds, or a minute on systems that tell no such
            thing; at once where an earlier call still waits for the same.
    """
    name = str(path)
    if name not in _silent or not _silent[name].is_alive():
        _silent.pop(name, None)
        done: Future[T] = Future()
        thread = threading.Thread(target=_carry_out, args=(read, done), name="read", daemon=True)
        thread.start()
        if _is_done(done, thread):
            return done.result()
        _silent[name] = thread
    raise StudioError(
        f"{name} does not answer, though it was waited for; see whether its disk or network is there, and try again."
    )


def _carry_out(read: Callable[[], T], done: Future[T]) -> None:
    try:
        found = read()
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        done.set_exception(error)
    else:
        done.set_result(found)


def _is_done(done: Future[T], thread: threading.Thread) -> bool:
    """Wait until it is, or its thread has done nothing for too long."""
    before, since = _spent(thread), time.monotonic()
    while True:
        with suppress(TimeoutError):
            done.exception(_LOOK_EVERY)
            return True
        if (spent := _spent(thread)) != before:
            before, since = spent, time.monotonic()
        elif time.monotonic() - since >= (_BLIND if spent is None else _PATIENCE):
            return False


def _spent(thread: threading.Thread) -> float | None:
    """Seconds of the processor's that a thread has had; None where the system does not tell."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    if clock_of is None or thread.ident is None:
        return None
    try:
        return time.clock_gettime(clock_of(thread.ident)) if thread.is_alive() else 0.0
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
