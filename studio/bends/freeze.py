"""Freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Freeze(Bend):
    """The map as it was when it was frozen; the first where it is frozen from the beginning."""

    label = "Freeze"
    group = "Time"
    shader = "freeze"

    frozen: bool = param(True, live=True, doc="Whether it stands still")

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("bent", (1,))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        return given.past[0] if self.frozen else x
