"""Blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._blurred import Blurred
from studio.model.bends.bend import Given, Layers

if TYPE_CHECKING:
    from torch import Tensor


class Blur(Blurred):
    """A Gaussian blur; the border is mirrored."""

    label = "Blur"
    shader = "blur"

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        return self.blurred_by(at, x)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return self.blurred(x)
