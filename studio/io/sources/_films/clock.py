"""The times of a film's frames, put right: order, jumps of the clock, and the rate that they were meant to have.

decoder  ->  Clock (jumps closed)  ->  in_order (each time once, rising)  ->  at_constant_rate
"""

from __future__ import annotations

import heapq
import statistics
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

FORWARD, BACK, _BACK_ANY = 10.0, 0.1, 0.5
"""Seconds: a clock that a transport stream sets forward by more than the first or back by more than the second, or any
film back by more than the third, has begun anew. FFmpeg's own program takes the same 10 and 0.1 s."""
DEPTH = 16
"""Frames among which times may stand in another order than the pictures: H.264's and HEVC's decoders hold no more."""
_FASTEST = Fraction(240)
_COMMON = tuple(Fraction(n) for n in (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240))
_SOME = 5
"""Steps of which a passage has more: a few may be apart from the others by accident."""

_JITTER = 0.45
"""Of a tick: what is nearer to it than this has it, wherever the first picture stands."""
_TELEVISION = (24, 30, 48, 60, 120)
_USUAL = (*_COMMON, *(Fraction(rate * 1000, 1001) for rate in _TELEVISION))


class Clock:
    """Seconds from the start of a film, out of the stamps of its packets or frames.

    Args:
        jumps: whether the container is of a kind whose clock may be set forward within a file, as a transport stream's.

    Attributes:
        jumped: how often the clock was set anew.
        first_jump: the second at which that was first; infinite where it never was.
        shifts: what was added to stamps to make times of them, in seconds: at first, and from each jump on.
    """

    def __init__(self, *, jumps: bool) -> None:
        self._jumps = jumps
        self._shift: float | None = None
        self._newest = 0.0
        self._ends = 0.0
        self._is_stamped = False
        self._decoded: deque[float] = deque(maxlen=2 * DEPTH)
        self.jumped = 0
        self.first_jump = float("inf")
        self.shifts: list[float] = []

    def start(self, stamp: float) -> None:
        """The stamp that is the film's second 0; without this it is that of the first frame."""
        self._set(-stamp)

    def _set(self, shift: float) -> float:
        self._shift = shift
        self.shifts.append(shift)
        return shift

    def place(self, stamp: float | None, length: float, decoded: float | None = None) -> float:
        """Where a frame stands, in seconds.

        Args:
            stamp: what the film says, in seconds; None where it says nothing: then it follows on the one before.
            length: how long it is shown, as far as that is known.
            decoded: when it was decoded, in seconds, where the film says that. Where that goes on and the container is
                not of such a kind, what stands before others has merely come too late, as behind damage.
        """
        if stamp is None:
            time = self._ends
        else:
            shift = self._set(-stamp) if self._shift is None else self._shift
            time = stamp + shift
            # The first may stand anywhere: reading may begin late in a film.
            follows, self._is_stamped = self._is_stamped, True
            if not follows and time < self._ends - length / 2:
                # Frames came before it of which the film does not say when, as it cannot before its own zero.
                self.shifts.pop()
                self._set(shift + self._ends - time)
                time = self._ends
            # A decoder gives the pictures of a transport stream in order; those of an AVI have other ones' times.
            back = max(BACK, 2 * length) if self._jumps else max(_BACK_ANY, DEPTH * length)
            goes_on = not self._jumps and decoded is not None and decoded > max(self._decoded, default=decoded) - back
            is_set = (time < self._newest - back and not goes_on) or (self._jumps and time > self._ends + FORWARD)
            if follows and is_set:
                self._decoded.clear()
                self._set(shift + self._ends - time)
                self.jumped += 1
                self.first_jump = min(self.first_jump, self._ends)
                time = self._ends
        if decoded is not None:
            self._decoded.append(decoded)
        self._newest = max(self._newest, time)
        self._ends = max(self._ends, time + length)
        return time


Stamps = tuple[Fraction | None, Fraction | None]
"""Of a packet: when its picture is shown, and when it is decoded, in seconds; None where the film does not say."""


def rehearsed(packets: Iterable[Stamps], length: float, *, jumps: bool, origin: float | None = None) -> Clock:
    """A clock that has been told stamps of packets in the order in which their pictures come out of a decoder.

    Args:
        packets: as they are stored.
        length: seconds for which a picture is shown.
        jumps: see `Clock`.
        origin: the stamp that is second 0; None for that of the first picture.
    """
    clock = Clock(jumps=jumps)
    if origin is not None:
        clock.start(origin)
    for part in _parts(packets, jumps=jumps):
        for stamp in part:
            clock.place(stamp, length)
    return clock


def _parts(packets: Iterable[Stamps], *, jumps: bool) -> Iterator[list[float | None]]:
    """The stamps of pictures between jumps of the decoder's clock, rising; first those that have none, before zero."""
    before, shown = 0, list[float]()
    last: Fraction | None = None
    for number, (pts, dts) in enumerate(packets):
        if pts is None:
            before += number < DEPTH
            continue
        if last is not None and dts is not None:
            step = float(dts - last)
            if step < -(BACK if jumps else _BACK_ANY) or (jumps and step > FORWARD):
                yield [None] * before + sorted(shown)
                before, shown = 0, []
        last = last if dts is None else dts
        shown.append(float(pts))
    yield [None] * before + sorted(shown)


def in_order(items: Iterable[tuple[float, T]], depth: int) -> Iterator[tuple[float, T]]:
    """The same things in the same order, with times that rise: the least that waits goes to the first that waits.

    Some containers keep the times of decoding: a decoder that puts pictures in order puts their times out of it.

    Args:
        items: times and what has them.
        depth: among how many that follow on each other times may be exchanged.
    """
    times: list[float] = []
    waiting: deque[T] = deque()
    for time, item in items:
        heapq.heappush(times, time)
        waiting.append(item)
        if len(waiting) > depth:
            yield heapq.heappop(times), waiting.popleft()
    while waiting:
        yield heapq.heappop(times), waiting.popleft()


def exact_rate(average: Fraction, slack: Fraction) -> Fraction | None:
    """The whole number of frames a second, or the one over 1.001, that is meant by an average that near; else None.

    Args:
        average: frames per second.
        slack: by which part of it the average may be off.
    """
    for exact in (Fraction(round(average)), Fraction(round(average * Fraction(1001, 1000)) * 1000, 1001)):
        if exact and abs(average - exact) / exact < slack:
            return exact
    return None


def fine_rate(stamps: Sequence[Fraction], tick: Fraction, average: Fraction | None) -> Fraction | None:
    """The rate at which no frame of a film of variable rate is lost, or None where its rate is constant.

    Args:
        stamps: times of its first frames, in seconds.
        tick: what they are rounded to.
        average: frames per second of the whole film.
    """
    times = sorted(stamps)
    steps = [after - before for before, after in pairwise(times) if after > before]
    if len(steps) < 2:
        return None
    mean = (times[-1] - times[0]) / len(steps)
    strays = max(abs(time - times[0] - place * mean) for place, time in enumerate(times))
    is_even = len(steps) == len(times) - 1 and strays <= max(2 * tick, mean / 20)
    # A last frame that stays longer makes the average of a short film slower than its frames come.
    rounding = 2 * tick / (times[-1] - times[0]) + Fraction(1, 2000)
    if is_even and (not average or abs(average * mean - 1) < rounding):
        # Coarse ticks make the average of a short film another one.
        slack = 2 * tick / (times[-1] - times[0])
        is_said = not average or any(abs(average - usual) / usual < Fraction(1, 5000) for usual in _USUAL)
        meant = [usual for usual in _USUAL if abs(usual * mean - 1) < slack and _is_steady(times, usual)]
        # A whole rate before one of television.
        meant.sort(key=lambda usual: (usual.denominator, abs(usual * mean - 1)))
        return None if is_said or not meant else meant[0]
    if len(steps) == len(times) - 1 and (steady := _steady_rate(times)) is not None:
        return steady
    # A tenth may be shorter by accident (a stutter, a cut); those near what is left jitter about one step.
    steps.sort()
    short = steps[len(steps) // 10]
    like = _finest([step for step in steps if step < 3 * short / 2], tick, len(steps) // 10)
    finest = like[len(like) // 2]
    rate = min(1 / finest, _FASTEST)
    near = min(_COMMON, key=lambda common: abs(common - rate) / common)
    # Stamps in milliseconds say a rate to a few percent.
    if abs(near - rate) / near <= max(Fraction(1, 25), 2 * tick / finest):
        # The rates of television are 1/1000 lower.
        slow = near * Fraction(1000, 1001)
        if average and (average / slow).denominator == 1 and _is_on(times, slow, 2 * tick):
            return slow
        if near not in _TELEVISION or _is_on(times, near, 2 * tick):
            return near
        if _is_on(times, slow, 2 * tick):
            return slow
        # Each run of such steps is known to two ticks.
        length = sum(like, Fraction(0))
        measured = len(like) / length
        is_sure = 2 * tick * (len(steps) - len(like) + 1) / length < Fraction(1, 2000)
        return slow if is_sure and abs(slow - measured) < abs(near - measured) else near
    return rate.limit_denominator(1001)


def _steady_rate(times: Sequence[Fraction]) -> Fraction | None:
    """The rate about which all times merely jitter, so that each of its ticks has one; None where there is none."""
    if len(times) <= 2 * _SOME:
        return None
    places, stamps = range(len(times)), [float(time - times[0]) for time in times]
    slope = statistics.linear_regression(places, stamps).slope
    if slope <= 0 or 1 / slope > _FASTEST:
        return None
    measured = Fraction(1 / slope).limit_denominator(1001)
    near = min(_COMMON, key=lambda common: abs(common - measured) / common)
    slow = near * Fraction(1000, 1001)
    for rate in sorted((near, slow) if near in _TELEVISION else (near,), key=lambda each: abs(each - measured)):
        if abs(rate - measured) / rate < _JITTER / len(times) and _is_steady(stamps, rate):
            return rate
    return measured if _is_steady(stamps, measured) else None


def _is_steady(times: Sequence[Fraction | float], rate: Fraction) -> bool:
    """Whether each stands nearest to the tick that has its number."""
    return all(abs(float(time - times[0]) * float(rate) - place) < _JITTER for place, time in enumerate(times))


def _finest(steps: Sequence[Fraction], tick: Fraction, few: int) -> Sequence[Fraction]:
    """Of steps, the shortest first, those of the fastest passages. Steps that jitter have no gap in between."""
    first = 0
    for place, (step, longer) in enumerate(pairwise(steps), start=1):
        if longer - step > max(2 * tick, step / 12):
            if place - first > max(few, _SOME):
                return steps[first:place]
            first = place
    return steps[first:] if first and len(steps) - first > max(few, _SOME) else steps


def _is_on(times: Sequence[Fraction], rate: Fraction, slack: Fraction) -> bool:
    """Whether all times stand where a frame of that rate does, some of which are left out."""
    places = ((time - times[0]) * rate for time in times)
    return all(abs(place - round(place)) <= slack * rate for place in places)
