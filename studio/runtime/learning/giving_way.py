"""How learning gives way to the picture on a GPU, whose queue has no priorities: it works in short turns, and rests."""

from __future__ import annotations

TURN = 0.05
"""Seconds of a turn on a CPU, where the system shares the time out among threads."""

_BRIEF = 0.008
"""Seconds of a turn on a GPU, where the picture waits behind whatever was submitted before it."""

_PART = 0.5
"""The largest share of the time on a GPU. While learning rests, Python's lock is free, too, which every call of OpenGL
takes."""

_LONGEST = 0.1
"""The longest rest in seconds, however long a turn was."""


def turn_of(*, queues: bool) -> float:
    """Seconds that learning works without a rest; a step that takes longer is a turn of its own.

    Args:
        queues: whether the picture waits in a queue behind this work, as on a GPU.
    """
    return _BRIEF if queues else TURN


def rest_after(seconds: float, *, queues: bool) -> float:
    """Seconds to rest after a turn of so many; 0 where nothing waits in a queue."""
    return min(seconds * (1 - _PART) / _PART, _LONGEST) if queues else 0.0
