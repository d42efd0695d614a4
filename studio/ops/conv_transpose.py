"""Upsampling as PyTorch does it: ConvTranspose2d."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import PaddingPair, PositivePair, param
from studio.model.declared.taps import Taps, phase_of
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Array, Shape
from studio.ops.conv import bias_row, check_channels, check_groups

if TYPE_CHECKING:
    from torch import Tensor


class ConvTranspose2d(Op):
    """Transposed convolution, as ``torch.nn.ConvTranspose2d``.

    The weight is (in_channels, out_channels / groups, kh, kw): input channels first.

    The gradient of a convolution, used forwards: every input pixel adds its kernel, scaled, to the output, and the
    kernels land ``stride`` pixels apart. The shaders gather instead: an output pixel ``y`` reads input ``i`` through
    tap ``k`` wherever ``y + padding - k * dilation == i * stride``, so no inserted zero is ever multiplied.

    Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
    """

    shader = "conv_transpose2d"
    swaps = True
    uncompiled = frozenset({"in_channels", "out_channels", "groups", "bias", "output_padding"})

    in_channels: int = param(lo=1, doc="Channels of the input")
    out_channels: int = param(lo=1, doc="Channels of the output")
    kernel_size: PositivePair = param(doc="Height and width of each kernel")
    stride: PositivePair = param((1, 1), doc="Distance at which kernels land on the output", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border taken off each side of the output", unit="px")
    output_padding: PaddingPair = param((0, 0), doc="Rows and columns added at the bottom and right", unit="px")
    dilation: PositivePair = param((1, 1), doc="Spacing of the kernel's taps", unit="px")
    groups: int = param(1, lo=1, doc="Groups of channels that do not see each other")
    bias: bool = param(True, doc="Whether a bias is added")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        check_channels(self.in_channels, shape)
        check_groups(self.in_channels, self.out_channels, self.groups)
        for i in (0, 1):
            require(
                self.output_padding[i] < max(self.stride[i], self.dilation[i]),
                f"output_padding {self.output_padding} must be smaller than the stride or the dilation.",
            )
        height, width = (
            (size - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + self.output_padding[i]
            + 1
            for i, size in enumerate(shape[1:])
        )
        return Shape(self.out_channels, height, width)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        check_groups(self.in_channels, self.out_channels, self.groups)
        weight = {"weight": (self.in_channels, self.out_channels // self.groups, *self.kernel_size)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def macs(self, output: Shape) -> int:
        """See `Op.macs`: borders aside, each output pixel takes kernel / stride taps."""
        kh, kw = self.kernel_size
        taps = Fraction(kh * kw, self.stride[0] * self.stride[1])
        return int(output.channels * output.height * output.width * taps * self.in_channels // self.groups)

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(self.stride[0]), Fraction(self.stride[1])

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: by the input it is a convolution with the same weight."""
        from studio.ops._backward.convolve import WeightGradient, bias_gradient
        from studio.ops.conv import Conv2d
        from studio.ops.cut import Crop

        how: dict[str, Any] = {
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }
        back = Conv2d(in_channels=self.out_channels, out_channels=self.in_channels, bias=False, **how)
        of_input = at.add(back, at.grad)
        # Of an output padding of a stride and more the kernel reaches past the last input pixel.
        bottom, right = (made - n for made, n in zip(at.shapes[of_input][1:], at.shape()[1:], strict=True))
        if bottom or right:
            of_input = at.add(Crop(bottom=bottom, right=right), of_input)
        of_weight = at.add(WeightGradient(**how), at.grad, at.read())
        return {0: of_input, "weight": of_weight, **bias_gradient(at)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        return F.conv_transpose2d(
            inputs[0],
            tensors["weight"],
            tensors.get("bias"),
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: the first two axes swapped within each group."""
        i, o, *size = weight.shape
        grouped = weight.reshape(self.groups, i // self.groups, o, *size)
        return grouped.swapaxes(1, 2).reshape(self.groups * o, i // self.groups, *size)

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`: the stride's phases, each with the taps that land on an input pixel."""
        down, across = (
            self._taps(*axis) for axis in zip(self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        )
        return down, across

    @staticmethod
    def _taps(size: int, stride: int, padding: int, dilation: int) -> Taps:
        landings = [[(k, r + padding - k * dilation) for k in range(size)] for r in range(stride)]
        phases = tuple(phase_of((k, at // stride) for k, at in row if at % stride == 0) for row in landings)
        return Taps(1, dilation // math.gcd(stride, dilation), phases)

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("bias" if self.bias else "",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the bias."""
        return bias_row(tensors, self.out_channels)
