"""Weights of convolutions as oneDNN multiplies them: on CPUs PyTorch would bring them into that order at every call.

The operators are those that `torch.compile` calls; where a build of PyTorch has none of them, nothing is packed.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from studio.model.networks.op import Op
from studio.ops.conv import Conv2d
from studio.ops.conv_fractional import FractionalConv2d
from studio.ops.conv_transpose import ConvTranspose2d

# Below so many channels in or out, oneDNN's blocks of channels are mostly empty, and packing measured slower.
_FEWEST = 16

_OPERATORS = (
    *("_reorder_convolution_weight", "_convolution_pointwise"),
    *("_reorder_convolution_transpose_weight", "_convolution_transpose_pointwise"),
)
_NOTHING_AFTER: tuple[str, list[float], str] = ("none", [], "")


def can_pack(op: Op, device: torch.device) -> bool:
    """Whether this operator's weight is packed on this device."""
    if not isinstance(op, Conv2d | ConvTranspose2d | FractionalConv2d) or device.type != "cpu":
        return False
    if isinstance(op, FractionalConv2d):
        return _has_operators() and op.sampling == "nearest" and min(op.in_channels, op.out_channels) >= _FEWEST
    if op.groups > 1 or min(op.in_channels, op.out_channels) < _FEWEST:
        return False
    if isinstance(op, Conv2d) and op.padding_mode != "zeros":
        return False
    return _has_operators()


def _has_operators() -> bool:
    return all(hasattr(torch.ops.mkldnn, name) for name in _OPERATORS)


def pack(op: Op, weight: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """The weight, packed for inputs of this shape."""
    how, rest = _sizes(op)
    if isinstance(op, FractionalConv2d):
        # The small kernels of all phases, which need not be worked out for every frame either.
        weight, shape = op.phase_weight(weight), _padded(op, torch.empty(shape, device="meta")).shape
    kind = "_reorder_convolution_transpose_weight" if isinstance(op, ConvTranspose2d) else "_reorder_convolution_weight"
    packed: torch.Tensor = getattr(torch.ops.mkldnn, kind)(weight, *how, *rest, list(shape))
    return packed


def convolve(op: Op, x: torch.Tensor, packed: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """What ``op.torch`` makes of this input, with its weight packed for inputs of that shape."""
    how, rest = _sizes(op)
    if isinstance(op, FractionalConv2d):
        phases = torch.ops.mkldnn._convolution_pointwise(_padded(op, x), packed, None, *how, *rest, *_NOTHING_AFTER)
        up = op.woven(phases)
        return up if bias is None else up + bias[:, None, None]
    kind = "_convolution_transpose_pointwise" if isinstance(op, ConvTranspose2d) else "_convolution_pointwise"
    made: torch.Tensor = getattr(torch.ops.mkldnn, kind)(x, packed, bias, *how, *rest, *_NOTHING_AFTER)
    return made


def _padded(op: FractionalConv2d, x: torch.Tensor) -> torch.Tensor:
    """The input with the borders that the convolution itself cannot give it: those of which one is the wider."""
    left, right, top, bottom = op.phase_borders
    return x if (left, top) == (right, bottom) else F.pad(x, (left, right, top, bottom))


def _sizes(op: Op) -> tuple[list[list[int]], tuple[list[int], list[int], int]]:
    """Paddings; and stride, dilation and groups."""
    if isinstance(op, FractionalConv2d):
        left, right, top, bottom = op.phase_borders
        return [[top, left] if (left, top) == (right, bottom) else [0, 0]], ([1, 1], [1, 1], 1)
    assert isinstance(op, Conv2d | ConvTranspose2d)
    paddings = [list(op.padding)]
    if isinstance(op, ConvTranspose2d):
        paddings.append(list(op.output_padding))
    return paddings, (list(op.stride), list(op.dilation), op.groups)
