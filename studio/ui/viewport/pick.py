"""A click on a picture or on a tile: which place of the picture, and which channel."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.views.display import spot
from studio.ui.viewport.scene import Part, part_at

REACH = 4
"""Pixels that the mouse may go while a click is a click."""


@dataclass(frozen=True)
class Picked:
    """Attributes:
    name: of the map that was clicked, as engines know it: of a layer or input.
    channel: of its tiles; None on a picture.
    place: (down, right) in the picture, each 0 to 1.
    add: whether it comes to what was picked before.
    end: where a rectangle that was drawn on a picture from there ends; None for a click.
    """

    name: str
    channel: int | None
    place: tuple[float, float]
    add: bool
    end: tuple[float, float] | None = None


def picked_at(parts: list[Part], x: float, y: float, *, add: bool) -> Picked | None:
    """What lies at a place of the view; None beside the pictures and on filter sheets."""
    found = part_at(parts, x, y)
    if found is None or found[0].drawing == "sheet":
        return None
    part, at_x, at_y = found
    there = spot(part.shown, part.drawing, at_x, at_y)
    if there is None:
        return None
    channel, down, right = there.where[:3]
    height, width = part.shown.crop
    place = (down + 0.5) / height, (right + 0.5) / width
    return Picked(part.shown.name, None if part.drawing == "picture" else channel, place, add)


def picked(parts: list[Part], start: tuple[float, float], end: tuple[float, float], *, add: bool) -> Picked | None:
    """What was clicked, or marked out by a drag from one place of the view to another.

    Of a drag that begins or ends beside the picture, the part on it counts; None where there is none.
    """
    if abs(end[0] - start[0]) + abs(end[1] - start[1]) < REACH:
        return picked_at(parts, *start, add=add)
    found = next((part for part in parts if part.drawing == "picture" and part.shown.role == "output"), None)
    if found is None:
        return None
    at_x, at_y = found.placement.origin
    top, left = found.placement.rect[:2]
    height, width = found.shown.crop
    places = [
        ((at_y + (y - top) / found.placement.zoom) / height, (at_x + (x - left) / found.placement.zoom) / width)
        for x, y in (start, end)
    ]
    (top_, left_), (bottom, right) = (
        tuple(min(max(choose(a, b), 0.0), 1.0) for a, b in zip(*places, strict=True)) for choose in (min, max)
    )
    if bottom <= top_ or right <= left_:
        return None
    return Picked(found.shown.name, None, (top_, left_), add, (bottom, right))
