"""The numbers of the output window: black, test picture, and how the picture lies in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.control.window import BLACK, FLIPPED, MIRRORED, QUARTERS, TEST
from studio.model.movement.address import Dial
from studio.ui.viewport.projection import Projection


def dials(projection: Projection) -> Iterator[Dial]:
    """All of them."""

    def keep(wanted: bool, toggle: str, value: float) -> None:
        if (value >= 0.5) != wanted:
            getattr(projection, toggle)()

    framing = projection.framing
    yield Dial(BLACK, lambda: float(projection.black), partial(keep, projection.black, "toggle_black"))
    yield Dial(TEST, lambda: float(projection.test), partial(keep, projection.test, "toggle_test"))
    yield Dial(MIRRORED, lambda: float(framing.mirrored), lambda value: projection.frame(mirrored=value >= 0.5))
    yield Dial(FLIPPED, lambda: float(framing.flipped), lambda value: projection.frame(flipped=value >= 0.5))
    yield Dial(QUARTERS, lambda: float(framing.quarters), lambda value: projection.frame(quarters=int(value)))
