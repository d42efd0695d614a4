"""Swap channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import mixed_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class SwapChannels(Bend):
    """Two groups of channels exchanged. Where they meet or pass the last channel, they end before."""

    label = "Swap channels"
    group = "Channels"
    shader = "swap_channels"
    in_tiles = True

    first: int = param(0, lo=0, hi=65536, live=True, safe=(0, 512), doc="First channel of the one")
    second: int = param(8, lo=0, hi=65536, live=True, safe=(0, 512), doc="First channel of the other")
    count: int = param(8, lo=0, hi=65536, live=True, safe=(0, 256), doc="How many channels each has")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return mixed_by(at, x, self)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        low, high = sorted((self.first, self.second))
        count = max(0, min(self.count, high - low, x.shape[1] - high))
        found = x.clone()
        found[:, low : low + count] = x[:, high : high + count]
        found[:, high : high + count] = x[:, low : low + count]
        return found
