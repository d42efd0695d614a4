"""Dilate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._ellipse import farthest_around, largest_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param
from studio.model.networks.passes import Blocks, window
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Dilate(Bend):
    """The largest value within an ellipse around every place, as Broad's dilate; nothing lies beyond the edge."""

    label = "Dilate"
    group = "Filters"
    shader = "dilate"

    radius: int = param(2, lo=0, hi=16, live=True, safe=(0, 5), unit="px", doc="Of the ellipse")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return largest_by(at, x, self.radius)

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`: what lies around is read once for all."""
        return window(shape)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return farthest_around(x, self.radius, "largest")
