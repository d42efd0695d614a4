"""Normalise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._moments import EPS, moments, turned, variance_and_mean
from studio.model.bends.bend import Bend, Given, Layers, Scratch
from studio.model.declared.param import param
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Normalise(Bend):
    """Every channel brought to a mean and a standard deviation, from those that it has in this picture."""

    label = "Normalise"
    group = "Values"
    shader = "normalise"

    mean: float = param(0.0, lo=-1000.0, hi=1000.0, live=True, safe=(-1.0, 1.0), doc="The mean that every channel gets")
    deviation: float = param(1.0, lo=0.0, hi=1000.0, live=True, safe=(0.1, 2.0), doc="The standard deviation it gets")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: rows before columns, the variance around the mean."""
        del other
        return moments(shape, 0, 1)

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        found = at.add("InstanceNorm2d", x, num_features=at.shape(x).channels, eps=EPS)
        return at.add("Affine", found, scale=self.deviation, shift=self.mean)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        variance, mean = variance_and_mean(x)
        return turned(x, mean, self.deviation / (variance + EPS).sqrt(), mean.new_full(mean.shape, self.mean))
