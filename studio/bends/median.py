"""Median."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._median import median
from studio.bends._median_network import TOGETHER
from studio.model.bends.bend import Bend, Given, Span
from studio.model.declared.param import param
from studio.model.networks.passes import Blocks, window
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Median(Bend):
    """The middle one of the values in a square around every place: specks go, edges stay."""

    label = "Median"
    group = "Filters"
    shader = "median"
    lanes_alike = True

    radius: Literal[1, 2, 3] = param(1, unit="px", doc="The square is 3, 5 or 7 pixels wide and high")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`: the network that finds it is written out."""
        return {"RADIUS": self.radius}

    def span(self) -> Span:
        """See `Bend.span`: what lies side by side shares columns."""
        return Span(TOGETHER)

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`: a channel in each invocation."""
        return window(shape)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return median(x, self.radius)
