"""When a run of a network takes place: what bends that move, and bends with memory, go by."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Tick:
    """One run's place in time.

    A rerun on the same inputs has the tick of the run before it, so that noise stays and memory does not move on.

    Attributes:
        frame: how many frames came before it; from 0.
        time: seconds since the beginning.
    """

    frame: int = 0
    time: Fraction = Fraction(0)


START = Tick()
"""The first frame."""
