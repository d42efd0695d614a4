"""A performance: all that hands and controllers did, with the times at which they did it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from studio.errors import StudioError
from studio.model.edit import Patch

Does = Literal["value", "begin", "end"]


@dataclass(frozen=True)
class Turned:
    """A number was turned.

    Attributes:
        time: seconds since the beginning.
        address: of the number.
        value: what it was turned to.
    """

    time: float
    address: str
    value: float


@dataclass(frozen=True)
class Signalled:
    """A signal for routes came in: it has a value, it set something off, or it ended."""

    time: float
    name: str
    value: float
    does: Does = "value"


@dataclass(frozen=True, eq=False)
class Stroke:
    """A rectangle of a tensor's sheet got new values."""

    time: float
    tensor: str
    patch: Patch


@dataclass(frozen=True, eq=False)
class Arranged:
    """A section of the preset became another: stages, bypasses, routes.

    Attributes:
        time: seconds since the beginning.
        section: its name.
        document: its value as files hold it; None for the default.
        version: of that form.
    """

    time: float
    section: str
    document: Any
    version: int = 1


Event = Turned | Signalled | Stroke | Arranged


@dataclass(frozen=True, eq=False)
class Performance:
    """What was done to a preset, event by event.

    Attributes:
        network: digest of the network that it was played on.
        preset: name of the preset that it began with.
        events: at rising times.
        note: what a person should know of how it was read; empty where nothing is.
    """

    network: str
    preset: str
    events: tuple[Event, ...]
    note: str = ""

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
        return tuple((e.time, e.value) for e in self.events if isinstance(e, Turned) and e.address == address)

    def addresses(self) -> tuple[str, ...]:
        """The numbers that it turns."""
        return tuple(dict.fromkeys(event.address for event in self.events if isinstance(event, Turned)))

    # -- editing ----------------------------------------------------------------------------------------------------

    def trimmed(self, start: float, end: float) -> Performance:
        """What lies between two times, the first becoming 0; what was done before them is done at once there."""
        first = bisect_left(self.events, start, key=lambda event: event.time)
        kept = self.events[: bisect_right(self.events, end, key=lambda event: event.time)]
        return replace(self, events=tuple(replace(e, time=max(0.0, e.time - start)) for e in _last(kept, first)))

    def cut(self, start: float, end: float) -> Performance:
        """Without what lies between two times; what follows comes sooner by as much."""
        events = [e if e.time < start else replace(e, time=e.time - (end - start)) for e in self.events]
        return replace(
            self, events=tuple(e for e, was in zip(events, self.events, strict=True) if not start <= was.time < end)
        )

    def with_automation(self, address: str, points: Iterable[tuple[float, float]]) -> Performance:
        """With other times and values of one number: an overdub, or keyframes that were dragged."""
        own = [Turned(time, address, value) for time, value in points]
        return self._sorted([*self._without(lambda e: isinstance(e, Turned) and e.address == address), *own])

    def overdubbed(self, other: Performance) -> Performance:
        """With what another did at the same times; the numbers that it turns are its own from its first turn on."""
        first: dict[str, float] = {}
        for event in other.events:
            if isinstance(event, Turned):
                first.setdefault(event.address, event.time)
        kept = self._without(
            lambda e: isinstance(e, Turned) and e.address in first and first[e.address] <= e.time <= other.seconds
        )
        return self._sorted([*kept, *other.events])

    def _without(self, gone: Callable[[Event], bool]) -> list[Event]:
        return [event for event in self.events if not gone(event)]

    def _sorted(self, events: list[Event]) -> Performance:
        return replace(self, events=tuple(sorted(events, key=lambda event: event.time)))


def _last(events: Sequence[Event], first: int) -> list[Event]:
    """The events from one on, and before them the last of each number, signal and section, and every stroke."""
    held: dict[object, Event] = {}
    for place, event in enumerate(events[:first]):
        if isinstance(event, Turned):
            key: object = event.address
        elif isinstance(event, Signalled):
            key = "signal", event.name
        else:
            key = place
        held.pop(key, None)
        held[key] = event
    return [*held.values(), *events[first:]]
