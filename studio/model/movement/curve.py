"""Curves: what a route makes of the values of its source on their way to the target.

Some follow with time and so have a memory, a tuple of numbers that begins as None and is handed from frame to frame;
from the same beginning the same values at the same moments give the same result.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from studio.model.declared.param import Declared, param, turnables, with_number
from studio.model.movement.modulator import Moment

Memory = tuple[float, ...] | None

_LARGE = 3e38  # about what float32 holds


class _Curve(Declared):
    label: ClassVar[str]

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """The value that becomes of ``x``, and the memory for the next frame."""
        raise NotImplementedError


class Range(_Curve):
    """Values from one range to another, in a straight line; held to its ends unless it ``overshoots``."""

    label: ClassVar[str] = "Range"

    kind: Literal["range"] = "range"
    from_lo: float = param(0.0, live=True, label="From", doc="The value that becomes the first")
    from_hi: float = param(1.0, live=True, label="From, end", doc="The value that becomes the last")
    lo: float = param(0.0, live=True, label="To", doc="What the first becomes")
    hi: float = param(1.0, live=True, label="To, end", doc="What the last becomes")
    overshoots: bool = param(False, doc="Whether values past the ends go on past them")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        del when
        width = self.from_hi - self.from_lo
        part = (x - self.from_lo) / width if width else float(x >= self.from_hi)
        # A narrow range ends at a large number, not at infinity, which curves behind it would remember for good.
        lo, hi = (-_LARGE, _LARGE) if self.overshoots else (0.0, 1.0)
        part = lo if part < lo else hi if part > hi else part
        return self.lo + part * (self.hi - self.lo), memory


class Power(_Curve):
    """The magnitude to a power: above 1 small values become smaller, below 1 larger; the sign stays."""

    label: ClassVar[str] = "Power"

    kind: Literal["power"] = "power"
    exponent: float = param(2.0, lo=0.05, hi=20.0, live=True, doc="To which power")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        del when
        return math.copysign(min(abs(x), 1e6) ** self.exponent, x), memory


class Steps(_Curve):
    """So many even steps between 0 and 1, and as many below."""

    label: ClassVar[str] = "Steps"

    kind: Literal["steps"] = "steps"
    count: int = param(4, lo=1, hi=128, live=True, doc="Steps from 0 to 1")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        del when
        return math.floor(x * self.count + 0.5) / self.count, memory


class Lag(_Curve):
    """Follows with a delay: after so many seconds 63 % of the way are gone."""

    label: ClassVar[str] = "Lag"

    kind: Literal["lag"] = "lag"
    seconds: float = param(0.2, lo=0.0, hi=60.0, live=True, unit="s", doc="Time constant")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        y = x if memory is None else x + (memory[0] - x) * _left(when.step, self.seconds)
        return y, (y,)


class AttackRelease(_Curve):
    """Follows upwards within one time and downwards within another, as a compressor's meter does."""

    label: ClassVar[str] = "Attack and release"

    kind: Literal["attack"] = "attack"
    attack: float = param(0.01, lo=0.0, hi=60.0, live=True, unit="s", doc="Time constant upwards")
    release: float = param(0.3, lo=0.0, hi=60.0, live=True, unit="s", doc="Time constant downwards")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        if memory is None:
            return x, (x,)
        y = x + (memory[0] - x) * _left(when.step, self.attack if x > memory[0] else self.release)
        return y, (y,)


class OneEuro(_Curve):
    """The One Euro filter: smooth while a hand rests, quick when it moves (G. Casiez et al., CHI 2012)."""

    label: ClassVar[str] = "One Euro"

    kind: Literal["one euro"] = "one euro"
    cutoff: float = param(1.0, lo=0.01, hi=100.0, live=True, unit="Hz", doc="Cutoff while nothing moves")
    beta: float = param(0.5, lo=0.0, hi=100.0, live=True, label="Speed", doc="How much movement raises the cutoff")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        if memory is None or when.step <= 0.0:
            return (x, (x, 0.0)) if memory is None else (memory[0], memory)
        before, slope = memory
        slope += (_alpha(1.0, when.step)) * ((x - before) / when.step - slope)
        y = before + _alpha(self.cutoff + self.beta * abs(slope), when.step) * (x - before)
        return y, (y, slope)


class Quantise(_Curve):
    """Takes a new value only where a beat division begins, and holds it until the next."""

    label: ClassVar[str] = "Quantise to beats"

    kind: Literal["quantise"] = "quantise"
    beats: float = param(1.0, lo=1 / 64, hi=256.0, live=True, unit="beats", doc="How long a value is held")

    def follow(self, x: float, memory: Memory, when: Moment) -> tuple[float, Memory]:
        """See `_Curve.follow`."""
        place = math.floor(when.beat / self.beats + 1e-9)
        if memory is not None and memory[1] == place:
            return memory[0], memory
        return x, (x, float(place))


Curve = Range | Power | Steps | Lag | AttackRelease | OneEuro | Quantise
CURVES: tuple[type[_Curve], ...] = (Range, Power, Steps, Lag, AttackRelease, OneEuro, Quantise)
"""In the order in which menus list them."""


def turned_curves(curves: tuple[Curve, ...], place: int, name: str, value: float) -> tuple[Curve, ...]:
    """Curves with another number of the one at a place, counted from 0; as they are where there is no such number."""
    if not 0 <= place < len(curves):
        return curves
    if name not in turnables(type(curves[place])):
        return curves
    return (*curves[:place], with_number(curves[place], name, value), *curves[place + 1 :])


def _left(step: float, seconds: float) -> float:
    """The part of a way that is left after a step."""
    return math.exp(-step / seconds) if seconds > 0.0 else 0.0


def _alpha(cutoff: float, step: float) -> float:
    return 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff * step))
