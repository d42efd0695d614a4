"""Style of another layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from studio.bends._layers import channels_again
from studio.bends._moments import EPS, moments, with_moments_of
from studio.model.bends.bend import Bend, Given, Layers, Scratch
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class StyleOfLayer(Bend):
    """Every channel brought to the mean and deviation of another layer's channel: AdaIN between layers.

    Source: X. Huang and S. Belongie, "Arbitrary style transfer in real-time with adaptive instance
    normalization", 2017.
    """

    label = "Style of another layer"
    group = "From elsewhere"
    shader = "style_of_other"
    other: ClassVar[Literal["layer", "picture"] | None] = "layer"

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the moments of both maps."""
        assert other is not None
        return (*moments(shape, 0, 2), *moments(other, 1, 6))

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        count, mean = at.shape(x).channels, at.add("Mean", at.other)
        rest = at.add("Sub", at.other, mean)
        variance = at.add("Mean", at.add("Mul", rest, rest))
        deviation = at.add("Sqrt", at.add("Affine", variance, shift=EPS))
        level = at.add("InstanceNorm2d", x, num_features=count, eps=EPS)
        wide = at.add("Mul", level, channels_again(at, deviation, count))
        return at.add("Add", wide, channels_again(at, mean, count))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        assert given.other is not None
        return with_moments_of(x, given.other)
