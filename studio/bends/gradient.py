"""Gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._differences import steepness
from studio.model.bend import Bend, Given
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Gradient(Bend):
    """How steeply values change at every place: the length of the differences across and down."""

    label = "Gradient"
    group = "Filters"
    shader = "gradient"
    in_tiles = True

    gain: float = param(1.0, lo=-100.0, hi=100.0, live=True, safe=(0.0, 4.0), doc="What it is multiplied by")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return steepness(x, self.gain * 0.5)
