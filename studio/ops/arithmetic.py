"""Arithmetic of maps, place by place: Add, Sub, Mul, Div, Maximum, Minimum.

A map of one channel, of one row or of one column counts as if it were repeated, as PyTorch broadcasts: a gate of
C × 1 × 1 scales channels, a mask of 1 × H × W places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.networks.op import Backward, Gradients
from studio.ops._backward.sums import summed_to
from studio.ops._combined import Combined

if TYPE_CHECKING:
    from torch import Tensor


class Add(Combined):
    """Sum of two or more maps."""

    arity = None
    shader = "add"
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {k: summed_to(at, at.grad, at.shape(k)) for k in range(len(at.inputs))}

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
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.functions import Affine

        less = at.add(Affine(scale=-1.0), at.grad)
        return {0: summed_to(at, at.grad, at.shape(0)), 1: summed_to(at, less, at.shape(1))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] - inputs[1]


class Mul(Combined):
    """The product of two maps."""

    arity = 2
    shader = "mul"
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {k: summed_to(at, at.add(Mul(), at.grad, at.read(1 - k)), at.shape(k)) for k in (0, 1)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] * inputs[1]


class Div(Combined):
    """The first map over the second."""

    arity = 2
    shader = "div"
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.functions import Affine

        over = at.add(Div(), at.grad, at.read(1))
        less = at.add(Affine(scale=-1.0), at.add(Mul(), over, at.output))
        return {0: summed_to(at, over, at.shape(0)), 1: summed_to(at, less, at.shape(1))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] / inputs[1]


class Maximum(Combined):
    """The larger of two maps, as ``torch.maximum``."""

    arity = 2
    shader = "maximum"
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return _picked(at, larger=True)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.maximum(inputs[0], inputs[1])


class Minimum(Combined):
    """The smaller of two maps, as ``torch.minimum``."""

    arity = 2
    shader = "minimum"
    together = True

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return _picked(at, larger=False)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.minimum(inputs[0], inputs[1])


def _picked(at: Backward, *, larger: bool) -> Gradients:
    from studio.ops._backward.slope import Pick

    orders = ((at.read(0), at.read(1)), (at.read(1), at.read(0)))
    picked = [at.add(Pick(larger=larger), *order, at.grad) for order in orders]
    return {k: summed_to(at, held, at.shape(k)) for k, held in enumerate(picked)}
