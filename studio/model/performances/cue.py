"""Cue points: places in a film to come back to, by number and name."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

SAME = 0.02
"""Seconds within which two places are the same one: half a frame of most films."""

MOST = 99
"""So many a film can have."""


@dataclass(frozen=True)
class Cue:
    """A place in a film.

    Attributes:
        time: seconds from its start.
        name: what a person calls it; may be empty.
    """

    time: float
    name: str = ""


Cues = tuple[Cue, ...]
"""Those of one film, by time; the first is number 1."""


def added(cues: Cues, cue: Cue) -> Cues:
    """With another one; of one at the same place the new name counts."""
    others = tuple(each for each in cues if abs(each.time - cue.time) > SAME)
    return tuple(sorted((*others, cue), key=lambda each: each.time))


def renamed(cues: Cues, number: int, name: str) -> Cues:
    """With another name for one of them."""
    return tuple(replace(each, name=name) if at == number else each for at, each in enumerate(cues, 1))


def without(cues: Cues, number: int) -> Cues:
    """Without one of them; those behind it move up."""
    return tuple(each for at, each in enumerate(cues, 1) if at != number)


def number_at(cues: Cues, seconds: float) -> int:
    """Of the last one at or before a place; 0 before the first."""
    return bisect_right([each.time for each in cues], seconds + SAME)


def before(cues: Cues, seconds: float) -> Cue | None:
    """The last one that lies before a place, by more than a moment: pressed twice, one goes back by two."""
    return next((each for each in reversed(cues) if each.time < seconds - _MOMENT), None)


def after(cues: Cues, seconds: float) -> Cue | None:
    """The first one that lies behind a place."""
    return next((each for each in cues if each.time > seconds + SAME), None)


_MOMENT = 0.7
"""Seconds past a cue in which going back means the one before it."""
