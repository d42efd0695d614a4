"""Displace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import MOVED, Border, Interpolation, border_param, grid, interpolation_param, resized, sampled
from studio.model.bends.bend import Bend, Given, Span, squares
from studio.model.declared.param import param
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Displace(Bend):
    """The map moved, place by place, by two channels of another layer."""

    label = "Displace"
    group = "From elsewhere"
    shader = "displace"
    other = "layer"

    strength: float = param(0.05, lo=-10.0, hi=10.0, live=True, safe=(-0.2, 0.2), doc="Maps that a value of 1 moves it")
    across: int = param(0, lo=0, hi=65536, live=True, safe=(0, 512), doc="The channel that moves to the right")
    down: int = param(1, lo=0, hi=65536, live=True, safe=(0, 512), doc="The channel that moves down")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def span(self) -> Span:
        """See `Bend.span`: all channels are moved alike."""
        return MOVED

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`."""
        return squares(shape)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        import torch

        assert given.other is not None
        count = given.other.shape[1]
        seen = torch.stack([given.other[:, self.across % count], given.other[:, self.down % count]], 1)
        pull = resized(seen, x[:, :2]) if x.shape[1] > 1 else resized(seen, x.expand(-1, 2, -1, -1))
        pull = pull.clamp(-1e4, 1e4)
        ys, xs = grid(x)
        ys, xs = ys - self.strength * pull[0, 1] * x.shape[2], xs - self.strength * pull[0, 0] * x.shape[3]
        return sampled(x, ys, xs, self.border, self.interpolation)
