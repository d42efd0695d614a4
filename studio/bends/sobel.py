"""Sobel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._differences import edges, steps_between, three_beside
from studio.bends._layers import lines_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

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

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        across = self.direction == "across"
        down, right = (three_beside, steps_between) if across else (steps_between, three_beside)
        return at.add("Affine", lines_by(at, x, down, right), scale=self.gain)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return edges(x, self.direction, self.gain)
