"""Feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, Interpolation, border_param, grid, interpolation_param, sampled
from studio.bends._turn import turn_numbers
from studio.model.bends.bend import Bend, Given, Memory
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Feedback(Bend):
    """The map mixed with what the stage handed on in the frame before, which is enlarged and turned meanwhile."""

    label = "Feedback"
    group = "Time"
    shader = "feedback"

    mix: float = param(0.7, lo=0.0, hi=1.0, live=True, safe=(0.0, 0.95), doc="How much of the frame before is taken")
    gain: float = param(1.0, lo=-4.0, hi=4.0, live=True, safe=(0.8, 1.0), doc="What it is multiplied by")
    zoom: float = param(1.02, lo=0.1, hi=10.0, live=True, safe=(0.9, 1.1), doc="How many times larger it gets")
    turn: float = param(0.0, lo=-3600.0, hi=3600.0, live=True, safe=(-10.0, 10.0), unit="°", doc="Anticlockwise")
    border: Border = border_param("reflect")
    interpolation: Interpolation = interpolation_param()

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: the angle by its cosine and sine."""
        return {"MIX": self.mix, "GAIN": self.gain, "ZOOM": self.zoom} | turn_numbers(self.turn)

    def memory(self) -> Memory:
        """See `Bend.memory`."""
        return Memory("output", (1,))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        ys, xs = grid(x)
        middle_y, middle_x = (x.shape[2] - 1) / 2, (x.shape[3] - 1) / 2
        down, right = (ys - middle_y) / self.zoom, (xs - middle_x) / self.zoom
        cosine, sine = turn_numbers(self.turn).values()
        ys, xs = middle_y + (sine * right + cosine * down), middle_x + (cosine * right - sine * down)
        before = sampled(given.past[0], ys, xs, self.border, self.interpolation)
        before *= self.gain * self.mix
        return before.add_(x, alpha=1.0 - self.mix)
