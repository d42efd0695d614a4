"""Slit-scan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class SlitScan(Bend):
    """Rows or columns of different ages: the further along, the older."""

    label = "Slit-scan"
    group = "Time"
    shader = "slit_scan"

    slits: Literal[2, 4, 6, 8] = param(6, doc="Earlier maps that are mixed along the way")
    every: int = param(2, lo=1, hi=8, safe=(1, 4), doc="Frames between two of them")
    axis: Literal["rows", "columns"] = param("rows", doc="Along what the age grows: down, or to the right")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`."""
        return {"SLITS": self.slits, f"AXIS_{self.axis.upper()}": 1}

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("input", tuple(self.every * k for k in range(1, self.slits + 1)))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        import torch

        axis = 2 if self.axis == "rows" else 3
        size = x.shape[axis]
        at = torch.arange(size, dtype=x.dtype, device=x.device)
        age, shape = (at + 0.5) / size * self.slits, [size if each == axis else 1 for each in range(4)]
        found = torch.zeros_like(x)
        for k, each in enumerate((x, *given.past)):
            # Of each map only where it has a share: between the middles of what is beside it.
            first = max(0, math.floor(size * (k - 1) / self.slits - 0.5) + 1)
            last = min(size, math.ceil(size * (k + 1) / self.slits - 0.5))
            if first < last:
                share = (1.0 - (age - k).abs()).clamp(min=0.0).reshape(shape).narrow(axis, first, last - first)
                found.narrow(axis, first, last - first).addcmul_(each.narrow(axis, first, last - first), share)
        return found
