"""Bends that stand on a Gaussian blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import lines_by
from studio.bends._lines import SPAN, filtered, gaussian
from studio.model.bends.bend import Bend, Layers, Scratch, Span
from studio.model.declared.param import param
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Blurred(Bend):
    """A bend that blurs the map: rows, then columns; the border is mirrored."""

    group = "Filters"
    in_tiles = True

    sigma: float = param(1.5, lo=0.0, hi=8.0, live=True, safe=(0.0, 4.0), unit="px", doc="Deviation of the Gaussian")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: rows, before columns."""
        del other
        return (Scratch("bends/blur_rows", shape, (0,), Span(SPAN)),)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are blurred."""
        return Span(SPAN, "y")

    def blurred_by(self, at: Layers, x: str) -> str:
        """The name of the map that layers make of it, blurred; see `Bend.layers`."""
        line = gaussian(self.sigma)
        return lines_by(at, x, line.matrix, line.matrix)

    def blurred(self, x: Tensor) -> Tensor:
        """(N, C, H, W), blurred."""
        line = gaussian(self.sigma)
        return filtered(x, line, line)
