"""What is made of an exception, whichever thread it comes up in: a sentence for the person, and a line in the log."""

from __future__ import annotations

import logging
import traceback

from studio.errors import StudioError
from studio.runtime.live.report import Message

LOG = logging.getLogger("studio")


def told(error: BaseException, doing: str = "") -> Message:
    """The sentence for an exception that ended a piece of work, and nothing else.

    Args:
        error: a `StudioError` speaks for itself. Anything else is a defect, of the program, a driver or a plug-in: it
            is noted in the log, and its traceback is kept behind the sentence.
        doing: what failed, in words that begin a sentence: "Opening demo".
    """
    if isinstance(error, StudioError):
        return Message(str(error), "error")
    trace = "".join(traceback.format_exception(error))
    LOG.error("%s failed\n%s", doing or "Something", trace)
    why = "there is not enough memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {_line(error)}"
    return Message(f"{doing or 'Something'} failed: {why}", "error", trace)


def _line(error: BaseException) -> str:
    """The first line of what it says, as far as one reads it at a glance."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "nothing more is known")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 200
