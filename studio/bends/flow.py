"""Flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.bends._space import MOVED, Border, Interpolation, border_param, grid, interpolation_param, sampled
from studio.draws import seed_numbers, smooth_fields
from studio.model.bends.bend import Bend, Given, Span, squares
from studio.model.declared.param import param, seed
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Flow(Bend):
    """The map moved along a smooth random field, which drifts with time: heat haze, water."""

    label = "Flow"
    group = "Space"
    shader = "flow"
    moves = True
    uncompiled = frozenset({"seed"})

    strength: float = param(0.05, lo=0.0, hi=4.0, live=True, safe=(0.0, 0.2), doc="How far pixels move, in maps")
    cells: float = param(4.0, lo=0.1, hi=64.0, live=True, safe=(1.0, 16.0), doc="Eddies along a side of the map")
    speed: float = param(0.5, lo=0.0, hi=100.0, live=True, safe=(0.0, 2.0), unit="/s", doc="How fast it changes")
    seed: int = seed("Which field")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`."""
        return super().numbers() | seed_numbers(self.seed)

    def span(self) -> Span:
        """See `Bend.span`: all channels are moved alike."""
        return MOVED

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`."""
        return squares(shape)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        when = np.float32(given.tick.time) * np.float32(self.speed)
        pull = smooth_fields(x, self.cells, float(when), self.seed, 2).to(x.dtype) * self.strength
        ys, xs = grid(x)
        ys, xs = ys + pull[1] * x.shape[2], xs + pull[0] * x.shape[3]
        return sampled(x, ys, xs, self.border, self.interpolation)
