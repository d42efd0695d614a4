"""Sine, cosine and angles: Sin, Cos, Atan2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.networks.op import Backward, Elementwise, Gradients
from studio.ops._backward.sums import summed_to
from studio.ops._combined import Combined

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


class Atan2(Combined):
    """The angle of a place from its height and its breadth, from -π to π, as ``torch.atan2``."""

    arity = 2
    shader = "atan2"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: the other side over the squared distance, negative for the breadth."""
        from studio.ops.arithmetic import Add, Div, Mul
        from studio.ops.functions import Affine

        y, x = at.read(0), at.read(1)
        distance = at.add(Add(), at.add(Mul(), y, y), at.add(Mul(), x, x))
        share = at.add(Div(), at.grad, distance)
        less = at.add(Affine(scale=-1.0), share)
        up, across = at.add(Mul(), share, x), at.add(Mul(), less, y)
        return {0: summed_to(at, up, at.shape(0)), 1: summed_to(at, across, at.shape(1))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.atan2(inputs[0], inputs[1])
