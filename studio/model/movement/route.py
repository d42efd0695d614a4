"""Routes: a source of movement, through curves, to a number that it moves; and macros, one knob for many numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from studio.errors import StudioError
from studio.model.declared.numbered import free_number, of_number, put_back
from studio.model.movement.curve import Curve
from studio.model.movement.modulator import Modulator
from studio.model.networks.section import Section

MACROS = 8
"""How many there are."""


@dataclass(frozen=True)
class Route:
    """One movement.

    What the target is at a moment is its base, and what each of its routes adds: ``depth`` times the target's reach
    times the source's value behind the curves. The sum is held to the target's range.

    Attributes:
        id: its number, which stays the same and is nobody else's.
        source: what moves.
        target: the address of the number that it moves.
        depth: how far, as a part of the target's reach; below 0 it moves the other way.
        base: the value that it moves about; None is where the target was turned to.
        lo: the target's smallest value while it is moved; None is its own limit.
        hi: its largest.
        curves: what the source's values go through, in this order.
        on: whether it moves.
    """

    id: int
    source: Modulator
    target: str
    depth: float = 0.3
    base: float | None = None
    lo: float | None = None
    hi: float | None = None
    curves: tuple[Curve, ...] = ()
    on: bool = True

    def __post_init__(self) -> None:
        if not -100.0 <= self.depth <= 100.0:
            raise StudioError(f"Route {self.id}: its depth goes from -100 to 100, not {self.depth}.")
        if self.lo is not None and self.hi is not None and self.lo > self.hi:
            raise StudioError(f"Route {self.id}: its smallest value {self.lo:g} is above its largest {self.hi:g}.")


@dataclass(frozen=True)
class Aim:
    """A number that a macro turns.

    Attributes:
        target: its address.
        lo: its value where the macro is at 0.
        hi: its value where the macro is at 1; may be below ``lo``.
    """

    target: str
    lo: float
    hi: float


@dataclass(frozen=True)
class Macro:
    """One knob for many numbers.

    Attributes:
        value: from 0 to 1.
        aims: what it turns; empty for one that does nothing yet.
        name: what a person calls it.
    """

    value: float = 0.0
    aims: tuple[Aim, ...] = ()
    name: str = ""


Routes = tuple[Route, ...]
MacroBank = tuple[Macro, ...]

ROUTES: Section[Routes] = Section("routes", ())
"""What moves by itself."""

MACRO_BANK: Section[MacroBank] = Section("macros", tuple(Macro() for _ in range(MACROS)))
"""Always `MACROS` of them."""


def route_of(routes: Routes, number: int) -> Route:
    """The route of this number; StudioError where there is none."""
    return of_number(routes, number, "route")


def added(routes: Routes, source: Modulator, target: str, **settings: Any) -> tuple[Routes, Route]:
    """The routes with one more, which gets a number of its own; and that route."""
    route = Route(free_number(route.id for route in routes), source, target, **settings)
    return (*routes, route), route


def changed(routes: Routes, number: int, **settings: Any) -> Routes:
    """The routes with other fields of one of them; StudioError where a value is out of its range."""
    return put_back(routes, replace(route_of(routes, number), **settings))


def without(routes: Routes, number: int) -> Routes:
    """The routes without one of them."""
    route = route_of(routes, number)
    return tuple(each for each in routes if each is not route)


def kept_for(routes: Routes, macros: MacroBank, gone: Iterable[str]) -> tuple[Routes, MacroBank]:
    """Routes and macros without those that lead to addresses below these, ``/bend/3``, whose owner goes."""
    heads = tuple(f"{address}/" for address in gone)
    left = tuple(route for route in routes if not route.target.startswith(heads))
    bank = tuple(
        replace(macro, aims=tuple(aim for aim in macro.aims if not aim.target.startswith(heads))) for macro in macros
    )
    return left, bank
