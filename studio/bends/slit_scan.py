"""Slit-scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.bends._space import grid
from studio.model.bend import Bend, Given, Memory
from studio.model.param import param

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

        axis, at = (2, grid(x)[0]) if self.axis == "rows" else (3, grid(x)[1])
        size = x.shape[axis]
        age = (at + 0.5) / size * self.slits
        found = torch.zeros_like(x)
        for k, each in enumerate((x, *given.past)):
            # Of each map only where it has a share, and a little around that.
            first, last = (int(size * (k + way) / self.slits) + way for way in (-1, 1))
            first, last = max(first, 0), min(last + 1, size)
            if first >= last:
                continue
            share = (1.0 - (age.narrow(axis - 2, first, last - first) - k).abs()).clamp(min=0.0)
            part = found.narrow(axis, first, last - first)
            part += (share * each.narrow(axis, first, last - first)).where(share > 0.0, 0.0)
        return found
