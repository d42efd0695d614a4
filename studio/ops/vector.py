"""Vectors, which are maps of C × 1 × 1: Linear, Flatten, Unflatten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import param
from studio.model.declared.taps import Phase, Taps
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Array, Shape
from studio.ops.conv import bias_row, check_channels

if TYPE_CHECKING:
    from torch import Tensor


class Linear(Op):
    """A matrix times a vector, as ``torch.nn.Linear``: the weight is (out_features, in_features).

    The filter sheet is that matrix. On the GPU it is a convolution of one tap.
    """

    shader = "conv2d"
    uncompiled = frozenset({"in_features", "out_features", "bias"})

    in_features: int = param(lo=1, doc="Length of the input")
    out_features: int = param(lo=1, doc="Length of the output")
    bias: bool = param(True, doc="Whether a bias is added")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(
            shape[1:] == (1, 1),
            f"it takes a vector, but its input is {shape}; flatten that first.",
        )
        check_channels(self.in_features, shape)
        return Shape(self.out_features, 1, 1)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        weight: dict[str, tuple[int, ...]] = {"weight": (self.out_features, self.in_features)}
        return weight | ({"bias": (self.out_features,)} if self.bias else {})

    def macs(self, output: Shape) -> int:
        """See `Op.macs`."""
        return output.channels * self.in_features

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.convolve import LinearInputGradient, WeightGradient, bias_gradient

        back = LinearInputGradient(in_features=self.in_features, out_features=self.out_features)
        of_weight = at.add(WeightGradient(kernel_size=(1, 1)), at.read(), at.grad)
        return {0: at.add(back, at.grad), "weight": of_weight, **bias_gradient(at)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        return F.linear(inputs[0].flatten(1), tensors["weight"], tensors.get("bias"))[:, :, None, None]

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: every weight a kernel of one tap."""
        return weight.reshape(*weight.shape[:2], 1, 1)

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`: one."""
        one = Taps(1, 1, (Phase(0, ((0,),)),))
        return one, one

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("bias" if self.bias else "",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the bias."""
        return bias_row(tensors, self.out_features)


class Flatten(Op):
    """All values of a map as one vector, channel by channel and row by row, as ``torch.nn.Flatten``."""

    shader = "flatten"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        channels, height, width = inputs[0]
        return Shape(channels * height * width, 1, 1)

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        channels, height, width = at.shape()
        return {0: at.add(Unflatten(channels=channels, height=height, width=width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].flatten(1)[:, :, None, None]


class Unflatten(Op):
    """A vector as a map of this shape, in the order of `Flatten`, as ``torch.nn.Unflatten(1, (C, H, W))``."""

    shader = "unflatten"
    uncompiled = frozenset({"channels", "height", "width"})

    channels: int = param(lo=1, doc="Channels of the map")
    height: int = param(lo=1, doc="Height of the map", unit="px")
    width: int = param(lo=1, doc="Width of the map", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        made = Shape(self.channels, self.height, self.width)
        wanted = Shape(self.channels * self.height * self.width, 1, 1)
        require(inputs[0] == wanted, f"a map of {made} takes a vector of {wanted.channels}, not {inputs[0]}.")
        return made

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(Flatten(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].reshape(-1, self.channels, self.height, self.width)
