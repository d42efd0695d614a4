"""What moves the crossfader itself stays in the hand while it goes between presets that may not have it."""

from __future__ import annotations

from dataclasses import replace

from studio.control.crossing import ADDRESSES
from studio.model.declared.numbered import free_number
from studio.model.movement.mapping import MAPPINGS
from studio.model.movement.route import MACRO_BANK, ROUTES, Routes
from studio.model.networks.preset import Preset


def steered(mixed: Preset, now: Preset) -> Preset:
    """A mixture with the routes, macros and mappings that move ``/fade`` and ``/morph`` now, and no others.

    Args:
        mixed: what lies between presets.
        now: what is open.
    """
    mappings = [each for each in mixed.section(MAPPINGS) if each.target not in ADDRESSES]
    mappings += [each for each in now.section(MAPPINGS) if each.target in ADDRESSES]
    macros = tuple(
        held if any(aim.target in ADDRESSES for aim in held.aims) else macro
        for macro, held in zip(mixed.section(MACRO_BANK), now.section(MACRO_BANK), strict=True)
    )
    found = mixed
    for key, value in ((ROUTES, _routes(mixed, now)), (MACRO_BANK, macros), (MAPPINGS, tuple(mappings))):
        if value != found.section(key):
            found = found.with_section(key, value)
    return found


def _routes(mixed: Preset, now: Preset) -> Routes:
    """Those that steer keep their numbers, so that cards and curves go on; others that have such a number give way."""
    steer = [route for route in now.section(ROUTES) if route.target in ADDRESSES]
    others = [route for route in mixed.section(ROUTES) if route.target not in ADDRESSES]
    if not steer:
        return tuple(others)
    taken = {route.id for route in steer}
    numbers = {route.id for route in (*steer, *others)}
    moved: dict[str, str] = {}
    kept = []
    for route in others:
        if route.id in taken:
            free = free_number(numbers)
            numbers.add(free)
            moved[f"/route/{route.id}/"], route = f"/route/{free}/", replace(route, id=free)
        kept.append(route)
    for place, route in enumerate(kept):
        for before, after in moved.items():
            if route.target.startswith(before):
                kept[place] = replace(route, target=after + route.target.removeprefix(before))
    return tuple(sorted((*kept, *steer), key=lambda route: route.id))
