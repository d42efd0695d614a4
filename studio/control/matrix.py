"""All routes and macros of a preset at work: the values of every number that they move, at a moment.

Measurements, time --> routes to routes --> routes to macros --> macros (of routes, too) --> routes --> {address: value}
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from studio.model.declared.param import turnables, with_number
from studio.model.movement.address import Number, joined
from studio.model.movement.curve import Curve, Memory, turned_curves
from studio.model.movement.modulator import NOTHING, Measurements, Modulator, Moment
from studio.model.movement.route import MacroBank, Route, Routes
from studio.model.movement.tempo import Tempo


@dataclass(eq=False)
class _Part:
    """One route at work."""

    route: Route
    reach: float
    depth: float
    source: Modulator
    curves: tuple[Curve, ...]
    memories: list[Memory] = field(default_factory=list)


@dataclass(eq=False)
class _Target:
    """A number that moves, and what it moves by."""

    address: str
    number: Number
    lo: float
    hi: float
    base: float
    has_own_base: bool
    is_plain: bool
    parts: list[_Part]


class Matrix:
    """Works out what moves. The same times and measurements, from `reset` on, give the same values.

    Routes to numbers that there are not, and those that are off, do nothing.

    Args:
        numbers: what can be moved, with their values now, which they move about.
        routes: what moves them.
        macros: what turns several at once.
        tempo: by which beats are counted.
    """

    def __init__(
        self,
        numbers: Iterable[tuple[Number, float]],
        routes: Routes = (),
        macros: MacroBank = (),
        tempo: Tempo | None = None,
    ) -> None:
        self.tempo = tempo or Tempo()
        self._numbers = {number.address: (number, value) for number, value in numbers}
        self._macros = {joined("macro", k): macro for k, macro in enumerate(macros, start=1) if macro.aims}
        self._aimed = {aim.target for macro in self._macros.values() for aim in macro.aims}
        self._targets: dict[str, _Target] = {}
        self._of_routes: list[tuple[_Target, _Part, str]] = []
        self._of_macros: list[_Target] = []
        self._plain: list[_Target] = []
        self._parts: dict[int, _Part] = {}
        self._time: float | None = None
        for route in routes:
            self._add(route)
        self._sort()
        # What of the routes themselves macros turn.
        self._knobs = {address: knob for address in self._aimed if (knob := self._knob_of(address)) is not None}

    def __bool__(self) -> bool:
        """Whether anything moves, or a macro turns something."""
        return bool(self._targets or self._macros)

    @property
    def moves(self) -> bool:
        """Whether values may be others in the next frame though nobody turns anything."""
        return bool(self._targets)

    @property
    def signals(self) -> frozenset[str]:
        """Names of all that must be measured."""
        return frozenset(name for part in self._parts.values() for name in part.source.signals())

    @property
    def targets(self) -> frozenset[str]:
        """Addresses of all that moves or is turned by a macro."""
        return frozenset(self._targets) | (self._aimed & self._numbers.keys())

    def reset(self) -> None:
        """Begin anew: what curves remember is forgotten."""
        self._time = None
        for part in self._parts.values():
            part.memories = [None] * len(part.curves)

    def turn(self, address: str, value: float) -> bool:
        """A number that is moved was turned to another base; False where the matrix must be made anew to know of it."""
        target, known = self._targets.get(address), self._numbers.get(address)
        if known is None or address.startswith(("/route/", "/macro/", "/tempo/")):
            return False
        self._numbers[address] = known[0], value
        if target is not None and not target.has_own_base:
            target.base = value
        return True

    def keep(self, before: Matrix) -> None:
        """Go on where another matrix was: curves of routes that both have remember what they did."""
        self._time = before._time
        for number, part in self._parts.items():
            other = before._parts.get(number)
            if other is not None and other.route.curves == part.route.curves:
                part.memories = list(other.memories)

    def values(self, time: float, measured: Measurements = NOTHING) -> dict[str, float]:
        """The value of every number that moves or that a macro turns, within its range, at a time in seconds."""
        if self._time is not None and time < self._time:
            self.reset()
        tempo = self.tempo
        when = Moment(time, tempo.beat(time), 0.0 if self._time is None else time - self._time, tempo.bpm / 60.0)
        self._time = time
        found: dict[str, float] = {}
        for target, part, name in self._of_routes:
            found[target.address] = value = _moved(target, target.base, when, measured)
            _turn_part(part, name, value)
        for target in self._of_macros:
            found[target.address] = _moved(target, target.base, when, measured)
        bases: dict[str, float] = {}
        for address, macro in self._macros.items():
            at = found.get(address, macro.value)
            for aim in macro.aims:
                bases[aim.target] = aim.lo + at * (aim.hi - aim.lo)
        for address, base in bases.items():
            if address in self._numbers and address not in self._targets:
                found[address] = self._numbers[address][0].clipped(base)
                if address in self._knobs:
                    part, name = self._knobs[address]
                    _turn_part(part, name, found[address])
        for target in self._plain:
            base = target.base if target.has_own_base else bases.get(target.address, target.base)
            found[target.address] = _moved(target, base, when, measured)
        return found

    def sources(self, time: float, measured: Measurements = NOTHING) -> dict[int, float]:
        """The value of every route's source, by the route's number, before its curves: for a plot beside each."""
        when = Moment(time, self.tempo.beat(time), 0.0, self.tempo.bpm / 60.0)
        return {number: part.source.value(when, measured) for number, part in self._parts.items()}

    # -- within ---------------------------------------------------------------------------------------------------

    def _add(self, route: Route) -> None:
        known = self._numbers.get(route.target)
        if not route.on or known is None or route.target.startswith("/tempo/"):
            return
        number, value = known
        lo, hi = number.reach
        part = _Part(route, hi - lo, route.depth, route.source, route.curves, [None] * len(route.curves))
        self._parts[route.id] = part
        if route.target not in self._targets:
            plain = number.kind == "number"
            self._targets[route.target] = _Target(route.target, number, number.lo, number.hi, value, False, plain, [])
        target = self._targets[route.target]
        target.parts.append(part)
        target.lo = target.lo if route.lo is None else max(target.lo, route.lo)
        target.hi = target.hi if route.hi is None else min(target.hi, route.hi)
        if route.base is not None:
            target.base, target.has_own_base = route.base, True

    def _sort(self) -> None:
        for address, target in self._targets.items():
            if address.startswith("/route/"):
                if (knob := self._knob_of(address)) is not None:
                    self._of_routes.append((target, *knob))
            elif address.startswith("/macro/"):
                self._of_macros.append(target)
            else:
                self._plain.append(target)

    def _knob_of(self, address: str) -> tuple[_Part, str] | None:
        """The route at work that a number belongs to, and what of it the number is; None for others."""
        if not address.startswith("/route/"):
            return None
        _, _, number, *name = address.split("/")
        part = self._parts.get(int(number)) if number.isdecimal() else None
        return None if part is None or not name else (part, "/".join(name))


def _moved(target: _Target, base: float, when: Moment, measured: Measurements) -> float:
    # Called for every target in every frame: written for speed.
    found = base
    for part in target.parts:
        x = part.source.value(when, measured)
        if part.curves:
            memories = part.memories
            for place, curve in enumerate(part.curves):
                x, memories[place] = curve.follow(x, memories[place], when)
        found += part.depth * part.reach * x
    if target.is_plain and target.lo <= found <= target.hi:
        return found
    return target.number.clipped(found if math.isnan(found) else min(max(found, target.lo), target.hi))


def _turn_part(part: _Part, name: str, value: float) -> None:
    if name == "depth":
        part.depth = value
    elif name == "on":
        part.depth = part.route.depth if value >= 0.5 else 0.0
    elif name.startswith("curve/"):
        _, place, own = name.split("/", 2)
        part.curves = turned_curves(part.curves, int(place) - 1, own, value)
    elif name in turnables(type(part.source)):
        part.source = with_number(part.source, name, value)
