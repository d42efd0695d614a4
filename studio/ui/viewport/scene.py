"""Which textures a view draws, and where; no OpenGL call is made here."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.views.display import DisplayTexture, Drawing, Placement, extent
from studio.model.views.view import View
from studio.ui.viewport.camera import Camera

_DRAWINGS: dict[str, Drawing] = {"output": "picture", "split": "picture", "layer": "channels", "filters": "sheet"}


@dataclass(frozen=True)
class Part:
    """One texture in a part of the view: as what, and where in pixels of the view."""

    shown: DisplayTexture
    drawing: Drawing
    placement: Placement


def wanted(view: View, front: tuple[DisplayTexture, ...]) -> tuple[DisplayTexture, ...]:
    """What this view shows: of "split" the input and the output; empty while it has not come yet."""
    by_role = {each.role: each for each in reversed(front)}
    if view.kind == "output":
        return tuple(filter(None, (by_role.get("output"),)))
    if view.kind == "split":
        pair = by_role.get("input"), by_role.get("output")
        return (pair[0], pair[1]) if pair[0] and pair[1] else ()
    is_sheet = view.kind == "filters"
    named = (each for each in front if each.name == view.shows and each.has_ranges)
    return tuple(each for each in named if (each.role == "sheet") == is_sheet)[:1]


def content_size(view: View, seen: tuple[DisplayTexture, ...]) -> Size:
    """That of the content that the camera looks at: of a split view, the output's."""
    return extent(seen[-1], _DRAWINGS[view.kind])


def parts(view: View, seen: tuple[DisplayTexture, ...], camera: Camera, divider: float) -> list[Part]:
    """What is drawn, side by side.

    Args:
        view: the view.
        seen: what `wanted` gave for it.
        camera: after `Camera.see`.
        divider: of a split view, the part of the width that shows the input.
    """
    height, width = camera.view
    drawing = _DRAWINGS[view.kind]
    whole = Part(seen[-1], drawing, Placement(Rect(0, 0, height, width), camera.origin, camera.zoom))
    if view.kind != "split":
        return [whole]
    # Both pictures fill the same place, so that the divider uncovers one or the other of the same spot.
    left = round(width * divider)
    scale = extent(seen[0], drawing).width / camera.content.width
    origin_x, origin_y = camera.origin
    before = Placement(Rect(0, 0, height, left), (origin_x * scale, origin_y * scale), camera.zoom / scale)
    after = Placement(Rect(0, left, height, width - left), (origin_x + left / camera.zoom, origin_y), camera.zoom)
    return [Part(seen[0], drawing, before), Part(seen[1], drawing, after)]


def part_at(drawn: list[Part], x: float, y: float) -> tuple[Part, float, float] | None:
    """The part under a place of the view, and the place of its content there, in texels."""
    for part in drawn:
        top, left, height, width = part.placement.rect
        if left <= x < left + width and top <= y < top + height:
            at_x, at_y = part.placement.origin
            zoom = part.placement.zoom
            return part, at_x + (x - left) / zoom, at_y + (y - top) / zoom
    return None
