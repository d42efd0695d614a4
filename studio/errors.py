"""The one exception that means "the user's input, not the program, is at fault"."""

from __future__ import annotations


class StudioError(Exception):
    """One clear sentence for the person at the keyboard: what is wrong, where, and what to do.

    The command line prints it and exits with status 2; nothing else catches it. Anything that is a defect of the
    program must raise another exception, so that its traceback is seen.
    """


class EngineError(StudioError):
    """This engine cannot run here, where another may: a driver refuses a shader, say."""
