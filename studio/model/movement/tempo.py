"""Beats and bars: where a time in seconds lies in them."""

from __future__ import annotations

import math

from studio.model.declared.param import Declared, param
from studio.model.networks.section import Section

_LATEST = 3600.0


class Tempo(Declared):
    """How fast beats follow each other.

    Time is in seconds since the beginning, beats are counted from 0 at ``offset``.
    """

    bpm: float = param(120.0, lo=20.0, hi=400.0, live=True, unit="bpm", doc="Beats in a minute")
    offset: float = param(0.0, lo=-_LATEST, hi=_LATEST, live=True, unit="s", doc="When a first beat falls")
    beats_per_bar: int = param(4, lo=1, hi=32, live=True, label="Beats in a bar", doc="Beats in a bar")

    def beat(self, time: float) -> float:
        """How many beats have passed at this time; below 0 before the first."""
        return (time - self.offset) * self.bpm / 60.0

    def time(self, beat: float) -> float:
        """When this beat falls, in seconds."""
        return self.offset + beat * 60.0 / self.bpm

    def next(self, time: float, beats: float) -> float:
        """The first time from this one on at which a multiple of so many beats falls; the time itself for 0 beats."""
        if beats <= 0:
            return time
        whole = -(-self.beat(time) // beats)
        return max(time, self.time(whole * beats))

    def at(self, bpm: float, time: float) -> Tempo:
        """Another tempo from this time on, at which the same part of the same beat is under way."""
        return self._begun(bpm, time - self.beat(time) * 60.0 / bpm)

    def struck(self, bpm: float, time: float) -> Tempo:
        """Another tempo, of which a beat falls at this time: the one of its bar that was nearest."""
        beat = round(self.beat(time)) % self.beats_per_bar
        return self._begun(bpm, (time - beat * 60.0 / bpm) % (self.beats_per_bar * 60.0 / bpm))

    def placed(self, bpm: float, time: float, beat: int) -> Tempo:
        """Another tempo, of which this beat falls at this time."""
        return self._begun(bpm, time - beat * 60.0 / bpm)

    def _begun(self, bpm: float, offset: float) -> Tempo:
        # After hours it may lie out of its range; whole bars do not count.
        if abs(offset) > _LATEST:
            offset = math.fmod(offset, self.beats_per_bar * 60.0 / bpm)
        return self.model_copy(update={"bpm": bpm, "offset": offset})

    def place(self, time: float) -> tuple[int, int]:
        """Bar and beat at this time, each counted from 1; below that before the first."""
        bar, beat = divmod(math.floor(self.beat(time) + 1e-9), self.beats_per_bar)
        return bar + 1, beat + 1


TEMPO: Section[Tempo] = Section("tempo", Tempo())
"""The tempo by which what is counted in beats moves."""
