"""Polar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Polar(Warp):
    """The map as seen from its middle: across is the angle, down the distance."""

    label = "Polar"
    shader = "polar"

    turn: float = param(0.0, lo=-3600.0, hi=3600.0, live=True, safe=(-180.0, 180.0), unit="°", doc="At the left edge")
    reach: float = param(1.0, lo=0.0, hi=16.0, live=True, safe=(0.25, 2.0), doc="Distance at the lower edge")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: the angle in radians."""
        return {"TURN": math.radians(self.turn), "REACH": self.reach}

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        middle_y, middle_x = (x.shape[2] - 1) / 2, (x.shape[3] - 1) / 2
        angle = (xs + 0.5) / x.shape[3] * (2 * math.pi) + math.radians(self.turn)
        far = (ys + 0.5) / x.shape[2] * self.reach
        ys, xs = middle_y + far * angle.sin() * (x.shape[2] / 2), middle_x + far * angle.cos() * (x.shape[3] / 2)
        return ys, xs
