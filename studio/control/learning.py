"""Learning which control turns a number; and what controllers are reached by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from studio.control.inbox import Taken
from studio.model.movement.address import Number
from studio.model.movement.mapping import Mapping, Mode

HALF = 0.1
"""Seconds within which the second half of a control of 14 bits comes."""
WATCHED = 20.0
"""Seconds for which a control that was learnt is watched, to see whether it has ends."""
_QUICK = 24
"""Steps that an endless knob sends in one message at most."""
_REPEATS = 2
"""How often a control must send what it sent before: one with ends sends nothing where it has not moved."""


@dataclass(frozen=True)
class Ports:
    """What controllers are reached by.

    Attributes:
        midi: ports that are heard; None where MIDI is not.
        lights: ports that lights are sent to; None where none are.
        osc: UDP port that OSC is heard at; None where it is not.
        page: TCP port that lists the addresses.
        sends: host and port that OSC is sent to; None where none is.
    """

    midi: tuple[str, ...] | None = None
    lights: tuple[str, ...] | None = None
    osc: int | None = None
    page: int | None = None
    sends: tuple[str, int] | None = None


@dataclass(frozen=True)
class Learning:
    """A number that waits for a control.

    Attributes:
        target: its address.
        then: told the mapping, once it is learnt; again where the control turns out to be one of 14 bits.
        for_all: whether the mapping is the person's own, for all presets.
    """

    target: str
    then: Callable[[Mapping], object]
    for_all: bool


def mapping_of(found: tuple[str, Mode], number: Number) -> Mapping:
    """The mapping of a control that was moved to a number; what is pressed switches a switch, or takes the next."""
    signal, mode = found
    return Mapping(signal, number.address, pressing(number) if mode == "trigger" else mode)


def pressing(number: Number) -> Mode:
    """What a press does to a number."""
    if number.kind == "switch":
        return "toggle"
    return "next" if number.kind == "choice" else "trigger"


@dataclass(eq=False)
class Watched:
    """A control that has just been learnt: what it sends next tells what it is.

    Attributes:
        learning: what it was learnt for.
        mapping: as it is until then.
        since: when it was learnt.
        pressed: what it does where it turns out to be a button, which says 127, and 0 or nothing; None for a number
            that is turned from end to end.
    """

    learning: Learning
    mapping: Mapping
    since: float
    pressed: Mode | None = None
    _sent: list[int] = field(default_factory=list)
    _is_settled: bool = False

    def is_over(self, now: float) -> bool:
        """Whether it is known what it is, or nobody turns it any more."""
        return now - self.since > (HALF if self._is_settled else WATCHED)

    def take(self, taken: Taken, now: float) -> Mapping | None:
        """The mapping that suits it better, in the light of what has come in; None where that is the same."""
        fine = whole(self.mapping, taken) if now - self.since <= HALF else None
        if fine is not None:
            self._is_settled, self.since = True, now - WATCHED
            return fine
        if self._is_settled:
            return None
        self._sent += taken.raw.get(self.mapping.signal, ())
        if self.pressed is not None:
            mode, self._is_settled = self._as_button()
        else:
            mode, self._is_settled = way_of(self._sent)
        return replace(self.mapping, mode=mode) if mode not in (None, self.mapping.mode) else None

    def _as_button(self) -> tuple[Mode | None, bool]:
        """Of a switch or a choice: whether a button turns it; where a fader or an endless knob does, as others."""
        if set(self._sent) <= {0, 127}:
            return (self.pressed, True) if len(self._sent) > 1 else (None, False)
        return way_of(self._sent)


def watched(learning: Learning, mapping: Mapping, number: Number, now: float) -> Watched | None:
    """A controller that has just been learnt, to be watched; None for a note, of which all is known."""
    pressed = pressing(number) if number.kind in ("switch", "choice") else None
    return Watched(learning, mapping, now, pressed) if "/cc/" in mapping.signal else None


def way_of(sent: Sequence[int]) -> tuple[Mode | None, bool]:
    """What a control is by what it has sent, and whether nothing else is possible; None is not known yet.

    An endless knob sends how far it was turned, over and over the same; see `relative`. Turned to the right alone, two
    of the ways look alike: 1, 1, 2 is up in two's complement and as a sign and a size.
    """
    ways: list[Mode] = []
    if all(0 < value <= _QUICK or value >= 128 - _QUICK for value in sent):
        ways.append("relative twos")
    if all(0 < abs(value - 64) <= _QUICK for value in sent):
        ways.append("relative offset")
    if all(0 < value <= _QUICK or 64 < value <= 64 + _QUICK for value in sent):
        ways.append("relative sign")
    if not ways:
        return "absolute", True
    repeats = sum(a == b for a, b in pairwise(sent))
    # A button sends 127 at each press.
    if repeats < _REPEATS or set(sent) == {127}:
        return None, False
    return ways[0], len(ways) == 1


def whole(mapping: Mapping, taken: Taken) -> Mapping | None:
    """The mapping of both halves of a control, where the second has come; else None."""
    known = re.fullmatch(r"midi/(\d+)/cc/(\d+)", mapping.signal)
    if known is None or int(known[2]) >= 32 or f"midi/{known[1]}/cc/{int(known[2]) + 32}" not in taken.signals:
        return None
    return replace(mapping, signal=f"midi/{known[1]}/cc14/{known[2]}")
