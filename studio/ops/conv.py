"""Convolution: Conv2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import PaddingPair, PositivePair, param
from studio.model.declared.taps import Phase, Taps
from studio.model.networks.op import Backward, Gradients, Op, out_size, require
from studio.model.networks.shape import Array, Shape
from studio.ops import operator

if TYPE_CHECKING:
    from torch import Tensor

PaddingMode = Literal["zeros", "reflect", "replicate"]


def check_padding(mode: str, padding: tuple[int, int], height: int, width: int) -> None:
    """Reflection cannot reach past the far edge: PyTorch's rule, in one sentence."""
    require(
        mode != "reflect" or (padding[0] < height and padding[1] < width),
        f"reflect padding of {padding} needs an input larger than that, not {height}×{width}.",
    )


class Conv2d(Op):
    """2D convolution, as ``torch.nn.Conv2d``: the weight is (out_channels, in_channels / groups, kh, kw)."""

    shader = "conv2d"
    uncompiled = frozenset({"in_channels", "out_channels", "groups", "bias"})

    in_channels: int = param(lo=1, doc="Channels of the input")
    out_channels: int = param(lo=1, doc="Channels of the output: the number of filters")
    kernel_size: PositivePair = param(doc="Height and width of each kernel")
    stride: PositivePair = param((1, 1), doc="Step of the kernel over the input", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border added on each side", unit="px")
    dilation: PositivePair = param((1, 1), doc="Spacing of the kernel's taps", unit="px")
    groups: int = param(1, lo=1, doc="Groups of channels that do not see each other")
    bias: bool = param(True, doc="Whether a bias is added")
    padding_mode: PaddingMode = param("zeros", doc="What the border holds")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        check_channels(self.in_channels, shape)
        check_groups(self.in_channels, self.out_channels, self.groups)
        check_padding(self.padding_mode, self.padding, shape.height, shape.width)
        height, width = (
            out_size(size, self.kernel_size[i], self.stride[i], self.padding[i], self.dilation[i])
            for i, size in enumerate(shape[1:])
        )
        return Shape(self.out_channels, height, width)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        check_groups(self.in_channels, self.out_channels, self.groups)
        weight = {"weight": (self.out_channels, self.in_channels // self.groups, *self.kernel_size)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def macs(self, output: Shape) -> int:
        """See `Op.macs`."""
        kh, kw = self.kernel_size
        return output.channels * output.height * output.width * kh * kw * self.in_channels // self.groups

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(1, self.stride[0]), Fraction(1, self.stride[1])

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: by the input it is a transposed convolution with the same weight."""
        from studio.ops._backward.convolve import WeightGradient, bias_gradient
        from studio.ops._backward.space import FoldBorder

        mode = self.padding_mode
        bordered = mode != "zeros" and any(self.padding)
        taken = (0, 0) if bordered else self.padding
        whole = [n + 2 * p for n, p in zip(at.shape()[1:], self.padding if bordered else (0, 0), strict=True)]
        how: dict[str, Any] = {
            "in_channels": self.out_channels,
            "out_channels": self.in_channels,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": taken,
            # What the last step of the kernel left over.
            "output_padding": tuple(
                n - ((made - 1) * s - 2 * p + d * (k - 1) + 1)
                for n, made, s, p, d, k in zip(
                    whole, at.shapes[at.grad][1:], self.stride, taken, self.dilation, self.kernel_size, strict=True
                )
            ),
            "dilation": self.dilation,
            "groups": self.groups,
            "bias": False,
        }
        back = operator("ConvTranspose2d")(**how)
        of_input = at.add(back, at.grad)
        if mode != "zeros" and bordered:
            y, x = self.padding
            of_input = at.add(FoldBorder(padding=(x, x, y, y), mode=mode), of_input)
        of_weight = WeightGradient(
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            padding_mode=self.padding_mode,
        )
        return {0: of_input, "weight": at.add(of_weight, at.read(), at.grad), **bias_gradient(at)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        (x,), padding = inputs, self.padding
        if self.padding_mode != "zeros" and any(padding):
            (y_pad, x_pad), padding = padding, (0, 0)
            x = F.pad(x, (x_pad, x_pad, y_pad, y_pad), mode=self.padding_mode)
        return F.conv2d(x, tensors["weight"], tensors.get("bias"), self.stride, padding, self.dilation, self.groups)

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: the weight as it is."""
        return weight

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`."""
        down, across = (
            Taps(self.stride[i], self.dilation[i], (Phase(-self.padding[i], tuple((k,) for k in range(size))),))
            for i, size in enumerate(self.kernel_size)
        )
        return down, across

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("bias" if self.bias else "",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the bias."""
        return bias_row(tensors, self.out_channels)


def check_channels(wanted: int, shape: Shape) -> None:
    """Raise StudioError unless the input has the channels that the weights are made for."""
    require(shape.channels == wanted, f"its weights take {wanted} channels, but its input has {shape.channels}.")


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Raise StudioError unless the groups divide both numbers of channels."""
    require(
        in_channels % groups == 0 and out_channels % groups == 0,
        f"{groups} groups do not divide {in_channels} input and {out_channels} output channels.",
    )


def bias_row(tensors: Mapping[str, Array], channels: int) -> Array:
    """The bias as (1, channels), zero where the layer has none."""
    return np.asarray(tensors.get("bias", np.zeros(channels, np.float32)), np.float32)[None]
