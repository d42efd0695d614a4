"""How learning gives way to the picture on a GPU, whose queue has no priorities: it works for a moment, and rests."""

from __future__ import annotations

TURN = 0.05
"""Seconds that learning goes on for at once where the system shares the processor out."""

_BRIEF = 0.008
"""The same on a GPU: the picture waits behind what has been given to it."""

_PART = 0.5
"""Of the time on a GPU, at most; Python's lock is free as long, which every call of OpenGL takes."""

_LONGEST = 0.1
"""Seconds of a rest, however long a step was."""


def turn_of(*, queues: bool) -> float:
    """Seconds that learning goes on for at once; a step that is longer is a turn.

    Args:
        queues: whether its work waits in a queue before the picture's.
    """
    return _BRIEF if queues else TURN


def rest_after(seconds: float, *, queues: bool) -> float:
    """Seconds for which nothing is given to a device after so many in which something was."""
    return min(seconds * (1 - _PART) / _PART, _LONGEST) if queues else 0.0
