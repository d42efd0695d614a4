"""Pixelate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.bends._space import grid
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Pixelate(Bend):
    """Blocks of pixels, each of one value: that of the pixel in its middle."""

    label = "Pixelate"
    group = "Space"
    shader = "pixelate"

    size: int = param(4, lo=1, hi=256, live=True, safe=(1, 32), unit="px", doc="Side of a block, in pixels of the map")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        size = at.shape(x).size
        ys, xs = (np.minimum(np.arange(side) // self.size * self.size + self.size // 2, side - 1) for side in size)
        places = (ys[:, None] * size.width + xs)[None]
        return at.gathered(x, places, np.ones(places.shape, np.float32))

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        ys, xs = (
            (at.flatten().long() // self.size * self.size + self.size // 2).clamp(max=at.numel() - 1) for at in grid(x)
        )
        lines = x.permute(0, 2, 3, 1).flatten(1, 2)
        at = (ys[:, None] * x.shape[3] + xs).flatten()
        return lines.index_select(1, at).reshape(len(x), *x.shape[2:], x.shape[1]).permute(0, 3, 1, 2)
