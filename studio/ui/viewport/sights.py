"""Where one has looked: zooming and panning can be gone back on, and forward again. No Qt."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

REST = 0.6
"""Seconds without a move after which the next one is another: a turn of the wheel is many."""

MOST = 100
"""So many are remembered."""


@dataclass(frozen=True)
class Sight:
    """What a camera sees.

    Attributes:
        zoom: pixels a texel; 0 for the whole, however large the view is.
        x: the content's place in the middle of the view, from 0 at its left to 1.
        y: the same from its top.
        on_cards: of a filter sheet, whether its kernels lie on cards.
    """

    zoom: float = 0.0
    x: float = 0.5
    y: float = 0.5
    on_cards: bool = False


class Sights:
    """Those before and behind the present one; moves that follow one another at once are one.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: deque[Sight] = deque(maxlen=MOST)
        self._behind: list[Sight] = []
        self._moved = float("-inf")

    def note(self, now: Sight) -> None:
        """A hand is about to look elsewhere than it does now."""
        at = self._clock()
        if at - self._moved >= REST:
            self._before.append(now)
        self._moved = at
        self._behind.clear()

    def back(self, now: Sight) -> Sight | None:
        """What was seen before the last move; None where there was none."""
        while self._before and self._before[-1] == now:
            self._before.pop()  # a move that led nowhere
        if not self._before:
            return None
        self._behind.append(now)
        self._moved = float("-inf")
        return self._before.pop()

    def forth(self, now: Sight) -> Sight | None:
        """What was seen before one went back; None where one has not, or has moved since."""
        if not self._behind:
            return None
        self._before.append(now)
        return self._behind.pop()
