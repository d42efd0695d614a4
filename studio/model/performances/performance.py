"""A performance: all that hands and controllers did, with the times at which they did it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, takewhile

from studio.errors import StudioError
from studio.model.performances.performed import Arranged as Arranged
from studio.model.performances.performed import Does as Does
from studio.model.performances.performed import Ended as Ended
from studio.model.performances.performed import Event as Event
from studio.model.performances.performed import Faded as Faded
from studio.model.performances.performed import Mixed as Mixed
from studio.model.performances.performed import NetworkOpened as NetworkOpened
from studio.model.performances.performed import Prepared as Prepared
from studio.model.performances.performed import Ran as Ran
from studio.model.performances.performed import Recorded as Recorded
from studio.model.performances.performed import Signalled as Signalled
from studio.model.performances.performed import Stroke as Stroke
from studio.model.performances.performed import Turned as Turned


@dataclass(frozen=True)
class Take:
    """How the studio stood as a performance began.

    Attributes:
        whole: whether the events at time 0 hold all in which the preset differed from its trained network.
        clock: seconds for which the network had run, by which routes and bends move.
        frame: how many frames it had run.
        rate: frames a second of the recording that was made at the same time; None where there was none.
        source: what played, as the command line names it.
        size: at which the network worked, as the command line gives it.
        weights: the folder of the network; empty where it has none.
    """

    whole: bool = False
    clock: float = 0.0
    frame: int = 0
    rate: Fraction | None = None
    source: str = ""
    size: str = ""
    weights: str = ""


NO_TAKE = Take()


@dataclass(frozen=True, eq=False)
class Performance:
    """What was done to a preset, event by event.

    Attributes:
        network: digest of the network that it was played on.
        preset: name of the preset that it began with.
        events: at rising times.
        note: what a person should know of how it was read; empty where nothing is.
        take: how the studio stood as it began.
    """

    network: str
    preset: str
    events: tuple[Event, ...]
    note: str = ""
    take: Take = NO_TAKE

    def __post_init__(self) -> None:
        times = [event.time for event in self.events]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise StudioError("The events of a performance stand in the order of their times.")

    @property
    def seconds(self) -> float:
        """When the last event is."""
        return self.events[-1].time if self.events else 0.0

    def between(self, after: float, until: float) -> Sequence[Event]:
        """The events past one time, up to another and at it."""
        first = bisect_right(self.events, after, key=lambda event: event.time)
        return self.events[first : bisect_right(self.events, until, key=lambda event: event.time)]

    def automation(self, address: str) -> tuple[tuple[float, float], ...]:
        """Times and values of one number, for a curve."""
        return tuple((turn.time, turn.value) for turn in self.turns(address))

    def turns(self, address: str) -> tuple[Turned, ...]:
        """All that was done to one number."""
        return tuple(e for e in self.events if isinstance(e, Turned) and e.address == address)

    def runs(self) -> tuple[Ran, ...]:
        """When the network ran; empty where that was not written down."""
        return tuple(event for event in self.events if isinstance(event, Ran))

    @property
    def fades(self) -> bool:
        """Whether presets are faded in it."""
        return any(isinstance(event, Faded) for event in self.events)

    def addresses(self) -> tuple[str, ...]:
        """The numbers that it turns."""
        return tuple(dict.fromkeys(event.address for event in self.events if isinstance(event, Turned)))

    def scenes(self) -> tuple[Scene, ...]:
        """What it does on each network, one after the other; the times stay those of the whole."""
        places = [place for place, event in enumerate(self.events) if isinstance(event, NetworkOpened)]
        found = [Scene(replace(self, events=self.events[: places[0]] if places else self.events))]
        for place, end in pairwise([*places, len(self.events)]):
            opened = self.events[place]
            assert isinstance(opened, NetworkOpened)
            take = replace(self.take, whole=True, clock=opened.clock, frame=0, weights=opened.weights)
            own = Performance(opened.network, opened.preset, self.events[place + 1 : end], take=take)
            found.append(Scene(own, opened))
        return tuple(found)

    # -- editing ----------------------------------------------------------------------------------------------------

    def trimmed(self, start: float, end: float) -> Performance:
        """What lies between two times, the first becoming 0; what was done before them is done at once there."""
        first = bisect_left(self.events, start, key=lambda event: event.time)
        kept = self.events[: bisect_right(self.events, end, key=lambda event: event.time)]
        place = max((k for k, event in enumerate(kept[:first]) if isinstance(event, NetworkOpened)), default=None)
        if place is None:
            events, take = _last(kept, first), self.take
            left = next((event.frame for event in events if isinstance(event, Ran)), 0)
            own = next((k for k, event in enumerate(events) if isinstance(event, NetworkOpened)), len(events))
            events[:own] = [replace(e, frame=e.frame - left) if isinstance(e, Ran) else e for e in events[:own]]
            take = replace(take, clock=_nano(take.clock + start), frame=take.frame + left)
        else:
            # There is no picture of the network before that it could fade in over.
            opened = replace(_resumed(self.events, place, start), seconds=0.0, both=False)
            events, take = [opened, *_last(kept[place + 1 :], first - place - 1)], self.take
        events = [replace(event, time=_nano(max(0.0, event.time - start))) for event in events]
        if not kept or not isinstance(kept[-1], Ended):
            events.append(Ended(_nano(max(end - start, events[-1].time if events else 0.0))))
        return replace(self, events=tuple(events), take=take)

    def cut(self, start: float, end: float) -> Performance:
        """Without what lies between two times; what follows comes sooner by as much.

        Strokes and sections in between are done at once at the joint, because what follows may need them.
        """
        events: list[Event] = [event for event in self.events if event.time < start]
        is_joint = True
        for place, event in enumerate(self.events[len(events) :], start=len(events)):
            if event.time < end and not isinstance(event, (Ended, *_LASTING)):
                continue
            if isinstance(event, NetworkOpened) and event.time < end:
                event = _resumed(self.events, place, end)
            if isinstance(event, Ran) and is_joint and not event.is_again:
                # Its picture follows another than the one that it followed.
                event, is_joint = replace(event, is_cut=True), False
            events.append(replace(event, time=_nano(max(start, event.time - (end - start)))))
        return replace(self, events=tuple(events))

    def with_automation(self, address: str, points: Iterable[tuple[float, float]]) -> Performance:
        """With other times and values of one number: an overdub, or keyframes that were dragged."""
        return self.with_turns(address, (Turned(time, address, value) for time, value in points))

    def with_turns(self, address: str, turns: Iterable[Turned]) -> Performance:
        """With all that was done to one number replaced; nothing at all takes it out."""
        return self._sorted([*self._without(lambda e: isinstance(e, Turned) and e.address == address), *turns])

    def thinned(self, address: str, tolerance: float) -> Performance:
        """With as few keyframes of one number as keep its curve, each reached in a straight line.

        Args:
            address: of the number.
            tolerance: how far values may be off; a jump stays a jump.
        """
        return self.with_turns(address, _thinned(self.turns(address), tolerance))

    def overdubbed(self, other: Performance) -> Performance:
        """With what another did at the same times; the numbers that it turns are its own from its first turn on."""
        first: dict[str, float] = {}
        for event in other.events:
            if isinstance(event, Turned):
                first.setdefault(event.address, event.time)
        kept = self._without(
            lambda e: isinstance(e, Turned) and e.address in first and first[e.address] <= e.time <= other.seconds
        )
        return self._sorted([*kept, *_renumbered(other.events, self.events)])

    def _without(self, gone: Callable[[Event], bool]) -> list[Event]:
        return [event for event in self.events if not gone(event)]

    def _sorted(self, events: list[Event]) -> Performance:
        return replace(self, events=tuple(sorted(events, key=lambda event: event.time)))


def _resumed(events: Sequence[Event], place: int, time: float) -> NetworkOpened:
    """An opening whose runs before a time are left out: those that follow keep their times by the network's clock."""
    opened = events[place]
    assert isinstance(opened, NetworkOpened)
    own = takewhile(lambda event: not isinstance(event, NetworkOpened), events[place + 1 :])
    runs = [event.time for event in own if isinstance(event, Ran)]
    later = next((run for run in runs if run >= time), None)
    return opened if later is None else replace(opened, clock=_nano(opened.clock + later - runs[0]))


def _nano(seconds: float) -> float:
    """To whole nanoseconds, in which clocks count, so that nothing adds up."""
    return round(seconds * 1e9) / 1e9


@dataclass(frozen=True, eq=False)
class Scene:
    """What a performance does on one network.

    Attributes:
        own: its events.
        opened: how it came to be open; None for the one that the performance began on.
    """

    own: Performance
    opened: NetworkOpened | None = None


_LASTING = Stroke, Arranged, Prepared, Faded, Mixed, NetworkOpened
"""Events that what comes later may stand on."""

_JUMP = 0.25
"""Seconds without a turn after which a number did not glide, but rested and was turned anew."""


def _thinned(turns: Sequence[Turned], tolerance: float) -> list[Turned]:
    """Ramer, Douglas and Peucker's line through the turns, measured along the values; rests are kept."""
    found: list[Turned] = []
    group: list[Turned] = []
    for turn in turns:
        if group and turn.time - group[-1].time > _JUMP:
            found += _line(group, tolerance)
            group = []
        group.append(turn)
    return found + _line(group, tolerance)


def _line(group: Sequence[Turned], tolerance: float) -> list[Turned]:
    if not group:
        return []
    kept = {0, len(group) - 1}
    waiting = [(0, len(group) - 1)]
    while waiting:
        first, last = waiting.pop()
        a, b = group[first], group[last]
        worst, place = tolerance, None
        for number in range(first + 1, last):
            way = (group[number].time - a.time) / (b.time - a.time) if b.time > a.time else 0.0
            off = abs(group[number].value - (a.value + way * (b.value - a.value)))
            if off > worst:
                worst, place = off, number
        if place is not None:
            kept.add(place)
            waiting += [(first, place), (place, last)]
    return [replace(group[number], glides=number > 0) for number in sorted(kept)]


def _last(events: Sequence[Event], first: int) -> list[Event]:
    """The events from one on, and before them the last of each number, signal and fade, and every stroke."""
    held: dict[object, Event] = {}
    fade = -1
    for place, event in enumerate(events[:first]):
        if isinstance(event, Turned):
            key: object = event.address
        elif isinstance(event, Signalled):
            key = "signal", event.name
        elif isinstance(event, Mixed):
            key = "mixed", fade
        elif isinstance(event, (Ran, Recorded, Ended)):
            continue
        else:
            key, fade = place, place if isinstance(event, Faded) else fade
        held.pop(key, None)
        held[key] = event
    return [*held.values(), *events[first:]]


def _renumbered(events: Sequence[Event], before: Sequence[Event]) -> list[Event]:
    """The events with numbers for their prepared presets that none of those before have."""
    most = max((event.preset for event in before if isinstance(event, Prepared)), default=0)
    found: list[Event] = []
    for event in events:
        if isinstance(event, Prepared):
            event = replace(event, preset=event.preset + most)
        elif isinstance(event, Faded):
            event = replace(event, presets=tuple(preset + most for preset in event.presets))
        found.append(event)
    return found
