"""Sharpen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._blurred import Blurred
from studio.model.bends.bend import Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sharpen(Blurred):
    """What a Gaussian blur takes away, added again; below zero it blurs."""

    label = "Sharpen"
    shader = "sharpen"

    strength: float = param(1.0, lo=-10.0, hi=100.0, live=True, safe=(-1.0, 4.0), doc="How much of it is added")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        lost = at.add("Sub", x, self.blurred_by(at, x))
        return at.add("Add", x, at.add("Affine", lost, scale=self.strength))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.sub(self.blurred(x)).mul_(self.strength).add_(x)
