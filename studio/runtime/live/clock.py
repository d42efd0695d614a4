"""The time by which a running network moves, whatever its source does."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

from studio.model.declared.tick import Tick

SLOW, QUICK = 30, 60
"""Frames a second of what moves by itself: where OpenGL is drawn in software, and on a GPU, as screens show them."""

_SMOOTH = 12.0
"""Pictures a second from which a source needs no frames in between."""

_LATE = 1.5
"""Periods of such a source after which a frame is due all the same: it stutters."""


class Clock:
    """Numbers frames and tells their times, from `begin` on; what stands still has no need of it.

    Args:
        now: nanoseconds that never go back.
        rate: frames a second of what moves while no new picture comes.
    """

    def __init__(self, now: Callable[[], int] = time.monotonic_ns, rate: int = SLOW) -> None:
        self._now = now
        self._rate = rate
        self._began = self._last = now()
        self._frame = 0

    def begin(self) -> None:
        """Another network: the next frame is its first, at time 0."""
        self._frame = 0

    def tick(self) -> Tick:
        """The frame that is run now."""
        self._last = self._now()
        if self._frame == 0:
            self._began = self._last
        self._frame += 1
        return Tick(self._frame - 1, Fraction(self._last - self._began, 1_000_000_000))

    @property
    def last(self) -> int:
        """When the last frame began, in nanoseconds of the clock that it goes by."""
        return self._last

    @property
    def now(self) -> int:
        """Nanoseconds of the clock that it goes by."""
        return self._now()

    def wait(self, rate: float | None) -> float:
        """Seconds until what moves needs another frame; 0 where it is due.

        Args:
            rate: pictures a second that the source brings meanwhile; None or 0 where it stands still.
        """
        period = _LATE / rate if rate is not None and rate >= _SMOOTH else 1 / self._rate
        return max(0.0, period - (self._now() - self._last) / 1e9)
