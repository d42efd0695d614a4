"""Arithmetic of maps, place by place: Add, Sub, Mul, Div, Maximum, Minimum.

A map of one channel, of one row or of one column counts as if it were repeated, as PyTorch broadcasts: a gate of
C × 1 × 1 scales channels, a mask of 1 × H × W places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.ops._combined import Combined

if TYPE_CHECKING:
    from torch import Tensor


class Add(Combined):
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


class Sub(Combined):
    """The first map less the second."""

    arity = 2
    shader = "sub"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] - inputs[1]


class Mul(Combined):
    """The product of two maps."""

    arity = 2
    shader = "mul"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] * inputs[1]


class Div(Combined):
    """The first map over the second."""

    arity = 2
    shader = "div"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] / inputs[1]


class Maximum(Combined):
    """The larger of two maps, as ``torch.maximum``."""

    arity = 2
    shader = "maximum"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.maximum(inputs[0], inputs[1])


class Minimum(Combined):
    """The smaller of two maps, as ``torch.minimum``."""

    arity = 2
    shader = "minimum"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.minimum(inputs[0], inputs[1])
