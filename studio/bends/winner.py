"""Winner takes all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bend import Bend, Given, Scratch
from studio.model.op import Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class WinnerTakesAll(Bend):
    """At every place only the largest channel stays as it is; the others are weakened."""

    label = "Winner takes all"
    group = "Channels"
    shader = "winner"

    rest: float = param(0.0, lo=-10.0, hi=10.0, live=True, safe=(0.0, 1.0), doc="What the others are multiplied by")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the largest value at every place."""
        del other
        return (Scratch("bends/largest", shape._replace(channels=1), (0,)),)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.where(x == x.amax(1, keepdim=True), x * self.rest)
