"""Controls that turn numbers, as mappings say: absolute ones pick a number up where it is, relative ones turn it on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from studio.control.inbox import Taken
from studio.errors import StudioError
from studio.model.address import Number
from studio.model.mapping import Mapping, Mappings, Mode

_STEPS = 128
_CHOOSES = re.compile(r"midi/\d+/cc/(98|99|100|101)")
"""Controllers that say which parameter is meant by what follows."""
_NEAR = 1.5 / 127
"""How near an absolute control must come to where its number is, as a part of the whole way."""


@dataclass
class _Held:
    """What is known of an absolute control: where it was, where it put its number, whether it has picked it up."""

    at: float
    put: float
    has_it: bool


class Mapped:
    """Turns what came in into values of numbers.

    Args:
        number: a number by its address; StudioError where there is none.
        value: its value now.
    """

    def __init__(self, number: Callable[[str], Number], value: Callable[[str], float]) -> None:
        self._number = number
        self._value = value
        self._held: dict[tuple[str, str], _Held] = {}

    def values(self, mappings: Mappings, taken: Taken) -> dict[str, float]:
        """The new value of every number that a control turned; mappings of numbers that there are not do nothing."""
        found: dict[str, float] = {}
        for mapping in mappings:
            try:
                number = self._number(mapping.target)
                now = found.get(mapping.target, self._value(mapping.target))
            except StudioError:
                continue
            value = self._turned(mapping, number, now, taken)
            if value is not None:
                found[mapping.target] = number.clipped(value)
        return found

    def _turned(self, mapping: Mapping, number: Number, now: float, taken: Taken) -> float | None:
        lo, hi = number.reach
        lo, hi = lo if mapping.lo is None else mapping.lo, hi if mapping.hi is None else mapping.hi
        if mapping.mode.startswith("relative"):
            steps = taken.steps.get(f"{_turns(mapping.signal)}/{mapping.mode.split()[1]}", 0.0)
            size = 1.0 if number.kind != "number" else (hi - lo) / _STEPS
            return now + steps * size if steps else None
        if mapping.mode == "toggle":
            return (lo if abs(now - hi) < abs(now - lo) else hi) if mapping.signal in taken.began else None
        if mapping.mode == "trigger":
            # What began and ended between two frames goes by which came last; at the same moment it ends.
            began, ended = taken.began.get(mapping.signal), taken.ended.get(mapping.signal)
            if began is None and ended is None:
                return None
            return hi if ended is None or (began is not None and began < ended) else lo
        if mapping.signal not in taken.signals:
            return None
        return self._absolute(mapping, lo, hi, now, taken.signals[mapping.signal])

    def _absolute(self, mapping: Mapping, lo: float, hi: float, now: float, at: float) -> float | None:
        key = mapping.signal, mapping.target
        place = (now - lo) / (hi - lo) if hi != lo else at
        held = self._held.get(key)
        # It has the number as long as nobody else turns it.
        has_it = not mapping.takeover or (
            held is not None and held.has_it and abs(held.put - now) <= 1e-9 + 1e-6 * abs(now)
        )
        if not has_it:
            came_past = held is not None and min(held.at, at) <= place <= max(held.at, at)
            has_it = came_past or abs(at - place) <= _NEAR
        value = lo + at * (hi - lo)
        self._held[key] = _Held(at, value if has_it else now, has_it)
        return value if has_it else None


def suggested(taken: Taken) -> tuple[str, Mode] | None:
    """The control that was moved, for learning, and the mode that suits it; None where none was."""
    for signal in taken.began:
        if not signal.startswith("osc/"):
            return signal, "trigger"
    parameter = next((signal for signal in taken.signals if "/nrpn/" in signal), None)
    if parameter is not None:
        # The controllers by which it came are none of their own.
        return parameter, "absolute"
    for signal in taken.signals:
        # A coarse part that is followed by its fine part is one control of 14 bits.
        found = re.fullmatch(r"midi/(\d+)/cc/(\d+)", signal)
        if found and 32 <= int(found[2]) < 64 and f"midi/{found[1]}/cc/{int(found[2]) - 32}" in taken.signals:
            return f"midi/{found[1]}/cc14/{int(found[2]) - 32}", "absolute"
    for signal in taken.signals:
        if "/cc14/" not in signal and not _CHOOSES.fullmatch(signal):
            return signal, "absolute"
    return None


def _turns(signal: str) -> str:
    return signal.replace("/cc/", "/turn/")
