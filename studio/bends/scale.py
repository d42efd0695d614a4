"""Scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Scale(Warp):
    """The map enlarged around its middle, or below 1 shrunk, as Broad's scale."""

    label = "Scale"
    shader = "scale"

    factor: float = param(1.5, lo=0.01, hi=100.0, live=True, safe=(0.25, 4.0), doc="How many times larger it gets")
    border: Border = border_param()
    interpolation: Interpolation = interpolation_param()

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        middle_y, middle_x = x.shape[2] / 2, x.shape[3] / 2
        ys, xs = middle_y + (ys - middle_y) / self.factor, middle_x + (xs - middle_x) / self.factor
        return ys, xs
