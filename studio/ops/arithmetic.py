"""Arithmetic of maps, place by place: Add, Sub, Mul, Div, Maximum, Minimum.

A map of one channel, of one row or of one column counts as if it were repeated, as PyTorch broadcasts: a gate of
C × 1 × 1 scales channels, a mask of 1 × H × W places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.op import Op, Shape, listed, require

if TYPE_CHECKING:
    from torch import Tensor


class _Combined(Op):
    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the largest of each axis; the others must be as large, or one."""
        largest = Shape(*(max(lengths) for lengths in zip(*inputs, strict=True)))
        fits = all(length in (1, most) for shape in inputs for length, most in zip(shape, largest, strict=True))
        require(fits, f"it combines maps of different shapes: {listed(inputs)}.")
        return largest


class Add(_Combined):
    """Sum of two or more maps."""

    arity = None
    shader = "add"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        total = inputs[0]
        for other in inputs[1:]:
            total = total + other
        return total


class Sub(_Combined):
    """The first map less the second."""

    arity = 2
    shader = "sub"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] - inputs[1]


class Mul(_Combined):
    """The product of two maps."""

    arity = 2
    shader = "mul"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] * inputs[1]


class Div(_Combined):
    """The first map over the second."""

    arity = 2
    shader = "div"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] / inputs[1]


class Maximum(_Combined):
    """The larger of two maps, as ``torch.maximum``."""

    arity = 2
    shader = "maximum"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.maximum(inputs[0], inputs[1])


class Minimum(_Combined):
    """The smaller of two maps, as ``torch.minimum``."""

    arity = 2
    shader = "minimum"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.minimum(inputs[0], inputs[1])
