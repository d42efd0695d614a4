"""Delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Delay(Bend):
    """The map of some frames ago; until there are so many, the first."""

    label = "Delay"
    group = "Time"
    shader = "delay"

    frames: int = param(6, lo=1, hi=64, safe=(1, 30), doc="How many frames ago; so many maps are kept in memory")

    def structure(self) -> dict[str, int | float]:
        """See `Bend.structure`: the engine binds the map that is wanted."""
        return {}

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("input", (self.frames,))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del x
        return given.past[0]
