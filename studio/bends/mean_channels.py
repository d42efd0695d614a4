"""Mean of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import mixed_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class MeanChannels(Bend):
    """Every channel replaced by the mean of its group: so many channels that lie side by side."""

    label = "Mean of groups"
    group = "Channels"
    shader = "mean_channels"
    in_tiles = True

    size: int = param(8, lo=1, hi=65536, live=True, safe=(1, 64), doc="Channels of a group; the last may have fewer")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return mixed_by(at, x, self)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        import torch

        parts = torch.split(x, self.size, 1)
        return torch.cat([part.mean(1, keepdim=True).expand_as(part) for part in parts], 1)
