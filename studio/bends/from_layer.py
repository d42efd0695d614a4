"""From another layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from studio.bends._layers import channels_again
from studio.bends._space import resized
from studio.model.bends.bend import Bend, Given, Layers, squares
from studio.model.declared.param import param
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class FromLayer(Bend):
    """The map of another layer in place of this one's: channels come around again, places are resized."""

    label = "From another layer"
    group = "From elsewhere"
    shader = "from_other"
    in_tiles = True
    other: ClassVar[Literal["layer", "picture"] | None] = "layer"

    gain: float = param(1.0, lo=-100.0, hi=100.0, live=True, safe=(-2.0, 2.0), doc="What it is multiplied by")

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`."""
        return squares(shape)

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        other, shape = at.other, at.shape(x)
        if at.shape(other).size != shape.size:
            other = at.add("Upsample", other, size=tuple(shape.size), mode="bilinear")
        return at.add("Affine", channels_again(at, other, shape.channels), scale=self.gain)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        assert given.other is not None
        return resized(given.other, x) * self.gain
