"""Noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.draws import FRAMES, around_zero, noisy, places, seed_numbers
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param, seed

if TYPE_CHECKING:
    from torch import Tensor


class Noise(Bend):
    """Random numbers added to every value, or one to every channel; the same for the same seed and frame."""

    label = "Noise"
    group = "Values"
    shader = "noise"
    moves = True
    uncompiled = frozenset({"seed"})

    strength: float = param(0.5, lo=0.0, hi=1000.0, live=True, safe=(0.0, 1.0), doc="Deviation, or half the width")
    kind: Literal["gaussian", "uniform"] = param("gaussian", doc="Bell-shaped, or evenly spread around zero")
    per: Literal["pixel", "channel"] = param("pixel", doc="Whether every pixel gets a number of its own, or a channel")
    hold: int = param(1, lo=0, hi=100000, live=True, safe=(0, 30), doc="Frames that a draw lasts; 0 is for ever")
    seed: int = seed("Which numbers")

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`."""
        return super().numbers() | seed_numbers(self.seed)

    def layers(self, at: Layers, x: str) -> str | None:
        """See `Bend.layers`: operators draw the same numbers, but none for a whole channel."""
        if self.per == "channel":
            return None
        count = at.shape(x).channels
        drawn = at.add("RandomMap", x, channels=count, kind=self.kind, seed=self.seed, hold=self.hold)
        wide, middle = (2.0, -1.0) if self.kind == "uniform" else (1.0, 0.0)
        return at.add("Add", x, at.add("Affine", drawn, scale=wide * self.strength, shift=middle * self.strength))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        frame = given.tick.frame % FRAMES // self.hold if self.hold else 0
        if self.per == "pixel":
            return noisy(x, self.seed, frame, self.kind, self.strength)
        return x + around_zero(self.kind, places(x, self.seed, frame, per_pixel=False)) * self.strength
