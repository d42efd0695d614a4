"""Binary threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class BinaryThreshold(Bend):
    """1 where a value is above a threshold, else 0; what is no number is 0."""

    label = "Binary threshold"
    group = "Values"
    shader = "threshold"
    pointwise = True
    in_tiles = True

    threshold: float = param(0.5, lo=-1000.0, hi=1000.0, live=True, safe=(-1.0, 1.0), doc="What 1 is above")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return (x > self.threshold).to(x.dtype)
