"""Low pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import low_passed
from studio.bends._spectral import Cut, low_pass
from studio.model.bends.bend import Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class LowPass(Cut):
    """Only what changes slowly over the map, by a Gaussian filter of its frequencies.

    The map counts as if it went on around its edges. Frequency f, in parts of the highest, keeps
    exp(-(f / cutoff)² / 2) of its strength, across times down.
    """

    label = "Low pass"
    shader = "low_pass"

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return low_passed(at, x, self.cutoff)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return low_pass(x, self.cutoff)
