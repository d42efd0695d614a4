"""Controls that turn numbers, as mappings say: absolute ones pick a number up where it is, relative ones turn it on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from studio.control.inbox import Taken
from studio.errors import StudioError
from studio.model.movement.address import Number
from studio.model.movement.mapping import Mapping, Mappings, Mode

_STEPS = 128
_CHOOSES = re.compile(r"midi/\d+/cc/(98|99|100|101)")
"""Controllers that say which parameter is meant by what follows."""
_MIDDLE = 0.5
"""Past which a controller is pressed."""
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
        self._at: dict[str, float] = {}

    def values(self, mappings: Mappings, taken: Taken) -> dict[str, float]:
        """The new value of every number that a control turned; mappings of numbers that there are not do nothing."""
        found: dict[str, float] = {}
        pressed = {signal: self._presses(signal, taken) for signal in {each.signal for each in mappings}}
        for mapping in mappings:
            try:
                number = self._number(mapping.target)
                now = found.get(mapping.target, self._value(mapping.target))
            except StudioError:
                continue
            value = self._turned(mapping, number, now, taken, pressed[mapping.signal])
            if value is not None:
                found[mapping.target] = number.clipped(value)
        return found

    def _turned(
        self, mapping: Mapping, number: Number, now: float, taken: Taken, pressed: tuple[int, bool]
    ) -> float | None:
        lo, hi = number.reach
        lo, hi = lo if mapping.lo is None else mapping.lo, hi if mapping.hi is None else mapping.hi
        times, is_let_go = pressed
        if mapping.mode.startswith("relative"):
            steps = taken.steps.get(f"{_turns(mapping.signal)}/{mapping.mode.split()[1]}", 0.0)
            size = 1.0 if number.kind != "number" else (hi - lo) / _STEPS
            return now + steps * size if steps else None
        if number.kind == "trigger":
            return 1.0 if times else None
        if mapping.mode == "toggle":
            return (lo if abs(now - hi) < abs(now - lo) else hi) if times % 2 else None
        if mapping.mode == "next":
            first, last = sorted((round(lo), round(hi)))
            return first + (round(now) - first + times) % (last - first + 1) if times else None
        if mapping.mode == "trigger":
            return lo if is_let_go else hi if times else None
        if mapping.signal not in taken.signals:
            return None
        at = taken.signals[mapping.signal]
        if number.kind == "switch":
            # It has no place that it could be picked up at.
            return hi if at >= _MIDDLE else lo
        return self._absolute(mapping, number, (lo, hi), now, at)

    def _presses(self, signal: str, taken: Taken) -> tuple[int, bool]:
        """How often a control was pressed since the last look, and whether it was let go after that.

        What began and ended between two looks goes by which came last; at the same moment it ends. A controller is
        pressed where it passes its middle, or says again that it is past it, as buttons do that say nothing else.
        """
        began, ended = taken.began.get(signal), taken.ended.get(signal)
        if began is not None or ended is not None:
            return int(began is not None), ended is not None and (began is None or ended <= began)
        sent = [value / 127 for value in taken.raw.get(signal, ())]
        if not sent and signal in taken.signals:
            sent = [taken.signals[signal]]
        times, is_let_go = 0, False
        for at in sent:
            before, self._at[signal] = self._at.get(signal, 0.0), at
            times += at >= _MIDDLE and (before < _MIDDLE or at == before)
            is_let_go = at < _MIDDLE
        return times, is_let_go

    def _absolute(
        self, mapping: Mapping, number: Number, ends: tuple[float, float], now: float, at: float
    ) -> float | None:
        (lo, hi), key = ends, (mapping.signal, mapping.target)
        place = (now - lo) / (hi - lo) if hi != lo else at
        held = self._held.get(key)
        # It has the number as long as nobody else turns it.
        has_it = not mapping.takeover or (
            held is not None and held.has_it and abs(held.put - now) <= 1e-9 + 1e-6 * abs(now)
        )
        if not has_it:
            came_past = held is not None and min(held.at, at) <= place <= max(held.at, at)
            has_it = came_past or abs(at - place) <= _NEAR
        # As the number will have it: a whole one is not where the control stands, and yet nobody else has turned it.
        value = number.clipped(lo + at * (hi - lo))
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
