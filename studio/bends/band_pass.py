"""Band pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._layers import low_passed
from studio.bends._spectral import Spectral, low_pass
from studio.model.bends.bend import Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class BandPass(Spectral):
    """Only what changes neither slowly nor quickly over the map: what a low pass keeps, less what a lower one keeps.

    The map counts as if it went on around its edges; see `LowPass` for what each of them keeps.
    """

    label = "Band pass"
    shader = "band_pass"
    cutoffs = 2

    low: float = param(0.1, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to keep")
    high: float = param(0.4, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to take away")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`."""
        return {"BAND": 1}

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Sub", low_passed(at, x, self.high), low_passed(at, x, self.low))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return low_pass(x, self.high, without=self.low)
