"""A low-frequency oscillator."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from studio.model.declared.param import param, seed
from studio.model.movement.modulator import Measurements, Modulator, Moment
from studio.modulators._noise import smooth, swing

_SHORTEST = 1e-3
"""Beats; shorter swings are none."""

Shape = Literal["sine", "triangle", "saw up", "saw down", "square", "stepped random", "smooth random", "drift", "decay"]


class LFO(Modulator):
    """Swings from -1 to 1 about its middle, again and again.

    "stepped random" holds a new value each swing, "smooth random" goes from one to the next, "drift" wanders with small
    detours, "decay" falls from 1 to 0 in each swing as a struck string does. At phase 0 sine and triangle rise through
    0, saws begin, a square goes up.
    """

    label: ClassVar[str] = "LFO"
    group: ClassVar[str] = "Time"

    shape: Shape = param("sine", doc="How it swings")
    rate: float = param(0.5, lo=0.0, hi=100.0, live=True, unit="Hz", safe=(0.01, 8.0), doc="Swings a second")
    beats: float = param(0.0, lo=0.0, hi=256.0, live=True, unit="beats", doc="Beats of a swing; 0 goes by the rate")
    phase: float = param(0.0, lo=0.0, hi=1.0, live=True, doc="Where in its swing it begins, as a part of one")
    width: float = param(0.5, lo=0.0, hi=1.0, live=True, doc="Part of a swing for which a square is up")
    jitter: float = param(0.0, lo=0.0, hi=1.0, live=True, doc="How unevenly the swings follow, as a part of one")
    retrigger: str = param("", doc="What begins it anew: a signal, such as sound/onset, beat, midi/1/note/60")
    seed: int = seed("Which random values and which jitter")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        time, beat = when.time, when.beat
        if self.retrigger:
            time -= measured.start(self.retrigger, when) or 0.0
            beat = time * when.pace
        turns = (beat / self.beats if self.beats > _SHORTEST else time * self.rate) + self.phase
        place = math.floor(turns)
        part = turns - place
        if self.jitter:
            place, part = self._jittered(place, part)
        return self._shaped(place, part)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (self.retrigger,) if self.retrigger else ()

    def idle(self) -> tuple[str, ...]:
        """See `Modulator.idle`."""
        draws = self.jitter or self.shape in ("stepped random", "smooth random", "drift")
        return (() if self.shape == "square" else ("width",)) + (() if draws else ("seed",))

    def _jittered(self, place: int, part: float) -> tuple[int, float]:
        """Each swing ends up to half of itself sooner or later than it would."""
        turns = place + part
        ends = [k + 0.49 * self.jitter * swing(self.seed, k, 1) for k in range(place - 1, place + 3)]
        for k in range(3):
            if ends[k] <= turns < ends[k + 1]:
                return place - 1 + k, (turns - ends[k]) / (ends[k + 1] - ends[k])
        return place, part

    def _shaped(self, place: int, part: float) -> float:
        shape = self.shape
        if shape == "sine":
            return math.sin(2.0 * math.pi * part)
        if shape == "triangle":
            return 1.0 - abs(((part + 0.25) % 1.0) * 4.0 - 2.0)
        if shape == "saw up":
            return 2.0 * part - 1.0
        if shape == "saw down":
            return 1.0 - 2.0 * part
        if shape == "square":
            return 1.0 if part < self.width else -1.0
        if shape == "stepped random":
            return swing(self.seed, place)
        if shape == "smooth random":
            return smooth(self.seed, place + part)
        if shape == "decay":
            return math.exp(-5.0 * part)
        at = place + part
        return (smooth(self.seed, at / 4, 2) * 4 + smooth(self.seed, at, 3) * 2 + smooth(self.seed, at * 3, 4)) / 7
