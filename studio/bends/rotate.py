"""Rotate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.bends._turn import turn_numbers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Rotate(Warp):
    """The map turned around its middle, as Broad's rotate."""

    label = "Rotate"
    shader = "rotate"

    angle: float = param(30.0, lo=-3600.0, hi=3600.0, live=True, safe=(-180.0, 180.0), unit="°", doc="Anticlockwise")
    border: Border = border_param()
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: the angle's cosine and sine."""
        return turn_numbers(self.angle)

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        middle_y, middle_x = x.shape[2] / 2, x.shape[3] / 2
        down, right = ys - middle_y, xs - middle_x
        cosine, sine = turn_numbers(self.angle).values()
        ys, xs = middle_y + (sine * right + cosine * down), middle_x + (cosine * right - sine * down)
        return ys, xs
