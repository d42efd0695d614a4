"""Ablate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bend import Bend, Given

if TYPE_CHECKING:
    from torch import Tensor


class Ablate(Bend):
    """Zero everywhere."""

    label = "Ablate"
    group = "Values"
    shader = "ablate"
    in_tiles = True

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return x * 0.0
