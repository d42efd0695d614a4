"""Where on a timeline what lies: a lane for each number, and one for everything that is no number. No widget here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from studio.model.movement.address import Number
from studio.model.performances.performance import Arranged, Event, NetworkOpened, Performance, Signalled, Stroke, Turned
from studio.model.performances.rearranging import Fade, fades_of

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
        address: of the number whose curve it shows; empty for fades and marks.
        number: of it; None where the open preset has none there.
        lo: value at the lower edge.
        hi: value at the upper edge.
        turns: the keyframes; of fades, their steps.
        marks: times, of what is no number.
        groups: the events that each mark stands for, and each step of a fade.
        wholes: the events of each fade, and how many steps were before it.
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
    groups: tuple[tuple[Event, ...], ...] = ()
    wholes: tuple[tuple[int, tuple[Event, ...]], ...] = ()

    @property
    def key(self) -> str:
        """What it is known by."""
        return self.address or self.label

    @property
    def times(self) -> tuple[float, ...]:
        """Of all that a hand can take hold of in it."""
        if self.turns:
            return tuple(turn.time for turn in self.turns)
        return self.marks if self.groups else ()

    def nearest(self, time: float) -> int:
        """Which of them is the closest to a time."""
        return min(range(len(self.times)), key=lambda place: abs(self.times[place] - time))

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

    def again(self, place: int, time: float, value: float) -> tuple[Turned, ...]:
        """The keyframes with a copy of one of them elsewhere."""
        turn = replace(self.turns[place], time=time, value=value)
        return tuple(sorted((*self.turns, turn), key=lambda each: each.time))

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
    if fades := [fade for fade in fades_of(performance) if fade.steps]:
        found.append(_fades(fades, top))
        top += CURVE
    opened = tuple(event.time for event in performance.events if isinstance(event, NetworkOpened))
    if opened:
        found.append(Lane("Networks", top, MARKS, marks=opened))
        top += MARKS
    # What a performance or a network begins with is not done by a hand.
    begins = {0.0, *opened}
    for label, kinds in (("Strokes", Stroke), ("Arrangement", Arranged), ("Signals", Signalled)):
        groups: dict[float, list[Event]] = {}
        for event in performance.events:
            if isinstance(event, kinds) and event.time not in begins:
                groups.setdefault(round(event.time, 2), []).append(event)
        if groups:
            held = tuple(map(tuple, groups.values()))
            found.append(Lane(label, top, MARKS, marks=tuple(each[0].time for each in held), groups=held))
            top += MARKS
    return tuple(found)


def _fades(fades: Sequence[Fade], top: int) -> Lane:
    """How far fades were, from 0 where each leads from to 1 where it leads to; of a morph, how far from its first."""
    turns: list[Turned] = []
    wholes: list[tuple[int, tuple[Event, ...]]] = []
    for fade in fades:
        wholes.append((len(turns), fade.events))
        for number, step in enumerate(fade.steps):
            part = 1.0 - step.shares[0] / (sum(step.shares) or 1.0)
            turns.append(Turned(step.time, "", part, glides=number > 0))
    groups = tuple((step,) for fade in fades for step in fade.steps)
    return Lane("Fades", top, CURVE, turns=tuple(turns), groups=groups, wholes=tuple(wholes))


def step_of_ruler(seconds_a_pixel: float) -> float:
    """Seconds between two numbers on the line of times, so that they have room."""
    for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0):
        if step / seconds_a_pixel >= 56.0:
            return step
    return 1800.0
