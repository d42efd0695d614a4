"""Sine and cosine: Sin, Cos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.op import Elementwise

if TYPE_CHECKING:
    from torch import Tensor


class Sin(Elementwise):
    """Sine, as ``torch.sin``; on GPUs to seven digits up to ±8000, beyond which float32 holds few turns' parts."""

    shader = "sin"

    def constants(self) -> dict[str, int | float]:
        """See `Op.constants`: no quarter turn ahead."""
        return {"AHEAD": 0}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sin()


class Cos(Elementwise):
    """Cosine, as ``torch.cos``: a sine that is a quarter turn ahead."""

    shader = "sin"

    def constants(self) -> dict[str, int | float]:
        """See `Op.constants`."""
        return {"AHEAD": 1}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].cos()
