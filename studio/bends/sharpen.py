"""Sharpen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._lines import REACH, SPAN, filtered, gaussian_weights, line_matrix
from studio.model.bend import Bend, Given, Scratch, Span
from studio.model.op import Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sharpen(Bend):
    """What a Gaussian blur takes away, added again; below zero it blurs."""

    label = "Sharpen"
    group = "Filters"
    shader = "sharpen"

    sigma: float = param(1.5, lo=0.0, hi=8.0, live=True, safe=(0.0, 4.0), unit="px", doc="Deviation of the Gaussian")
    strength: float = param(1.0, lo=-10.0, hi=100.0, live=True, safe=(-1.0, 4.0), doc="How much of it is added")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: rows, before columns."""
        del other
        return (Scratch("bends/blur_rows", shape, (0,), Span(SPAN)),)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are blurred."""
        return Span(SPAN, "y")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        weights = gaussian_weights(self.sigma, REACH)
        blurred = filtered(x, line_matrix(x.shape[2], weights), line_matrix(x.shape[3], weights))
        return x.sub(blurred).mul_(self.strength).add_(x)
