"""The numbers of the view: how large the picture is shown, which part of it, and where two are parted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.control.window import SPLIT, VIEW_X, VIEW_Y, ZOOM
from studio.model.movement.address import Dial
from studio.ui.viewport.widget import Viewport


def dials(viewport: Viewport) -> Iterator[Dial]:
    """Of the present view, as the wheel and the hand turn them."""

    def centre(axis: int) -> float:
        camera = viewport.camera
        whole = camera.content.width if axis == 0 else camera.content.height
        return min(1.0, max(0.0, camera.centre[axis] / whole))

    def move(axis: int, value: float) -> None:
        viewport.look_at(*((value, centre(1)) if axis == 0 else (centre(0), value)))

    yield Dial(ZOOM, lambda: ZOOM.clipped(viewport.camera.zoom), viewport.zoom_to)
    yield Dial(VIEW_X, partial(centre, 0), partial(move, 0))
    yield Dial(VIEW_Y, partial(centre, 1), partial(move, 1))
    yield Dial(SPLIT, lambda: viewport.divider, viewport.split_at)
