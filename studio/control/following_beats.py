"""Beats of sound that is still coming in: those of the last seconds, and where the next ones are to fall.

A film's beats are found in the whole of its sound (`sound.beats`). Here the same is done with what was heard of late,
twice a second, in a thread of its own; between two looks beats go on at the same pace.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from studio.control.sound import STEP, beats
from studio.model.movement.tempo import Tempo

_SECONDS = 8.0
"""So much of what was heard counts."""
_EVERY = 0.5
"""Seconds of sound between two looks at it."""
_FEWEST = 4
"""Beats that make a pace."""
_SAME = 0.15
"""How far a look may move beats, as a part of the pace, before it is another beat that is followed."""


class FollowingBeats:
    """Takes measurements one by one; all times are in seconds of what was pushed."""

    def __init__(self) -> None:
        self._fluxes: deque[float] = deque(maxlen=round(_SECONDS / STEP))
        self._count = self._looked = 0
        self._worker = ThreadPoolExecutor(1, "beats")
        self._look: tuple[int, Future[list[float]]] | None = None
        self._pace: tuple[float, float] | None = None  # a beat, and seconds to the next

    @property
    def now(self) -> float:
        """The time up to which was pushed."""
        return self._count * STEP

    def push(self, flux: float) -> None:
        """The flux of the next measurement."""
        self._fluxes.append(flux)
        self._count += 1
        if self._look is None and (self._count - self._looked) * STEP >= _EVERY:
            self._looked = self._count
            self._look = self._count - len(self._fluxes), self._worker.submit(beats, np.array(self._fluxes))
        elif self._look is not None and self._look[1].done():
            first, look = self._look
            self._look = None
            self._take([first * STEP + beat for beat in look.result()])

    def wait(self) -> None:
        """Until the look that is under way is done; for those who have no time of their own to wait in."""
        if self._look is not None:
            self._look[1].exception()

    def last(self) -> float | None:
        """When the last beat fell; None where there is none in what is heard."""
        if self._pace is None:
            return None
        beat, period = self._pace
        return beat + (self.now - beat) // period * period

    @property
    def period(self) -> float | None:
        """Seconds from beat to beat; None where there are none."""
        return None if self._pace is None else self._pace[1]

    def tempo(self, offset: float) -> Tempo | None:
        """The tempo; None where there is none, or it is none that can be.

        Args:
            offset: seconds by which the time of beats lies before that of whoever asks.
        """
        if self._pace is None or not 20.0 <= 60.0 / self._pace[1] <= 400.0:
            return None
        beat, period = self._pace
        # Beats are counted in fours from there.
        return Tempo(bpm=60.0 / period, offset=(beat + offset) % (4.0 * period))

    def close(self) -> None:
        """Look no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _take(self, found: list[float]) -> None:
        if len(found) < _FEWEST:
            self._pace = None
            return
        period, start = np.polyfit(np.arange(len(found)), found, 1)
        beat = float(start + period * (len(found) - 1))
        if self._pace is not None:
            before, old = self._pace
            off = (beat - before + old / 2) % old - old / 2
            if abs(period - old) < _SAME * old and abs(off) < _SAME * old:
                # A hair of every look's error would be heard as a stumbling beat.
                beat, period = beat - off / 2, (period + old) / 2
        self._pace = beat, float(period)
