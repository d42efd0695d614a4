"""Learning which control turns a number; and what controllers are reached by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.control.inbox import Taken
from studio.model.address import Number
from studio.model.mapping import Mapping, Mode

HALF = 0.1
"""Seconds within which the second half of a control of 14 bits comes."""


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


def whole(mapping: Mapping, taken: Taken) -> Mapping | None:
    """The mapping of both halves of a control, where the second has come; else None."""
    known = re.fullmatch(r"midi/(\d+)/cc/(\d+)", mapping.signal)
    if known is None or int(known[2]) >= 32 or f"midi/{known[1]}/cc/{int(known[2]) + 32}" not in taken.signals:
        return None
    return replace(mapping, signal=f"midi/{known[1]}/cc14/{known[2]}")
