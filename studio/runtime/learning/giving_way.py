"""How learning gives way to the picture on a GPU, whose queue has no priorities: it takes no step during a frame."""

from __future__ import annotations

TURN = 0.05
"""Seconds of a turn on a CPU, where the system shares the time out among threads."""

_BRIEF = 0.008
"""Seconds of a turn on a GPU, behind which what was submitted is waited for: no frame waits longer than that."""

LONGEST = 0.05
"""Seconds that a step waits for the picture: where frames leave no gap, it learns that often, and no more."""


def turn_of(*, queues: bool) -> float:
    """Seconds that learning works without a rest; a step that takes longer is a turn of its own.

    Args:
        queues: whether the picture waits in a queue behind this work, as on a GPU.
    """
    return _BRIEF if queues else TURN
