"""Where on a timeline what lies: a lane for each number, and one for everything that is no number. No widget here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from studio.model.address import Number
from studio.model.performance import Arranged, Faded, Mixed, Performance, Signalled, Stroke, Turned

RULER, HEAD = 22, 150
"""Pixels of the line of times above, and of the names at the left."""

CURVE, MARKS = 44, 20
"""Pixels of a lane with a curve, and of one with marks."""

REACH = 7.0
"""Pixels within which a keyframe is met."""


@dataclass(frozen=True)
class Lane:
    """One line of a timeline.

    Attributes:
        label: its name.
        top: its upper edge, in pixels.
        height: of it.
        address: of the number whose curve it shows; empty for marks, and for fades, which are only looked at.
        number: of it; None where the open preset has none there.
        lo: value at the lower edge.
        hi: value at the upper edge.
        turns: the keyframes.
        marks: times, of what is no number.
    """

    label: str
    top: int
    height: int
    address: str = ""
    number: Number | None = None
    lo: float = 0.0
    hi: float = 1.0
    turns: tuple[Turned, ...] = ()
    marks: tuple[float, ...] = ()

    def y(self, value: float) -> float:
        """Where a value lies."""
        part = (value - self.lo) / (self.hi - self.lo)
        return self.top + self.height - 5 - part * (self.height - 10)

    def value(self, y: float) -> float:
        """The value that lies there, as the number holds it."""
        part = (self.top + self.height - 5 - y) / (self.height - 10)
        found = self.lo + min(1.0, max(0.0, part)) * (self.hi - self.lo)
        return self.number.clipped(found) if self.number is not None else found

    def moved(self, place: int, time: float, value: float) -> tuple[Turned, ...]:
        """The keyframes with one of them elsewhere: never past its neighbours."""
        least = self.turns[place - 1].time if place else 0.0
        most = self.turns[place + 1].time if place + 1 < len(self.turns) else float("inf")
        turn = replace(self.turns[place], time=min(max(time, least), most), value=value)
        return (*self.turns[:place], turn, *self.turns[place + 1 :])

    def with_one(self, time: float, value: float) -> tuple[Turned, ...]:
        """The keyframes with one more, reached in a straight line."""
        turn = Turned(time, self.address, value, glides=True)
        return tuple(sorted((*self.turns, turn), key=lambda each: each.time))

    def without(self, place: int) -> tuple[Turned, ...]:
        """The keyframes without one of them."""
        return (*self.turns[:place], *self.turns[place + 1 :])

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Times and values of the line through the keyframes: level up to a jump, straight where it glides."""
        found: list[tuple[float, float]] = [(turn.time, turn.value) for turn in self.turns[:1]]
        for before, after in pairwise(self.turns):
            if not after.glides:
                found.append((after.time, before.value))
            found.append((after.time, after.value))
        return tuple(found)


def lanes(performance: Performance, number: Callable[[str], Number | None]) -> tuple[Lane, ...]:
    """The lanes of a performance, from the top: numbers as they were first turned, then marks.

    Args:
        performance: what is shown.
        number: the number at an address; None where there is none.
    """
    found: list[Lane] = []
    top = RULER
    for address in performance.addresses():
        turns, known = performance.turns(address), number(address)
        values = [turn.value for turn in turns]
        ends = known.reach if known is not None else (min(values), max(values))
        lo, hi = min(*values, ends[0]), max(*values, ends[1])
        label = known.label if known is not None else address
        found.append(Lane(label, top, CURVE, address, known, lo, hi if hi > lo else lo + 1.0, turns))
        top += CURVE
    if turns := _fades(performance):
        found.append(Lane("Fades", top, CURVE, turns=turns))
        top += CURVE
    for label, kinds in (("Strokes", Stroke), ("Arrangement", Arranged), ("Signals", Signalled)):
        marks = _times(event.time for event in performance.events if isinstance(event, kinds) and event.time > 0.0)
        if marks:
            found.append(Lane(label, top, MARKS, marks=marks))
            top += MARKS
    return tuple(found)


def _fades(performance: Performance) -> tuple[Turned, ...]:
    """How far fades were, from 0 where each leads from to 1 where it leads to; of a morph, how far from its first."""
    found: list[Turned] = []
    goes_on = False
    for event in performance.events:
        if isinstance(event, Mixed):
            found.append(Turned(event.time, "", 1.0 - event.shares[0] / (sum(event.shares) or 1.0), glides=goes_on))
            goes_on = True
        elif isinstance(event, Faded):
            goes_on = False
    return tuple(found)


def _times(times: Iterable[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(round(time, 2) for time in times))


def step_of_ruler(seconds_a_pixel: float) -> float:
    """Seconds between two numbers on the line of times, so that they have room."""
    for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0):
        if step / seconds_a_pixel >= 56.0:
            return step
    return 1800.0
