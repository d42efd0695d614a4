"""How far a lesson is to come before it rests."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.learn.records import Step

MEAN = 20
"""Steps whose decibels count together: a single crop says little."""


class Goal:
    """Counts steps as they come, and says when it has been reached.

    Args:
        seconds: of learning, which steps took; infinity for any number.
        decibels: that the PSNR of the last `MEAN` steps comes to on average; infinity where it does not count.
    """

    def __init__(self, seconds: float = math.inf, decibels: float = math.inf) -> None:
        self._seconds, self._decibels = seconds, decibels
        self._passed = 0.0
        self._lately: deque[float] = deque(maxlen=MEAN)

    def add(self, step: Step) -> bool:
        """Take in a step; whether the lesson has come so far."""
        self._passed += step.seconds
        self._lately.append(step.psnr)
        mean = sum(self._lately) / len(self._lately)
        return self._passed >= self._seconds or (len(self._lately) == MEAN and mean >= self._decibels)
