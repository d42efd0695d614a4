"""Fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Fold(Bend):
    """Values past a limit come back, as a wave folder of a synthesiser does: none is left beyond it."""

    label = "Fold"
    group = "Values"
    shader = "fold"
    pointwise = True
    in_tiles = True

    limit: float = param(1.0, lo=1e-3, hi=1000.0, live=True, safe=(0.2, 4.0), doc="Where values turn back")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        part = at.add("Affine", x, scale=1.0 / self.limit, shift=1.0)
        whole = at.add("Round", at.add("Affine", part, scale=0.25))
        rest = at.add("Sub", part, at.add("Affine", whole, scale=4.0))
        return at.add("Affine", at.add("Abs", rest), scale=self.limit, shift=-self.limit)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        part = x / self.limit
        part += 3.0
        part -= (part / 4.0).floor_().mul_(4.0)
        return part.sub_(2.0).abs_().mul_(self.limit).sub_(self.limit)
