"""Quantise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Quantise(Bend):
    """Every value rounded down to a multiple of a step."""

    label = "Quantise"
    group = "Values"
    shader = "quantise"
    pointwise = True
    in_tiles = True

    step: float = param(
        0.5, lo=1e-4, hi=1000.0, live=True, safe=(0.05, 2.0), doc="How far apart the values are that are left"
    )

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return (x / self.step).floor() * self.step
