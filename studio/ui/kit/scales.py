"""How the places of a slider become numbers, so that both small and large ones can be set."""

from __future__ import annotations

import math
from dataclasses import dataclass

_USUAL = 0.4
"""How far along its half of the slider the default should lie."""

_STEEPEST = 6.0


@dataclass(frozen=True)
class Scale:
    """A power of the slider's place, out from the zero where there is one.

    Attributes:
        lo: the number at place 0.
        hi: the number at place 1.
        power: 1 for even steps; more makes them smaller near zero, or near ``lo``.
        ratio: whether the steps are even in the logarithm instead.
    """

    lo: float
    hi: float
    power: float = 1.0
    ratio: bool = False

    def value(self, place: float) -> float:
        """The number at a place, 0 to 1."""
        if self.ratio:
            return float(self.lo * (self.hi / self.lo) ** place)
        if self.power == 1.0 or self.lo >= 0:
            return float(self.lo + (self.hi - self.lo) * place**self.power)
        away = 2 * place - 1
        return math.copysign(abs(away) ** self.power * (self.hi if away > 0 else -self.lo), away)

    def place(self, value: float) -> float:
        """The place of a number, 0 to 1; the inverse of `value`."""
        value = min(max(value, self.lo), self.hi)
        if self.ratio:
            return math.log(value / self.lo) / math.log(self.hi / self.lo)
        if self.power == 1.0 or self.lo >= 0:
            return float(((value - self.lo) / (self.hi - self.lo)) ** (1 / self.power))
        side = self.hi if value > 0 else -self.lo
        return 0.5 + math.copysign(0.5 * (abs(value) / side) ** (1 / self.power) if side else 0.0, value)


def scale_for(lo: float, hi: float, default: float) -> Scale:
    """The scale of a slider from ``lo`` to ``hi``, larger, on which the default lies neither at an end nor cramped."""
    if lo > 0 and hi / lo >= 50:
        return Scale(lo, hi, ratio=True)
    both = lo < 0 < hi
    share = abs(default) / (hi if default >= 0 else -lo) if both else (default - lo) / (hi - lo)
    if not 0 < share < _USUAL / 4:
        share = 0.001 if both and share == 0 and hi - lo > 20 else _USUAL
    power = min(_STEEPEST, math.log(share) / math.log(_USUAL))
    return Scale(lo, hi, power)
