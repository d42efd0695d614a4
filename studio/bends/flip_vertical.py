"""Flip vertical."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Bend, Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class FlipVertical(Bend):
    """Top and bottom exchanged."""

    label = "Flip vertical"
    group = "Space"
    shader = "flip_vertical"

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return at.add("Flip", x, vertical=True)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.flip(2)
