"""Ablate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class Ablate(Bend):
    """Zero everywhere."""

    label = "Ablate"
    group = "Values"
    shader = "ablate"
    pointwise = True
    in_tiles = True

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Affine", x, scale=0.0)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x * 0.0
