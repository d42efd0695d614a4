"""The numbers of the output window: black, test picture, and how the picture lies in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.address import Dial, Number
from studio.ui.viewport.projection import Projection


def _switch(name: str, label: str, doc: str) -> Number:
    return Number(f"/output/{name}", label, "switch", 0.0, 0.0, 1.0, "", doc)


BLACK = _switch("black", "Output black", "Whether the output window shows nothing")
TEST = _switch("test", "Output test picture", "Whether it shows a test picture")
MIRRORED = _switch("mirrored", "Output mirrored", "Whether left and right are exchanged")
FLIPPED = _switch("flipped", "Output upside down", "Whether it stands on its head")
QUARTERS = Number("/output/quarters", "Output turn", "integer", 0.0, 0.0, 3.0, "", "Turns of 90 degrees, clockwise")


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
