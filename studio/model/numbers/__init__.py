"""The numbers of a preset, one file for each kind of owner; together they are its namespace.

A module declares ``OWNER``, the first part of the addresses, and ``knobs``, a function from a preset to its numbers.
Other packages add modules through the entry point group ``studio.numbers``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from studio.model.declared.registry import modules
from studio.model.movement.address import nothing_at, owner_of, split
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob as Knob

Knobs = Callable[[Preset], Iterable[Knob]]


@cache
def owners() -> Mapping[str, Knobs]:
    """What makes the knobs of each kind of owner, by the first part of their addresses."""
    found = {module.OWNER: cast(Knobs, module.knobs) for module in modules(__name__, __path__)}
    return MappingProxyType(dict(sorted(found.items())))


def knobs(preset: Preset) -> Iterator[Knob]:
    """Every number of a preset that can be turned."""
    for each in owners().values():
        yield from each(preset)


def find(preset: Preset, address: str) -> Knob | None:
    """The number at an address; None where there is none."""
    of_owner = owners().get(owner_of(address))
    all_of_it = of_owner(preset) if of_owner is not None else ()
    return next((each for each in all_of_it if each.number.address == address), None)


def knob(preset: Preset, address: str) -> Knob:
    """The number at an address.

    Raises:
        StudioError: where there is none, naming one that is called alike.
    """
    split(address)
    found = find(preset, address)
    if found is None:
        raise nothing_at(address, (each.number.address for each in knobs(preset)))
    return found


def get(preset: Preset, address: str) -> float:
    """The value of a number; StudioError where there is none at this address."""
    return knob(preset, address).get(preset)


def turned(preset: Preset, address: str, value: object) -> Preset:
    """The preset with another value of one number.

    Raises:
        StudioError: where there is none at this address, or the value is no number or out of range.
    """
    found = knob(preset, address)
    return found.turn(preset, found.number.checked(value))
