"""Median."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._shift import Around
from studio.model.bend import Bend, Given
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Median(Bend):
    """The middle one of the values in a square around every place: specks go, edges stay."""

    label = "Median"
    group = "Filters"
    shader = "median"

    radius: Literal[1, 2, 3] = param(1, unit="px", doc="The square is 3, 5 or 7 pixels wide and high")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`: the loops that find it are unrolled."""
        return {"RADIUS": self.radius}

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        import torch

        around, reach = Around(x, self.radius), range(-self.radius, self.radius + 1)
        waiting = [around.at(down, across) for down in reach for across in reach]
        # Of a few more than half of the values neither the smallest nor the largest is the middle one: both are
        # forgotten, and the next takes their place.
        held, waiting = waiting[: len(waiting) // 2 + 2], waiting[len(waiting) // 2 + 2 :]
        while len(held) > 1:
            for k in range(1, len(held)):
                held[0], held[k] = torch.minimum(held[0], held[k]), torch.maximum(held[0], held[k])
            for k in range(1, len(held) - 1):
                held[k], held[-1] = torch.minimum(held[k], held[-1]), torch.maximum(held[k], held[-1])
            held = [waiting.pop(0), *held[1:-1]] if waiting else held[1:-1]
        return held[0]
