"""What a hand has hold of on a timeline, a keyframe, a step of a fade, all of it, or marks, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from studio.model.performances.performance import Event, Mixed, Performance, Turned
from studio.model.performances.rearranging import dragged, left_out, reach_of, repeated, shifted, with_step
from studio.ui.kit.clock import clock
from studio.ui.performance.lanes import Lane

Kind = Literal["keyframe", "step", "fade", "marks"]


@dataclass(frozen=True)
class Hold:
    """What a hand has hold of.

    Attributes:
        lane: where it lies, as it was then.
        place: which keyframe, step or mark.
        kind: what it is.
        events: it as events; none for a keyframe.
        reach: by how many seconds it may be moved, sooner and later.
    """

    lane: Lane
    place: int
    kind: Kind = "keyframe"
    events: tuple[Event, ...] = ()
    reach: tuple[float, float] = (0.0, 0.0)

    @property
    def time(self) -> float:
        """When it is."""
        return self.lane.times[self.place]

    @property
    def value(self) -> float:
        """What the number is there; 0 for marks."""
        return self.lane.turns[self.place].value if self.lane.turns else 0.0

    def held_at(self, time: float) -> float:
        """Where it is when it is to be at a time: never past what it reaches."""
        if self.kind == "keyframe":
            return self.lane.moved(self.place, time, self.value)[self.place].time
        return self.time + min(max(time - self.time, self.reach[0]), self.reach[1])

    # -- while it is dragged ----------------------------------------------------------------------------------------

    def shown(self, time: float, value: float, *, copies: bool = False) -> Lane:
        """The lane with it elsewhere."""
        lane, by = self.lane, self.held_at(time) - self.time
        if self.kind == "keyframe":
            return replace(lane, turns=self._turns(time, value, copies=copies))
        if self.kind == "step":
            first, events = next(each for each in reversed(lane.wholes) if each[0] <= self.place)
            own = lane.turns[first : first + sum(isinstance(event, Mixed) for event in events)]
            points = dragged([(turn.time, turn.value) for turn in own], self.place - first, self.time + by, value)
            moved = (replace(turn, time=at, value=part) for turn, (at, part) in zip(own, points, strict=True))
            return replace(lane, turns=(*lane.turns[:first], *moved, *lane.turns[first + len(own) :]))
        if copies:
            return replace(lane, marks=(*lane.marks, time)) if self.kind == "marks" else lane
        if self.kind == "marks":
            return replace(lane, marks=(*lane.marks[: self.place], self.time + by, *lane.marks[self.place + 1 :]))
        all_of_it = range(self.place, self.place + sum(isinstance(event, Mixed) for event in self.events))
        turns = (replace(t, time=t.time + by) if k in all_of_it else t for k, t in enumerate(lane.turns))
        return replace(lane, turns=tuple(turns))

    def dropped(self, performance: Performance, time: float, value: float, *, copies: bool = False) -> Performance:
        """The performance with it elsewhere."""
        if self.kind == "keyframe":
            return performance.with_turns(self.lane.address, self._turns(time, value, copies=copies))
        if copies:
            return repeated(performance, self.events, time)
        [*_, last] = self.events
        if self.kind == "step" and isinstance(last, Mixed):
            return with_step(performance, last, time, value)
        return shifted(performance, self.events, time - self.time)

    def removed(self, performance: Performance) -> Performance:
        """The performance without it."""
        if self.kind == "keyframe":
            return performance.with_turns(self.lane.address, self.lane.without(self.place))
        return left_out(performance, self.events)

    def _turns(self, time: float, value: float, *, copies: bool) -> tuple[Turned, ...]:
        return (self.lane.again if copies else self.lane.moved)(self.place, time, value)

    # -- in words ---------------------------------------------------------------------------------------------------

    def said(self, lane: Lane | None = None) -> str:
        """What it is, and where; in a lane that shows it elsewhere, there."""
        lane = lane or self.lane
        if not lane.turns:
            count = len(self.events)
            times = f"{lane.marks[self.place]:.2f} s"
            return f"{lane.label}: {count} at {times}" if count > 1 else f"{lane.label} at {times}"
        turn = lane.turns[self.place]
        if self.kind == "fade":
            return f"Fade from {clock(turn.time)} on: drag it to another time"
        if self.kind == "step":
            return f"Fade: {100 * turn.value:.0f} % at {turn.time:.2f} s"
        unit = lane.number.unit if lane.number is not None else ""
        unit = f" {unit}" if unit not in ("", "°") else unit
        # The value first: there may be no room for more.
        return f"{turn.value:.4g}{unit} at {turn.time:.2f} s: {lane.label} ({lane.address})"


def hold(performance: Performance, lane: Lane, place: int, *, whole: bool = False) -> Hold:
    """Take hold of what lies at a place of a lane; of a whole fade by one of its steps."""
    if lane.address:
        return Hold(lane, place)
    kind: Kind = "step" if lane.turns else "marks"
    events = lane.groups[place]
    if whole:
        place, events = next(each for each in reversed(lane.wholes) if each[0] <= place)
        kind = "fade"
    return Hold(lane, place, kind, events, reach_of(performance, events))
