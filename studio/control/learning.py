"""Learning which control turns a number; and what controllers are reached by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from studio.control.inbox import Taken
from studio.model.address import Number
from studio.model.mapping import Mapping, Mode

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
    """The mapping of a control that was moved to a number; what is pressed switches a switch."""
    signal, mode = found
    return Mapping(signal, number.address, "toggle" if mode == "trigger" and number.kind == "switch" else mode)


@dataclass(eq=False)
class Watched:
    """A control that has just been learnt: what it sends next tells what it is.

    Attributes:
        learning: what it was learnt for.
        mapping: as it is until then.
        since: when it was learnt.
    """

    learning: Learning
    mapping: Mapping
    since: float
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
        mode, self._is_settled = way_of(self._sent)
        return replace(self.mapping, mode=mode) if mode not in (None, self.mapping.mode) else None


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
