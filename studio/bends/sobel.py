"""Sobel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._differences import edges
from studio.model.bend import Bend, Given
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sobel(Bend):
    """Edges in one direction, signed, as OpenCV's Sobel of three pixels; the border is mirrored."""

    label = "Sobel"
    group = "Filters"
    shader = "sobel"
    in_tiles = True

    direction: Literal["across", "down"] = param("across", doc="In which direction values change at such an edge")
    gain: float = param(0.25, lo=-100.0, hi=100.0, live=True, safe=(-1.0, 1.0), doc="What it is multiplied by")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return edges(x, self.direction, self.gain)
