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
        at = grid(x)[0 if self.axis == "rows" else 1]
        age = (at + 0.5) / at.numel() * self.slits
        found = x * 0.0
        for k, each in enumerate((x, *given.past)):
            share = (1.0 - (age - k).abs()).clamp(min=0.0)
            found = found + (share * each).where(share > 0.0, 0.0)
        return found
