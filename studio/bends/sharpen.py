"""Sharpen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import lines_by
from studio.bends._lines import SPAN, filtered, gaussian
from studio.model.bend import Bend, Given, Layers, Scratch, Span
from studio.model.op import Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sharpen(Bend):
    """What a Gaussian blur takes away, added again; below zero it blurs."""

    label = "Sharpen"
    group = "Filters"
    shader = "sharpen"
    in_tiles = True

    sigma: float = param(1.5, lo=0.0, hi=8.0, live=True, safe=(0.0, 4.0), unit="px", doc="Deviation of the Gaussian")
    strength: float = param(1.0, lo=-10.0, hi=100.0, live=True, safe=(-1.0, 4.0), doc="How much of it is added")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: rows, before columns."""
        del other
        return (Scratch("bends/blur_rows", shape, (0,), Span(SPAN)),)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are blurred."""
        return Span(SPAN, "y")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        line = gaussian(self.sigma)
        lost = at.add("Sub", x, lines_by(at, x, line.matrix, line.matrix))
        return at.add("Add", x, at.add("Affine", lost, scale=self.strength))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        line = gaussian(self.sigma)
        return x.sub(filtered(x, line, line)).mul_(self.strength).add_(x)
