"""A click on a picture or on a tile: which place of the picture, and which channel."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.display import spot
from studio.ui.viewport.scene import Part, part_at

REACH = 4
"""Pixels that the mouse may go while a click is a click."""


@dataclass(frozen=True)
class Picked:
    """Attributes:
    name: of the layer or input that was clicked.
    channel: of its tiles; None on a picture.
    place: (down, right) in the picture, each 0 to 1.
    add: whether it comes to what was picked before.
    """

    name: str
    channel: int | None
    place: tuple[float, float]
    add: bool


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
