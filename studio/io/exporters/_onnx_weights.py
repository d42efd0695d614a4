"""Layers with weights in ONNX: convolutions, Linear, norms."""

from __future__ import annotations

import numpy as np

from studio.io.exporters._onnx_graph import Layer, Writer, writer_of
from studio.ops.conv import Conv2d
from studio.ops.conv_fractional import FractionalConv2d
from studio.ops.conv_transpose import ConvTranspose2d
from studio.ops.norm import BatchNorm2d, ScaleShift
from studio.ops.norm_layer import LayerNorm2d
from studio.ops.norm_live import GroupNorm, InstanceNorm2d
from studio.ops.vector import Linear

TABLE: dict[str, Writer] = {}

_PAD_MODES = {"zeros": "constant", "constant": "constant", "reflect": "reflect", "replicate": "edge"}


def pad(layer: Layer, x: str, borders: tuple[int, int, int, int], mode: str = "constant", value: float = 0.0) -> str:
    """A border of (left, right, top, bottom), in a mode by PyTorch's name."""
    left, right, top, bottom = borders
    if mode in ("circular", "symmetric"):
        make = _wrapped if mode == "circular" else _mirrored
        return make(layer, x, ((2, top, bottom), (3, left, right)))
    given = [x, layer.integers(0, 0, top, left, 0, 0, bottom, right)]
    given += [layer.number(value)] if _PAD_MODES[mode] == "constant" else []
    return layer.add("Pad", *given, mode=_PAD_MODES[mode])


def _wrapped(layer: Layer, x: str, borders: tuple[tuple[int, int, int], ...]) -> str:
    """A border of what lies at the opposite edge, which operator set 18 has no mode for."""
    for axis, before, after in borders:
        at, parts = layer.integers(axis), [x]
        if before:
            parts.insert(0, layer.add("Slice", x, layer.integers(-before), layer.integers(2**31 - 1), at))
        if after:
            parts.append(layer.add("Slice", x, layer.integers(0), layer.integers(after), at))
        x = layer.add("Concat", *parts, axis=axis)
    return x


def _mirrored(layer: Layer, x: str, borders: tuple[tuple[int, int, int], ...]) -> str:
    """A border of what lies at the edge in the opposite order, which ONNX has no mode for."""
    for axis, before, after in borders:
        at, back, parts = layer.integers(axis), layer.integers(-1), [x]
        if before:
            ends = layer.integers(before - 1), layer.integers(-(2**31))
            parts.insert(0, layer.add("Slice", x, *ends, at, back))
        if after:
            ends = layer.integers(-1), layer.integers(-after - 1)
            parts.append(layer.add("Slice", x, *ends, at, back))
        x = layer.add("Concat", *parts, axis=axis)
    return x


@writer_of(TABLE, Conv2d)
def _conv(layer: Layer, op: Conv2d) -> str:
    x, (y_pad, x_pad) = layer.x, op.padding
    if op.padding_mode != "zeros" and any(op.padding):
        x, y_pad, x_pad = pad(layer, x, (x_pad, x_pad, y_pad, y_pad), op.padding_mode), 0, 0
    return layer.add(
        "Conv",
        x,
        *_weight_and_bias(layer),
        kernel_shape=op.kernel_size,
        strides=op.stride,
        pads=(y_pad, x_pad, y_pad, x_pad),
        dilations=op.dilation,
        group=op.groups,
    )


@writer_of(TABLE, ConvTranspose2d)
def _conv_transpose(layer: Layer, op: ConvTranspose2d) -> str:
    # Runtimes refuse an output_padding that reaches the stride: less is cut off at the end instead, and what is then
    # still missing no kernel reaches.
    beyond = any(extra >= step for extra, step in zip(op.output_padding, op.stride, strict=True))
    extra = op.output_padding if beyond else (0, 0)
    ends = [max(border - more, 0) for border, more in zip(op.padding, extra, strict=True)]
    bottom, right = (max(more - border, 0) for border, more in zip(op.padding, extra, strict=True))
    missing = bool(bottom or right)
    made = layer.add(
        "ConvTranspose",
        layer.x,
        *_weight_and_bias(layer)[: 1 if missing else 2],
        kernel_shape=op.kernel_size,
        strides=op.stride,
        pads=(*op.padding, *ends),
        output_padding=(0, 0) if beyond else op.output_padding,
        dilations=op.dilation,
        group=op.groups,
    )
    if not missing:
        return made
    whole = pad(layer, made, (0, right, 0, bottom))
    return layer.add("Add", whole, _per_channel(layer, "bias")) if op.bias else whole


@writer_of(TABLE, FractionalConv2d)
def _fractional(layer: Layer, op: FractionalConv2d) -> str:
    kh, kw = op.kernel_size
    up = enlarged(layer, op.scale_factor, "nearest" if op.sampling == "nearest" else "bilinear")
    padded = pad(layer, up, ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2))
    return layer.add("Conv", padded, *_weight_and_bias(layer), kernel_shape=op.kernel_size)


def enlarged(layer: Layer, factors: tuple[float, float], mode: str, *, corners: bool = False) -> str:
    """The layer's input times whole factors, by "nearest", "bilinear" or "bicubic"."""
    scales = layer.constant(np.array([1, 1, *factors], np.float32))
    if mode == "nearest":
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return layer.add("Resize", layer.x, "", scales, **how)
    return layer.add(
        "Resize",
        layer.x,
        "",
        scales,
        mode="linear" if mode == "bilinear" else "cubic",
        coordinate_transformation_mode="align_corners" if corners else "half_pixel",
        cubic_coeff_a=-0.75,
    )


@writer_of(TABLE, Linear)
def _linear(layer: Layer, op: Linear) -> str:
    del op
    made = layer.add("Gemm", layer.add("Flatten", layer.x, axis=1), *_weight_and_bias(layer), transB=1)
    return layer.add("Unsqueeze", made, layer.integers(2, 3))


@writer_of(TABLE, BatchNorm2d)
def _batch_norm(layer: Layer, op: BatchNorm2d) -> str:
    learnt = _scale_and_shift(layer, op.num_features, op.affine)
    # What stays, in ONNX, whose default is PyTorch's.
    stays = {} if op.momentum == 0.1 else {"momentum": 1 - op.momentum}
    return layer.add(
        "BatchNormalization",
        layer.x,
        *learnt,
        layer.tensor("running_mean"),
        layer.tensor("running_var"),
        epsilon=op.eps,
        **stays,
    )


@writer_of(TABLE, ScaleShift)
def _scale_shift(layer: Layer, op: ScaleShift) -> str:
    del op
    return _times_plus(layer, layer.x)


@writer_of(TABLE, InstanceNorm2d)
def _instance_norm(layer: Layer, op: InstanceNorm2d) -> str:
    return layer.add(
        "InstanceNormalization", layer.x, *_scale_and_shift(layer, op.num_features, op.affine), epsilon=op.eps
    )


@writer_of(TABLE, GroupNorm)
def _group_norm(layer: Layer, op: GroupNorm) -> str:
    # Every group as one long channel; the operator of its own changed its meaning between operator sets.
    groups = layer.add("Reshape", layer.x, layer.integers(0, op.num_groups, -1))
    ones, zeros = (layer.constant(np.full(op.num_groups, value, np.float32)) for value in (1, 0))
    normed = layer.add("InstanceNormalization", groups, ones, zeros, epsilon=op.eps)
    found = layer.add("Reshape", normed, layer.add("Shape", layer.x))
    return _times_plus(layer, found) if op.affine else found


@writer_of(TABLE, LayerNorm2d)
def _layer_norm(layer: Layer, op: LayerNorm2d) -> str:
    rows = _scale_and_shift(layer, op.num_channels, op.affine)
    last = layer.add("Transpose", layer.x, perm=[0, 2, 3, 1])
    return layer.add(
        "Transpose", layer.add("LayerNormalization", last, *rows, axis=-1, epsilon=op.eps), perm=[0, 3, 1, 2]
    )


def _weight_and_bias(layer: Layer) -> list[str]:
    return [layer.tensor(key) for key in ("weight", "bias") if layer.has(key)]


def _scale_and_shift(layer: Layer, channels: int, affine: bool) -> list[str]:
    if affine:
        return [layer.tensor("weight"), layer.tensor("bias")]
    return [layer.constant(np.full(channels, value, np.float32)) for value in (1, 0)]


def _times_plus(layer: Layer, x: str) -> str:
    return layer.add("Add", layer.add("Mul", x, _per_channel(layer, "weight")), _per_channel(layer, "bias"))


def _per_channel(layer: Layer, key: str) -> str:
    """A weight of (C,) as (C, 1, 1)."""
    return layer.add("Unsqueeze", layer.tensor(key), layer.integers(1, 2))
