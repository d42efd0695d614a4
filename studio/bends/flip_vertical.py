"""Flip vertical."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bend import Bend, Given

if TYPE_CHECKING:
    from torch import Tensor


class FlipVertical(Bend):
    """Top and bottom exchanged."""

    label = "Flip vertical"
    group = "Space"
    shader = "flip_vertical"

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x.flip(2)
