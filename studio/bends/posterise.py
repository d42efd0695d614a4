"""Posterise by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bend import Bend, Given
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Posterise(Bend):
    """The channels of every place ranked, and the ranks cut into steps between the smallest and the largest of them."""

    label = "Posterise by rank"
    group = "Values"
    shader = "posterise"

    steps: int = param(3, lo=2, hi=256, live=True, safe=(2, 16), doc="How many different values are left at a place")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        rank = x.sort(dim=1, stable=True).indices.argsort(dim=1)
        step = (rank * self.steps).div(x.shape[1], rounding_mode="floor")
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        return low + (high - low) * (step.to(x.dtype) / (self.steps - 1))
