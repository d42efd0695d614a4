"""Frame difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class FrameDifference(Bend):
    """What has changed since the frame before; nothing in the first."""

    label = "Frame difference"
    group = "Time"
    shader = "frame_difference"

    gain: float = param(2.0, lo=-100.0, hi=100.0, live=True, safe=(0.0, 8.0), doc="What it is multiplied by")

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("input", (1,))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        return (x - given.past[0]) * self.gain
