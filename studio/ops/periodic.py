"""Sine and cosine: Sin, Cos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.gradient import Backward, Gradients
from studio.model.op import Elementwise

if TYPE_CHECKING:
    from torch import Tensor


class Sin(Elementwise):
    """Sine, as ``torch.sin``; on GPUs to seven digits up to ±8000, beyond which float32 holds few turns' parts."""

    shader = "sin"

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: no quarter turn ahead."""
        return {"AHEAD": 0}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.arithmetic import Mul

        return {0: at.add(Mul(), at.grad, at.add(Cos(), at.read()))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sin()


class Cos(Elementwise):
    """Cosine, as ``torch.cos``: a sine that is a quarter turn ahead."""

    shader = "sin"

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"AHEAD": 1}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.arithmetic import Mul
        from studio.ops.functions import Affine

        return {0: at.add(Mul(), at.grad, at.add(Affine(scale=-1.0), at.add(Sin(), at.read())))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].cos()
