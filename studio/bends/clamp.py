"""Clamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Clamp(Bend):
    """Values below or above two limits are set to them."""

    label = "Clamp"
    group = "Values"
    shader = "clamp"
    pointwise = True
    in_tiles = True

    low: float = param(0.0, lo=-1000.0, hi=1000.0, live=True, safe=(-2.0, 2.0), doc="Smallest value let through")
    high: float = param(1.0, lo=-1000.0, hi=1000.0, live=True, safe=(-2.0, 2.0), doc="Largest value let through")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        if self.low > self.high:
            return at.add("Affine", x, scale=0.0, shift=self.high)
        return at.add("Hardtanh", x, min_val=self.low, max_val=self.high)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.clamp(self.low, self.high)
