"""Invert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bend import Bend, Given

if TYPE_CHECKING:
    from torch import Tensor


class Invert(Bend):
    """``1 - x``, as Broad's invert."""

    label = "Invert"
    group = "Values"
    shader = "invert"
    in_tiles = True

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return 1.0 - x
