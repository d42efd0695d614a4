"""Beats and bars: where a time in seconds lies in them."""

from __future__ import annotations

from studio.model.param import Declared, param
from studio.model.section import Section


class Tempo(Declared):
    """How fast beats follow each other.

    Time is in seconds since the beginning, beats are counted from 0 at ``offset``.
    """

    bpm: float = param(120.0, lo=20.0, hi=400.0, live=True, unit="bpm", doc="Beats in a minute")
    offset: float = param(0.0, lo=-3600.0, hi=3600.0, live=True, unit="s", doc="When a first beat falls")
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
        return self.model_copy(update={"bpm": bpm, "offset": time - self.beat(time) * 60.0 / bpm})


TEMPO: Section[Tempo] = Section("tempo", Tempo())
"""The tempo by which what is counted in beats moves."""
