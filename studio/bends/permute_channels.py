"""Permute channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.bends._channels import channels_at
from studio.bends._layers import mixed_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import seed
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from torch import Tensor


class PermuteChannels(Bend):
    """Channels in another order, drawn by seed."""

    label = "Permute channels"
    group = "Channels"
    shader = "permute_channels"
    in_tiles = True
    uncompiled = frozenset({"seed"})

    seed: int = seed("Which order")

    def rows(self, channels: int) -> Array:
        """See `Bend.rows`: where each channel comes from."""
        return np.random.default_rng(self.seed).permutation(channels).astype(np.float32)[None]

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return mixed_by(at, x, self)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return channels_at(x, self.rows(x.shape[1])[0].astype(np.int64))
