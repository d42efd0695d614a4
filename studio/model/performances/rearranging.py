"""Events of a performance taken elsewhere in time, taken out, or done once more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from studio.model.performances.performance import Event, Faded, Mixed, NetworkOpened, Performance, Prepared

_CLOSE = 0.25
"""Seconds between two steps of a fade after which it rested."""

_FRAME = 0.02
"""Seconds closer than which steps of a fade need not be."""

_HAIR = 1e-3
"""Seconds that an event stays before another network is opened."""


@dataclass(frozen=True, eq=False)
class Fade:
    """A fade as it stands in a performance.

    Attributes:
        begun: how it began.
        steps: where it was.
        prepared: what it alone had prepared, just before it began.
    """

    begun: Faded
    steps: tuple[Mixed, ...]
    prepared: tuple[Prepared, ...] = ()

    @property
    def events(self) -> tuple[Event, ...]:
        """All of it."""
        return (*self.prepared, self.begun, *self.steps)


def fades_of(performance: Performance) -> tuple[Fade, ...]:
    """The fades of a performance, in order."""
    found: list[Fade] = []
    prepared: list[Prepared] = []
    for event in performance.events:
        if isinstance(event, Prepared):
            prepared.append(event)
        elif isinstance(event, Faded):
            found.append(Fade(event, (), tuple(each for each in prepared if each.time == event.time)))
            prepared = []
        elif isinstance(event, Mixed) and found:
            found[-1] = replace(found[-1], steps=(*found[-1].steps, event))
    return tuple(found)


def reach_of(performance: Performance, chosen: Sequence[Event]) -> tuple[float, float]:
    """By how many seconds events may be moved: sooner, 0 or less, and later, 0 or more.

    They stay within what was done on their network, steps of a fade between its others, and fades apart.
    """
    first, last = chosen[0].time, chosen[-1].time
    start, end = _scene_of(performance, chosen[0])
    for fade in fades_of(performance):
        if any(event is fade.begun for event in chosen):
            continue
        own = [step for step in fade.steps if any(step is event for event in chosen)]
        if own:
            # One step, with which those around it go.
            times = [fade.begun.time, *(step.time for step in fade.steps), math.inf]
            place = next(k for k, step in enumerate(fade.steps) if step is own[0])
            a, b = _around([step.time for step in fade.steps], place)
            start = max(start, times[1 + a] if a < place else times[place])
            end = min(end, times[1 + b] if b > place else times[place + 2])
        elif any(isinstance(event, (Faded, Mixed)) for event in chosen):
            if fade.events[-1].time <= first:
                start = max(start, fade.events[-1].time)
            else:
                end = min(end, fade.events[0].time)
    return min(0.0, start - first), max(0.0, end - last)


def shifted(performance: Performance, chosen: Sequence[Event], seconds: float) -> Performance:
    """With events so many seconds later, or sooner, as far as they reach."""
    lo, hi = reach_of(performance, chosen)
    by = min(max(seconds, lo), hi)
    return _with(performance, chosen, [replace(event, time=_nano(event.time + by)) for event in chosen])


def left_out(performance: Performance, chosen: Iterable[Event]) -> Performance:
    """Without events; presets that fades were prepared for stay, as other fades may lead to them."""
    return _with(performance, [event for event in chosen if not isinstance(event, Prepared)], ())


def repeated(performance: Performance, chosen: Sequence[Event], time: float) -> Performance:
    """With events done once more, the first of them at a time, within what was done on their network.

    A fade that would overlap another begins where that ends.
    """
    again = [event for event in chosen if not isinstance(event, Prepared)]
    start, end = _scene_of(performance, chosen[0])
    long = again[-1].time - again[0].time
    time = max(start, min(time, end - long))
    if any(isinstance(event, Faded) for event in again):
        for fade in fades_of(performance):
            if fade.begun.time <= time + long and time <= fade.events[-1].time:
                time = _nano(fade.events[-1].time + _HAIR)
    if time + long > end:
        return performance
    by = time - again[0].time
    return _with(performance, (), [replace(event, time=_nano(event.time + by)) for event in again])


def with_step(performance: Performance, step: Mixed, time: float, part: float) -> Performance:
    """With a step of a fade at another time, and so far from where the fade leads from, 0, to where it leads to, 1.

    Of a morph, how much of it is not its first preset; the others keep their proportions. Those around it go with it,
    see `dragged`; where they come apart there are more of them, so that the fade goes as smoothly as before.
    """
    lo, hi = reach_of(performance, (step,))
    steps = next(fade.steps for fade in fades_of(performance) if any(each is step for each in fade.steps))
    place = next(k for k, each in enumerate(steps) if each is step)
    points = [(each.time, 1.0 - each.shares[0] / (sum(each.shares) or 1.0)) for each in steps]
    at = step.time + min(max(time - step.time, lo), hi)
    moved = zip(steps, points, dragged(points, place, at, part), strict=True)
    come = [Mixed(_nano(new[0]), shares_at(each.shares, new[1])) if new != old else each for each, old, new in moved]
    more: list[Mixed] = []
    for (a, _), (b, _), before, after in zip(points, points[1:], come, come[1:], strict=False):
        if b - a <= _CLOSE:
            more += _in_between(before, after, b - a)
    return _with(performance, steps, [*come, *more])


def _in_between(before: Mixed, after: Mixed, gap: float) -> list[Mixed]:
    """Steps between two that were so many seconds apart and are farther now."""
    count = math.ceil((after.time - before.time) / max(gap, _FRAME) - 1e-6)
    found = []
    for number in range(1, count):
        way = number / count
        shares = tuple(a + way * (b - a) for a, b in zip(before.shares, after.shares, strict=True))
        found.append(Mixed(_nano(before.time + way * (after.time - before.time)), shares))
    return found


def dragged(points: Sequence[tuple[float, float]], place: int, time: float, part: float) -> list[tuple[float, float]]:
    """Times and parts of a curve, one of which is dragged elsewhere.

    Those that follow each other closely go with it, the less, the farther they are, so that the curve bends; where it
    rests or ends it stays. Parts stay between 0 and 1.
    """
    found = list(points)
    part = min(max(part, 0.0), 1.0)
    old, by = points[place][0], part - points[place][1]
    first, last = _around([each[0] for each in points], place)
    for end, places in ((points[first][0], range(first, place)), (points[last][0], range(place + 1, last + 1))):
        for k in places:
            at, value = points[k]
            near = (at - end) / (old - end)
            found[k] = end + (time - end) * near, min(max(value + by * near, 0.0), 1.0)
    found[place] = time, part
    return found


def _around(times: Sequence[float], place: int) -> tuple[int, int]:
    """The first and the last of those that follow each other closely."""
    first = last = place
    while first > 0 and times[first] - times[first - 1] <= _CLOSE:
        first -= 1
    while last + 1 < len(times) and times[last + 1] - times[last] <= _CLOSE:
        last += 1
    return first, last


def shares_at(shares: Sequence[float], part: float) -> tuple[float, ...]:
    """The shares of presets where all but the first have so much of the whole."""
    part = min(max(part, 0.0), 1.0)
    others = sum(shares[1:])
    rest = [share / others for share in shares[1:]] if others > 0.0 else [1.0, *(0.0 for _ in shares[2:])]
    return (1.0 - part, *(part * share for share in rest))


def _scene_of(performance: Performance, event: Event) -> tuple[float, float]:
    """From when to when the network was open on which an event was done."""
    start, end, is_past = 0.0, performance.seconds, False
    for each in performance.events:
        if each is event:
            is_past = True
        elif isinstance(each, NetworkOpened):
            if is_past:
                return start, each.time - _HAIR
            start = each.time
    return start, end


def _with(performance: Performance, gone: Iterable[Event], come: Iterable[Event]) -> Performance:
    taken = {id(event) for event in gone}
    kept = [event for event in performance.events if id(event) not in taken]
    return replace(performance, events=tuple(sorted((*kept, *come), key=lambda event: event.time)))


def _nano(seconds: float) -> float:
    return round(seconds * 1e9) / 1e9
