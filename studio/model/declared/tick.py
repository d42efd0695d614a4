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
        step: how many steps of the network's state came before it, which what the network draws goes by; of a network
            without a state the frame. The engine counts them.
    """

    frame: int = 0
    time: Fraction = Fraction(0)
    step: int = 0


START = Tick()
"""The first frame."""
