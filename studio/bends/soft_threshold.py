"""Soft threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class SoftThreshold(Bend):
    """Every value moved towards zero, and small ones set to it: ``sign(x) * max(|x| - threshold, 0)``."""

    label = "Soft threshold"
    group = "Values"
    shader = "soft_threshold"
    pointwise = True
    in_tiles = True

    threshold: float = param(0.5, lo=0.0, hi=1000.0, live=True, safe=(0.0, 2.0), doc="How far values are moved")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        held = at.add("Hardtanh", x, min_val=-self.threshold, max_val=self.threshold)
        return at.add("Sub", x, held)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.abs().sub_(self.threshold).clamp_(min=0.0).mul_(x.sign())
