"""What is made of an exception, whichever thread it comes up in: a sentence for the person, and a line in the log."""

from __future__ import annotations

import logging
import time
import traceback

from studio.errors import DefectError, StudioError
from studio.runtime.live.report import Message

LOG = logging.getLogger("studio")

_LONGEST = 200
_NOT_AGAIN = 10.0
"""Seconds in which the same is not noted twice: a picture may fail thirty times in one."""

_noted: dict[str, float] = {}


def told(error: BaseException, doing: str = "") -> Message:
    """The sentence for an exception that ended a piece of work, and nothing else.

    Args:
        error: a `StudioError` speaks for itself. Anything else is a defect, of the program, a driver or a plug-in: it
            is noted in the log, and its traceback is kept behind the sentence.
        doing: what failed, in words that begin a sentence: "Opening demo".
    """
    found = as_told(error, doing)
    return Message(str(found), "error", found.details if isinstance(found, DefectError) else "")


def as_told(error: BaseException, doing: str = "") -> StudioError:
    """The same as an exception, for those who expect to be told in a sentence."""
    cause = _first(error)
    if isinstance(cause, StudioError):
        return cause
    trace = "".join(traceback.format_exception(error))
    doing = doing or "Something"
    now = time.monotonic()
    if now - _noted.get(trace, -_NOT_AGAIN) >= _NOT_AGAIN:
        _noted.clear()
        _noted[trace] = now
        LOG.error("%s failed\n%s", doing, trace)
    why = "there is not enough memory" if isinstance(cause, MemoryError) else f"{type(cause).__name__}: {_line(cause)}"
    return DefectError(f"{doing} failed: {why}", trace)


def raisable(error: BaseException, doing: str = "") -> Exception:
    """What to raise in the window's thread, where its hook takes it, for what another thread has met.

    What is no usual exception, a plug-in's ``sys.exit()``, say, would end the window there.
    """
    return error if isinstance(error, Exception) else as_told(error, doing)


def _first(error: BaseException) -> BaseException:
    """What a signal that was told of it has wrapped."""
    while type(error).__name__ == "EmitLoopError" and error.__cause__ is not None:
        error = error.__cause__
    return error


def _line(error: BaseException) -> str:
    """The first line of what it says, as far as one reads it at a glance."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "nothing more is known")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
