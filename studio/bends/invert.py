"""Invert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class Invert(Bend):
    """``1 - x``, as Broad's invert."""

    label = "Invert"
    group = "Values"
    shader = "invert"
    pointwise = True
    in_tiles = True

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Affine", x, scale=-1.0, shift=1.0)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return 1.0 - x
