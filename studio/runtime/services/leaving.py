"""The end of the process, where one of its threads is still in the middle of something."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from studio.runtime.services.aside import finish, under_way
from studio.runtime.services.failures import LOG

NATIVE = frozenset({"learn", "compare", "render", "proofs", "drawing"})
"""Names of the threads that call PyTorch and OpenGL, in which a step or a frame may take minutes."""

_NOTING = 1.0
"""Seconds that a line of the log may take: its disk may be the one that does not answer."""


class Deadline:
    """What is left of the time that an end may take in all.

    Args:
        seconds: how long that is, from now on.
    """

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, most: float = float("inf")) -> float:
        """Seconds, at most so many."""
        return max(0.0, min(most, self._at - time.monotonic()))


def end_within(seconds: float, status: int, unwritten: Callable[[], Sequence[str]]) -> threading.Timer:
    """End the process after so many seconds, if it has not ended by then: a disk may never answer who waits for it.

    Args:
        seconds: from now on.
        status: the exit status.
        unwritten: what is still to be written, in words, for the log.

    Returns:
        What may be cancelled.
    """

    def end() -> None:
        note = threading.Thread(target=note_unwritten, args=(lambda: [*unwritten(), *under_way()],), daemon=True)
        note.start()
        note.join(_NOTING)
        os._exit(status)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def note_unwritten(unwritten: Callable[[], Sequence[str]]) -> None:
    """Say in the log what was still to be written when the studio ended, if anything was."""
    if words := ", ".join(unwritten()):
        LOG.warning("The studio ended before this was written: %s", words)


def leave(status: int) -> int:
    """The exit status, for whoever ends the program by it; where such a thread goes on, the process ends here with it.

    Nothing interrupts a step of PyTorch's, and it would come back into a Python that has been taken down meanwhile: a
    segmentation fault. Called once all that is to be kept has been kept, and every thread has been told to end.
    """
    if not any(thread.name in NATIVE for thread in threading.enumerate()):
        return status
    # Python would wait for a picture that is being written.
    finish()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Under pythonw there is none, and who read it may be gone.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)
