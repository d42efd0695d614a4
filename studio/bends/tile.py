"""Tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Tile(Warp):
    """The map several times beside and below itself, each smaller."""

    label = "Tile"
    shader = "tile"

    across: float = param(2.0, lo=0.1, hi=64.0, live=True, safe=(1.0, 8.0), doc="How many lie side by side")
    down: float = param(2.0, lo=0.1, hi=64.0, live=True, safe=(1.0, 8.0), doc="How many lie below each other")
    border: Border = border_param("wrap")
    interpolation: Interpolation = interpolation_param()

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        ys, xs = (ys + 0.5) * self.down - 0.5, (xs + 0.5) * self.across - 0.5
        return ys, xs
