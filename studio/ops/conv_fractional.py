"""Upsampling as the WebGL CNN did it: FractionalConv2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import PositivePair, param
from studio.model.declared.taps import Phase, Taps, phase_of
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.shape import Array, Shape
from studio.ops.conv import bias_row, check_channels
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor


@cache
def _tap_sums(kernel: int, scale: int) -> tuple[int, NDArray[np.float32]]:
    """Which taps read the same input pixel, along one axis.

    Returns:
        How many input pixels before an output pixel's own the taps reach, and an array of (phases, pixels, taps)
        that is 1 where that tap of that phase reads that pixel.
    """
    before = (kernel - 1) // 2
    reads = [[(phase - before + tap) // scale for tap in range(kernel)] for phase in range(scale)]
    first = min(map(min, reads))
    sums = np.zeros((scale, max(map(max, reads)) - first + 1, kernel), np.float32)
    for phase, taps in enumerate(reads):
        for tap, pixel in enumerate(taps):
            sums[phase, pixel - first, tap] = 1.0
    return -first, sums


class FractionalConv2d(Op):
    """Convolution that steps over its input at the fractional stride ``1 / scale``.

    An output pixel ``x`` reads the input through tap ``k`` at ``floor((x - before + k) / scale)``, where
    ``before = (kernel - 1) // 2`` (and ``after = kernel // 2``), and reads zero outside. The output is exactly
    ``scale`` times the input's size. For scale 2 and kernel 4, with input pixels a b c d::

        output pixel x      0   1   2   3   4   5   6   7
        lies in input       a   a   b   b   c   c   d   d
        pixel 2 reads          [a   b   b   c]             taps at x-1, x, x+1, x+2
        pixel 3 reads              [b   b   c   c]         a quarter, in input pixels: -0.75 -0.25 +0.25 +0.75

    This equals upsampling by ``scale``, padding by ``before`` and ``after``, and a stride-1 convolution; the weight is
    (out_channels, in_channels, kh, kw). With ``sampling="linear"`` the taps read the input bilinearly interpolated
    (half-pixel centres, ``align_corners=False``) instead of its nearest pixel. A transposed convolution of stride 2
    gives each output pixel 2 × 2 of its 4 × 4 weights, and neighbours different ones, which can beat in a
    checkerboard; here every output pixel uses all 16.

    Sources: the fractional upscale shader of the WebGL CNN, whose samples fall on texel edges, defined here by
    integer floor; V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016; A. Odena,
    V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
    """

    shader = "fractional_conv2d"
    uncompiled = frozenset({"in_channels", "out_channels", "bias"})

    in_channels: int = param(lo=1, doc="Channels of the input")
    out_channels: int = param(lo=1, doc="Channels of the output: the number of filters")
    kernel_size: PositivePair = param(doc="Height and width of each kernel")
    scale_factor: PositivePair = param((2, 2), doc="Output pixels per input pixel: the stride is one over this")
    sampling: Literal["nearest", "linear"] = param("nearest", doc="How a tap reads between input pixels")
    bias: bool = param(True, doc="Whether a bias is added")

    def _borders(self) -> tuple[int, int, int, int]:
        kh, kw = self.kernel_size
        return (kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        check_channels(self.in_channels, shape)
        return Shape(self.out_channels, shape.height * self.scale_factor[0], shape.width * self.scale_factor[1])

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        weight = {"weight": (self.out_channels, self.in_channels, *self.kernel_size)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def macs(self, output: Shape) -> int:
        """See `Op.macs`."""
        kh, kw = self.kernel_size
        return output.channels * output.height * output.width * kh * kw * self.in_channels

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(self.scale_factor[0]), Fraction(self.scale_factor[1])

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.convolve import FractionalInputGradient, WeightGradient, bias_gradient
        from studio.ops.conv_transpose import ConvTranspose2d
        from studio.ops.cut import Crop
        from studio.ops.upsample import Upsample

        kh, kw = self.kernel_size
        before = (kh - 1) // 2, (kw - 1) // 2
        enlarge = Upsample(scale_factor=self.scale_factor, mode="nearest" if self.sampling == "nearest" else "bilinear")
        enlarged = at.add(enlarge, at.read())
        of_weight = at.add(WeightGradient(kernel_size=self.kernel_size, padding=before), enlarged, at.grad)
        sizes: dict[str, Any] = {
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        if self.sampling == "nearest":
            of_input = at.add(FractionalInputGradient(scale_factor=self.scale_factor, **sizes), at.grad)
        else:
            sizes |= {"in_channels": self.out_channels, "out_channels": self.in_channels}
            whole = at.add(ConvTranspose2d(padding=before, bias=False, **sizes), at.grad)
            bottom, right = (k - 1 - 2 * b for k, b in zip(self.kernel_size, before, strict=True))
            if bottom or right:
                whole = at.add(Crop(bottom=bottom, right=right), whole)
            from studio.ops._backward.space import ResizeGradient

            _, height, width = at.shape()
            of_input = at.add(ResizeGradient(of=enlarge, height=height, width=width), whole)
        return {0: of_input, "weight": of_weight, **bias_gradient(at)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        if self.sampling == "nearest":
            return self._phases(inputs[0], tensors["weight"], tensors.get("bias"))
        factor = [float(f) for f in self.scale_factor]
        up = F.interpolate(inputs[0], scale_factor=factor, mode="bilinear", align_corners=False)
        return F.conv2d(F.pad(up, self._borders()), tensors["weight"], tensors.get("bias"))

    def _phases(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Nearest sampling without the enlarged picture: one small convolution for each phase of the output.

        Taps that read one input pixel are added up first: of scale 2 and kernel 4, phase 0 keeps 3 taps and phase 1
        keeps 2, so 36 multiplications make 2 × 2 output pixels rather than 64.
        """
        from torch.nn import functional as F

        left, right, top, bottom = self.phase_borders
        small = self._of_phases(weight)
        (o, a, b, _, _, _), (height, width) = small.shape, x.shape[-2:]
        phases = F.conv2d(F.pad(x, (left, right, top, bottom)), small.flatten(0, 2))
        woven = phases.reshape(-1, o, a, b, height, width).permute(0, 1, 4, 2, 5, 3)
        up = woven.reshape(-1, o, height * a, width * b)
        return up if bias is None else up + bias[:, None, None]

    def _of_phases(self, weight: Tensor) -> Tensor:
        """(out_channels, phases down, phases across, in_channels, j, k): a small kernel for each phase."""
        (_, down), (_, across) = (_tap_sums(*axis) for axis in zip(self.kernel_size, self.scale_factor, strict=True))
        (o, i), (a, j), (b, k) = weight.shape[:2], down.shape[:2], across.shape[:2]
        table = np.ascontiguousarray(np.einsum("ajy,bkx->yxabjk", down, across).reshape(-1, a * b * j * k))
        sums = on_device(table, weight.device, weight.dtype)
        return (weight.reshape(o * i, -1) @ sums).reshape(o, i, a, b, j, k).permute(0, 2, 3, 1, 4, 5)

    @property
    def phase_borders(self) -> tuple[int, int, int, int]:
        """Pixels of zero at the left, right, top and bottom of what the kernels of the phases read."""
        (top, down), (left, across) = (
            _tap_sums(*axis) for axis in zip(self.kernel_size, self.scale_factor, strict=True)
        )
        return left, across.shape[1] - 1 - left, top, down.shape[1] - 1 - top

    def phase_weight(self, weight: Tensor) -> Tensor:
        """(phases * out_channels, in_channels, j, k): a plain convolution's, for `woven` to put together."""
        return self._of_phases(weight).movedim(0, 2).flatten(0, 2)

    def woven(self, phases: Tensor) -> Tensor:
        """What a convolution with `phase_weight` makes, put together: (N, out_channels, H, W), channels last in memory.

        Each phase's channels lie together, so that whole runs of them are moved.
        """
        (a, b), (height, width) = self.scale_factor, phases.shape[-2:]
        lying = phases.permute(0, 2, 3, 1).reshape(-1, height, width, a, b, self.out_channels).permute(0, 1, 3, 2, 4, 5)
        return lying.reshape(-1, height * a, width * b, self.out_channels).permute(0, 3, 1, 2)

    def kernel(self, weight: NDArray[np.generic]) -> NDArray[np.generic]:
        """See `Op.kernel`: the weight as it is."""
        return weight

    def taps(self) -> tuple[Taps, Taps]:
        """See `Op.taps`: of the input where it is read as it is, of the enlarged input where it is interpolated."""
        down, across = (self._taps(*axis) for axis in zip(self.kernel_size, self.scale_factor, strict=True))
        return down, across

    def _taps(self, size: int, scale: int) -> Taps:
        before = (size - 1) // 2
        if self.sampling == "linear":
            return Taps(1, 1, (Phase(-before, tuple((k,) for k in range(size))),))
        return Taps(1, 1, tuple(phase_of((k, (r - before + k) // scale) for k in range(size)) for r in range(scale)))

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("bias" if self.bias else "",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the bias."""
        return bias_row(tensors, self.out_channels)
