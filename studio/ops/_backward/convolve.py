"""Derivatives of convolutions that no convolution of files is: by the weight, and of fractional ones by their input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import PaddingPair, PositivePair, param
from studio.model.declared.taps import Phase, Taps, phase_of
from studio.model.networks.op import Backward
from studio.model.networks.passes import Banked, Blocks
from studio.model.networks.shape import Array, Shape
from studio.ops._backward.base import BackwardOp

if TYPE_CHECKING:
    from torch import Tensor


_ACROSS, _OUT = 4, 1
"""Taps of a row, and tiles of output channels, of a block."""


class WeightGradient(BackwardOp):
    """The gradient of a convolution's weight, from what it read and the gradient of what it made.

    Reads x of I × H × W and g of O × H' × W', and makes O × (I / groups * kh) × kw::

        made[o, i * kh + ky, kx]  =  sum over v, u of  g[o, v, u] * x[i, v * stride - padding + ky * dilation, ...kx]

    The same with x and g changing places is the gradient of a transposed convolution's weight. ``padding`` counts at
    the top and at the left; below and to the right it reaches as far as g does.
    """

    arity = 2
    shader = "backward/weight_gradient"

    kernel_size: PositivePair = param(doc="Height and width of each kernel")
    stride: PositivePair = param((1, 1), doc="Step of the kernel over x", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border of x at the top and at the left", unit="px")
    dilation: PositivePair = param((1, 1), doc="Spacing of the kernel's taps", unit="px")
    groups: int = param(1, lo=1, doc="Groups of channels that do not see each other")
    padding_mode: Literal["zeros", "reflect", "replicate"] = param("zeros", doc="What the border holds")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        x, grad = inputs
        return Shape(grad.channels, x.channels // self.groups * self.kernel_size[0], self.kernel_size[1])

    def blocks(self, *inputs: Shape) -> Blocks | None:
        """See `Op.blocks`: without groups, whose channels read different inputs."""
        if self.groups > 1:
            return None
        x, grad = inputs
        (kh, kw), tiles = self.kernel_size, -(-grad.channels // 4)
        across, out = min(kw, _ACROSS), min(tiles, _OUT)
        line = -(-x.channels // 4) * kh * -(-kw // across)
        return Blocks("lib/weight_block.glsl", (("ACROSS", across), ("OUT", out)), line, -(-tiles // out))

    def banked(self, *inputs: Shape) -> Banked | None:
        """See `Op.banked`: a target for each channel of an input tile."""
        if self.groups > 1:
            return None
        x, grad = inputs
        rows = -(-x.channels // 4) * self.kernel_size[0]
        return Banked(
            "lib/weight_bank.glsl", "lib/weight_rows.glsl", Shape(grad.channels, rows, self.kernel_size[1]), 4
        )

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch
        from torch.nn import functional as F

        x, grad = inputs
        reach = [
            (n - 1) * s + d * (k - 1) + 1
            for n, s, d, k in zip(grad.shape[2:], self.stride, self.dilation, self.kernel_size, strict=True)
        ]
        # Negative where the last pixels are read by no tap.
        bottom, right = (r - p - n for r, p, n in zip(reach, self.padding, x.shape[2:], strict=True))
        if self.padding_mode == "zeros":
            x = F.pad(x, (self.padding[1], right, self.padding[0], bottom))
        else:
            x = F.pad(x, (self.padding[1], self.padding[1], self.padding[0], self.padding[0]), mode=self.padding_mode)
            x = x[:, :, : reach[0], : reach[1]]
        shape = (grad.shape[1], x.shape[1] // self.groups, *self.kernel_size)
        rest = ([*self.stride], [0, 0], [*self.dilation], False, [0, 0], self.groups, [False, True, False])
        found: Tensor = torch.ops.aten.convolution_backward(grad, x, x.new_empty(shape), None, *rest)[1]
        return found.contiguous().reshape(1, shape[0], shape[1] * shape[2], shape[3])


class FractionalInputGradient(BackwardOp):
    """The gradient of a nearest `FractionalConv2d` by its input.

    Every input pixel gathers, at stride ``scale``, from all output pixels that read it: the taps with which one of them
    does are added up first, as in the way forward. Of scale 2 and kernel 4 these are 5 × 5 pixels, each read once.
    """

    shader = "conv_transpose2d"
    swaps = True
    uncompiled = frozenset({"in_channels", "out_channels"})

    in_channels: int = param(lo=1, doc="Channels of the convolution's input, which are made here")
    out_channels: int = param(lo=1, doc="Channels of its output, which are read here")
    kernel_size: PositivePair = param(doc="Height and width of each kernel")
    scale_factor: PositivePair = param((2, 2), doc="Output pixels per input pixel")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        _, height, width = inputs[0]
        return Shape(self.in_channels, height // self.scale_factor[0], width // self.scale_factor[1])

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`: the convolution's own."""
        return {"weight": (self.out_channels, self.in_channels, *self.kernel_size)}

    def macs(self, output: Shape) -> int:
        """See `Op.macs`."""
        down, across = self.taps()
        return (
            output.channels * output.height * output.width * sum(down.counts) * sum(across.counts) * self.out_channels
        )

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch
        from torch.nn import functional as F

        kernel, (down, across) = tensors["weight"].transpose(0, 1), self.taps()
        for axis, taps in ((2, down), (3, across)):
            cells = [
                kernel.index_select(axis, kernel.new_tensor(cell).long()).sum(axis) for cell in taps.phases[0].cells
            ]
            kernel = torch.stack(cells, axis)
        (grad,) = inputs
        border = [
            (-t.phases[0].first, (n // t.step - 1) * t.step + t.phases[0].first + t.counts[0] - n)
            for t, n in zip((down, across), grad.shape[2:], strict=True)
        ]
        padded = F.pad(grad, (*border[1], *border[0]))
        return F.conv2d(padded, kernel, None, self.scale_factor)

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: the first two axes swapped."""
        return weight.swapaxes(0, 1)

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`."""
        down, across = (self._taps(*axis) for axis in zip(self.kernel_size, self.scale_factor, strict=True))
        return down, across

    @staticmethod
    def _taps(size: int, scale: int) -> Taps:
        before = (size - 1) // 2
        # Output pixel y reads input pixel (y - before + k) // scale through tap k.
        reads = ((k, r + before - k) for r in range(scale) for k in range(size))
        return Taps(scale, 1, (phase_of(reads),))

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: no bias."""
        del tensors
        return np.zeros((1, self.in_channels), np.float32)


class LinearInputGradient(BackwardOp):
    """The gradient of a `Linear` by its input: the matrix transposed, times a vector."""

    shader = "conv2d"
    swaps = True
    uncompiled = frozenset({"in_features", "out_features"})

    in_features: int = param(lo=1, doc="Length of the layer's input, which is made here")
    out_features: int = param(lo=1, doc="Length of its output, which is read here")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        del inputs
        return Shape(self.in_features, 1, 1)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return {"weight": (self.out_features, self.in_features)}

    def macs(self, output: Shape) -> int:
        """See `Op.macs`."""
        return output.channels * self.out_features

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        return (inputs[0].flatten(1) @ tensors["weight"])[:, :, None, None]

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: every weight a kernel of one tap, the axes swapped."""
        return weight.reshape(*weight.shape[:2], 1, 1).swapaxes(0, 1)

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`: one."""
        one = Taps(1, 1, (Phase(0, ((0,),)),))
        return one, one

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: no bias."""
        del tensors
        return np.zeros((1, self.in_features), np.float32)


def bias_gradient(at: Backward) -> dict[int | str, str]:
    """The sum over space, where the layer has a bias."""
    from studio.ops.total import Sum

    return {"bias": at.add(Sum(dim="space"), at.grad)} if "bias" in at.tensors else {}
