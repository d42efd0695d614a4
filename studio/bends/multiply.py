"""Multiply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Multiply(Bend):
    """Every value times a factor; below zero its sign turns."""

    label = "Multiply"
    group = "Values"
    shader = "multiply"
    pointwise = True
    in_tiles = True

    factor: float = param(
        2.0, lo=-1000.0, hi=1000.0, live=True, safe=(-2.0, 4.0), doc="What every value is multiplied by"
    )

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Affine", x, scale=self.factor)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x * self.factor
