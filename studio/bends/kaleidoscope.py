"""Kaleidoscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, Warp, border_param, grid, interpolation_param
from studio.bends._turn import turn_numbers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Kaleidoscope(Warp):
    """One wedge of the map, mirrored around its middle."""

    label = "Kaleidoscope"
    shader = "kaleidoscope"

    segments: int = param(6, lo=1, hi=32, live=True, safe=(2, 12), doc="Pairs of wedges around the middle")
    angle: float = param(0.0, lo=-3600.0, hi=3600.0, live=True, safe=(-180.0, 180.0), unit="°", doc="Turns the wedge")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: what turns the wedge, and the edge that it is mirrored at."""
        turn, edge = turn_numbers(self.angle).values(), turn_numbers(180.0 / self.segments).values()
        return dict(zip(("COSINE", "SINE", "EDGE_X", "EDGE_Y", "SEGMENTS"), (*turn, *edge, self.segments), strict=True))

    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `Warp.places`."""
        ys, xs = grid(x)
        middle_y, middle_x = (x.shape[2] - 1) / 2, (x.shape[3] - 1) / 2
        cosine, sine, edge_x, edge_y, _ = self.numbers().values()
        down, right = ys - middle_y, xs - middle_x
        right, down = cosine * right + sine * down, cosine * down - sine * right
        for _ in range(self.segments):
            down = down.abs()
            past = (edge_x * down - edge_y * right).clamp(min=0.0)
            right, down = right + 2.0 * past * edge_y, down - 2.0 * past * edge_x
        ys, xs = middle_y + (sine * right + cosine * down), middle_x + (cosine * right - sine * down)
        return ys, xs
