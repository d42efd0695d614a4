"""Sobel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._differences import differences
from studio.model.bend import Bend, Given
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sobel(Bend):
    """Edges in one direction, signed, as OpenCV's Sobel of three pixels; the border is mirrored."""

    label = "Sobel"
    group = "Filters"
    shader = "sobel"

    direction: Literal["across", "down"] = param("across", doc="In which direction values change at such an edge")
    gain: float = param(0.25, lo=-100.0, hi=100.0, live=True, safe=(-1.0, 1.0), doc="What it is multiplied by")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        along, beside = (3, 2) if self.direction == "across" else (2, 3)
        steep = differences(x, along, "reflect")
        found, size = steep * 2.0, x.shape[beside]
        for by in (-1, 1):
            # Beyond the edge lies what lies as far within it.
            edge = 0 if by < 0 else size - 1
            inner = min(1, size - 1) if by < 0 else max(size - 2, 0)
            found.narrow(beside, edge, 1).add_(steep.narrow(beside, inner, 1))
            found.narrow(beside, max(0, -by), size - 1).add_(steep.narrow(beside, max(0, by), size - 1))
        return found * self.gain
