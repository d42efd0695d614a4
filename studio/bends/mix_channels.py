"""Mix channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.bends._channels import mixed_channels
from studio.bends._layers import mixed_by
from studio.bends._turn import turn_numbers
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param, seed
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from torch import Tensor


class MixChannels(Bend):
    """Channels turned into each other: each with a partner drawn by seed, by an angle, so that no strength is lost."""

    label = "Mix channels"
    group = "Channels"
    shader = "mix_channels"
    in_tiles = True
    uncompiled = frozenset({"seed"})

    angle: float = param(45.0, lo=-3600.0, hi=3600.0, live=True, safe=(-180.0, 180.0), unit="°", doc="How far")
    seed: int = seed("Which channels are partners")

    def numbers(self) -> dict[str, float]:
        """See `Bend.numbers`: the angle's cosine and sine."""
        return turn_numbers(self.angle)

    def rows(self, channels: int) -> Array:
        """See `Bend.rows`: every channel's partner, and the sign with which it is taken; an odd one is left alone."""
        order = np.random.default_rng(self.seed).permutation(channels)
        partner, sign = np.arange(channels), np.zeros(channels)
        ones, others = order[: channels // 2], order[channels // 2 : channels // 2 * 2]
        partner[ones], partner[others], sign[ones], sign[others] = others, ones, -1.0, 1.0
        return np.stack([partner, sign]).astype(np.float32)

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return mixed_by(at, x, self)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        partner, sign = self.rows(x.shape[1])
        cosine, sine = self.numbers().values()
        own = np.where(sign == 0.0, 1.0, cosine).astype(np.float32)
        return mixed_channels(x, partner.astype(np.int64), own, (sign * sine).astype(np.float32))
