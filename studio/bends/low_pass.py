"""Low pass."""

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


class LowPass(Bend):
    """Only what changes slowly over the map, by a Gaussian filter of its frequencies.

    The map counts as if it went on around its edges. Frequency f, in parts of the highest, keeps
    exp(-(f / cutoff)² / 2) of its strength, across times down.
    """

    label = "Low pass"
    group = "Filters"
    shader = "low_pass"

    cutoff: float = param(0.2, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to take away")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the filter along both axes, and rows before columns."""
        del other
        return spectral_passes(shape, band=False)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are filtered."""
        return Span(SPAN, "y")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return low_passed(at, x, self.cutoff)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return low_pass(x, self.cutoff)
