"""The one exception that means "the user's input, not the program, is at fault"."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 1000
"""Characters that a sentence has at most: what names of others would make longer is left out in the middle."""

_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class StudioError(Exception):
    """One clear sentence for the person at the keyboard: what is wrong, where, and what to do.

    The command line prints it and exits with status 2; nothing else catches it. Anything that is a defect of the
    program must raise another exception, so that its traceback is seen. It is one line of at most `LONGEST` characters.
    """

    def __init__(self, sentence: object = "") -> None:
        text = _NO_TEXT.sub(" ", str(sentence))
        if len(text) > LONGEST:
            # The end says what to do.
            text = f"{text[: LONGEST // 2]} … {text[3 - LONGEST // 2 :]}"
        super().__init__(text)


_FEW, _NEAREST = 12, 6


def choices(names: Iterable[str], asked: str = "") -> str:
    """Names as a sentence lists them: all of a few, else those that are spelled most like what was asked for."""
    known = list(names)
    if len(known) <= _FEW:
        return ", ".join(known) or "none"
    import difflib

    nearest = difflib.get_close_matches(asked, known, n=_NEAREST, cutoff=0.0)
    return f"{', '.join(nearest)} and {len(known) - len(nearest)} more"


class DefectError(StudioError):
    """What is no mistake of the person's, told in a sentence all the same; see `studio.runtime.services.failures`.

    Attributes:
        details: the traceback.
    """

    def __init__(self, sentence: str, details: str) -> None:
        super().__init__(sentence)
        self.details = details


class EngineError(StudioError):
    """This engine cannot run here, where another may: a driver refuses a shader, say."""


class MemoryLackError(StudioError):
    """There is not memory enough for it just now; a moment later there may be."""


class Pending(Exception):  # noqa: N818 - no error: it is there a little later
    """What would have to be compiled first is not yet, and nobody waits for it."""


class NextTime(Pending):
    """It is compiled for the next start: to run it in this process would hold up what draws there."""
