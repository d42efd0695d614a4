"""A slow wander that never repeats."""

from __future__ import annotations

from typing import ClassVar

from studio.model.declared.param import param, seed
from studio.model.movement.modulator import Measurements, Modulator, Moment
from studio.modulators._noise import smooth


class Drift(Modulator):
    """Wanders between -1 and 1: noise of several octaves, each half as strong and twice as quick (K. Perlin, 1985)."""

    label: ClassVar[str] = "Drift"
    group: ClassVar[str] = "Time"

    seconds: float = param(8.0, lo=0.01, hi=3600.0, live=True, unit="s", doc="Time of the slowest movement")
    octaves: int = param(3, lo=1, hi=8, live=True, doc="How many finer movements lie on it")
    seed: int = seed("Which way it wanders")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del measured
        at, found, weight, total = when.time / self.seconds, 0.0, 1.0, 0.0
        for octave in range(self.octaves):
            found += weight * smooth(self.seed, at, octave)
            total += weight
            weight, at = weight / 2, at * 2
        return found / total
