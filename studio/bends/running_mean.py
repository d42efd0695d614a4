"""Running mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class RunningMean(Bend):
    """The map averaged with those before, of which each counts less than the next."""

    label = "Running mean"
    group = "Time"
    shader = "running_mean"

    frames: float = param(8.0, lo=1.0, hi=10000.0, live=True, safe=(1.0, 60.0), doc="Over about how many frames")

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("bent", (1,))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        before = given.past[0]
        return before + (x - before) / self.frames
