"""Ripple."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Ripple(Warp):
    """Rings of waves around the middle, which pull the map in and out."""

    label = "Ripple"
    shader = "ripple"

    strength: float = param(0.05, lo=0.0, hi=4.0, live=True, safe=(0.0, 0.08), doc="How far it is pulled, in maps")
    waves: float = param(4.0, lo=0.0, hi=256.0, live=True, safe=(0.5, 5.0), doc="Waves from the middle to the edge")
    phase: float = param(0.0, lo=-3600.0, hi=3600.0, live=True, safe=(-180.0, 180.0), unit="°", doc="Where waves begin")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: angles in radians, the waves as what they turn by over a whole map."""
        return {"STRENGTH": self.strength, "RATE": self.waves * 4 * math.pi, "PHASE": math.radians(self.phase)}

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        middle_y, middle_x = (x.shape[2] - 1) / 2, (x.shape[3] - 1) / 2
        down, right = (ys - middle_y) / x.shape[2], (xs - middle_x) / x.shape[3]
        far = (down * down + right * right).sqrt()
        wave = (far * (self.waves * 4 * math.pi) - math.radians(self.phase)).sin()
        pull = self.strength * wave / far.clamp(min=1e-6)
        ys, xs = ys + pull * down * x.shape[2], xs + pull * right * x.shape[3]
        return ys, xs
