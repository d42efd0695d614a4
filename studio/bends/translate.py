"""Translate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Translate(Warp):
    """The map moved by fractions of its size, as Broad's translate."""

    label = "Translate"
    shader = "translate"

    x: float = param(0.25, lo=-4.0, hi=4.0, live=True, safe=(-0.5, 0.5), doc="To the right, in widths of the map")
    y: float = param(0.0, lo=-4.0, hi=4.0, live=True, safe=(-0.5, 0.5), doc="Down, in heights of the map")
    border: Border = border_param()
    interpolation: Interpolation = interpolation_param()

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        ys, xs = ys - self.y * x.shape[2], xs - self.x * x.shape[3]
        return ys, xs
