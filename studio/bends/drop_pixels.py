"""Drop pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.draws import FRAMES, dropped, seed_numbers
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param, seed

if TYPE_CHECKING:
    from torch import Tensor


class DropPixels(Bend):
    """Zero at a share of the places, drawn anew for every channel and frame."""

    label = "Drop pixels"
    group = "Values"
    shader = "drop_pixels"
    moves = True
    uncompiled = frozenset({"seed"})

    share: float = param(0.3, lo=0.0, hi=1.0, live=True, safe=(0.0, 0.7), doc="How many of the values are dropped")
    hold: int = param(1, lo=0, hi=100000, live=True, safe=(0, 30), doc="Frames that a draw lasts; 0 is for ever")
    seed: int = seed("Which ones")

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`."""
        return super().numbers() | seed_numbers(self.seed)

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        drawn = at.add("RandomMap", x, channels=at.shape(x).channels, seed=self.seed, hold=self.hold)
        return at.add("Mul", x, at.add("Compare", drawn, how="ge", value=self.share))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        frame = given.tick.frame % FRAMES // self.hold if self.hold else 0
        return dropped(x, self.seed, frame, self.share)
