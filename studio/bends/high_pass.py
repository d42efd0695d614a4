"""High pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import low_passed
from studio.bends._spectral import Cut, low_pass
from studio.model.bends.bend import Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class HighPass(Cut):
    """Only what changes quickly over the map, by a Gaussian filter of its frequencies.

    The map counts as if it went on around its edges. Frequency f, in parts of the highest, keeps
    exp(-(f / cutoff)² / 2) less than all of its strength, across times down.
    """

    label = "High pass"
    shader = "high_pass"

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Sub", x, low_passed(at, x, self.cutoff))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x - low_pass(x, self.cutoff)
