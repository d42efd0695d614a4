"""Add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Add(Bend):
    """Every value and a number."""

    label = "Add"
    group = "Values"
    shader = "add"
    pointwise = True
    in_tiles = True

    value: float = param(0.5, lo=-1000.0, hi=1000.0, live=True, safe=(-2.0, 2.0), doc="What is added to every value")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Affine", x, shift=self.value)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x + self.value
