"""Flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, border_param, grid, interpolation_param, sampled
from studio.draws import seed_numbers, smooth_field
from studio.model.bend import Bend, Given
from studio.model.param import param, seed

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

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        import torch

        ys, xs = grid(x)
        down, across = (ys + 0.5) / x.shape[2] * self.cells, (xs + 0.5) / x.shape[3] * self.cells
        when = torch.tensor(float(given.tick.time), dtype=x.dtype) * torch.tensor(self.speed, dtype=x.dtype)
        when = when.to(x.device)
        pull_x, pull_y = (smooth_field(down, across, when, self.seed, part) for part in (0, 1))
        moved_y = ys + self.strength * pull_y * x.shape[2]
        return sampled(x, moved_y, xs + self.strength * pull_x * x.shape[3], self.border, self.interpolation)
