"""The numbers of the view: how large the picture is shown, which part of it, and where two are parted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.address import Dial, Number
from studio.ui.viewport.camera import LARGEST_ZOOM
from studio.ui.viewport.widget import Viewport

_SMALLEST = 1 / 1024

ZOOM = Number(
    "/view/zoom",
    "Zoom",
    "number",
    1.0,
    _SMALLEST,
    LARGEST_ZOOM,
    "",
    "Pixels of the screen for each of the picture; what is smaller or larger than can be shown goes as far as it can",
    safe=(0.1, 16.0),
)
X = Number("/view/x", "View x", "number", 0.5, 0.0, 1.0, "", "What is in the middle, from the left edge to the right")
Y = Number("/view/y", "View y", "number", 0.5, 0.0, 1.0, "", "What is in the middle, from the top to the bottom")
SPLIT = Number("/view/split", "Split", "number", 0.5, 0.0, 1.0, "", "Where input and output are parted side by side")


def dials(viewport: Viewport) -> Iterator[Dial]:
    """Of the present view, as the wheel and the hand turn them."""

    def centre(axis: int) -> float:
        camera = viewport.camera
        return min(1.0, max(0.0, camera.centre[axis] / camera.content[axis]))

    def move(axis: int, value: float) -> None:
        viewport.look_at(*((value, centre(1)) if axis == 0 else (centre(0), value)))

    yield Dial(ZOOM, lambda: ZOOM.clipped(viewport.camera.zoom), viewport.zoom_to)
    yield Dial(X, partial(centre, 0), partial(move, 0))
    yield Dial(Y, partial(centre, 1), partial(move, 1))
    yield Dial(SPLIT, lambda: viewport.divider, viewport.split_at)
