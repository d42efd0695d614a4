"""Channels as shares of one: Softmax2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.networks.op import Backward, Elementwise, Gradients
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Softmax2d(Elementwise):
    """exp(x) over its sum over the channels, at every place by itself, as ``torch.nn.Softmax2d``."""

    shader = "softmax2d"

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the largest channel and the sum of every place."""
        return (("softmax2d_sums", Shape(2, *inputs[0][1:])),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.sums import SumOfProducts
        from studio.ops.arithmetic import Mul, Sub

        shared = at.add(SumOfProducts(dim="channels"), at.grad, at.output)
        return {0: at.add(Mul(), at.output, at.add(Sub(), at.grad, shared))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].softmax(dim=1)
