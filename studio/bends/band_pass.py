"""Band pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import low_passed
from studio.bends._lines import SPAN
from studio.bends._spectral import low_pass, spectral_passes
from studio.model.bend import Bend, Given, Layers, Scratch, Span
from studio.model.op import Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class BandPass(Bend):
    """Only what changes neither slowly nor quickly over the map: what a low pass keeps, less what a lower one keeps.

    The map counts as if it went on around its edges; see `LowPass` for what each of them keeps.
    """

    label = "Band pass"
    group = "Filters"
    shader = "band_pass"

    low: float = param(0.1, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to keep")
    high: float = param(0.4, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to take away")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`."""
        return {"BAND": 1}

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the filters along both axes, and rows before columns, of both."""
        del other
        return spectral_passes(shape, band=True)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are filtered."""
        return Span(SPAN, "y")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Sub", low_passed(at, x, self.high), low_passed(at, x, self.low))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return low_pass(x, self.high, without=self.low)
