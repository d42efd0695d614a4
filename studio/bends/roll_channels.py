"""Roll channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import mixed_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class RollChannels(Bend):
    """Every channel moved on by so many; those past the last come first."""

    label = "Roll channels"
    group = "Channels"
    shader = "roll_channels"
    in_tiles = True

    by: int = param(1, lo=-65536, hi=65536, live=True, safe=(-64, 64), doc="How many channels each moves on")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return mixed_by(at, x, self)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.roll(self.by, 1)
