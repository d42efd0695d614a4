"""The one exception that means "the user's input, not the program, is at fault"."""

from __future__ import annotations


class StudioError(Exception):
    """One clear sentence for the person at the keyboard: what is wrong, where, and what to do.

    The command line prints it and exits with status 2; nothing else catches it. Anything that is a defect of the
    program must raise another exception, so that its traceback is seen.
    """


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
