"""Operators that change a map's size or order in ONNX: borders, pooling, resizing, shuffles, vectors, bypasses."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.io.exporters._onnx_graph import Layer, Writer, writer_of
from studio.io.exporters._onnx_weights import enlarged, pad
from studio.model.networks.op import Elementwise
from studio.model.networks.shape import Array, Shape
from studio.ops.cut import Crop, SliceChannels
from studio.ops.pad import Pad
from studio.ops.pool import AvgPool2d, MaxPool2d, MaxUnpool2d
from studio.ops.pool_adaptive import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from studio.ops.resize import Resize
from studio.ops.shuffle import PixelShuffle, PixelUnshuffle
from studio.ops.total import Mean, Sum
from studio.ops.upsample import Upsample
from studio.ops.vector import Flatten, Unflatten

TABLE: dict[str, Writer] = {}

_END = 2**31 - 1
_Window = tuple[int, int]


@writer_of(TABLE, Pad)
def _pad(layer: Layer, op: Pad) -> str:
    return pad(layer, layer.x, op.padding, op.mode, op.value)


@writer_of(TABLE, Crop)
def _crop(layer: Layer, op: Crop) -> str:
    ends = (-op.bottom or _END, -op.right or _END)
    return layer.add("Slice", layer.x, layer.integers(op.top, op.left), layer.integers(*ends), layer.integers(2, 3))


@writer_of(TABLE, SliceChannels)
def _slice_channels(layer: Layer, op: SliceChannels) -> str:
    return layer.add("Slice", layer.x, layer.integers(op.start), layer.integers(op.end), layer.integers(1))


@writer_of(TABLE, MaxPool2d)
def _max_pool(layer: Layer, op: MaxPool2d) -> str:
    how: dict[str, Any] = {"kernel_shape": op.kernel_size, "strides": op.stride, "dilations": op.dilation}
    if not op.ceil_mode:
        return layer.add("MaxPool", layer.x, pads=(*op.padding, *op.padding), **how)
    # The border spelled out: runtimes differ in when a last window may hang over the edge.
    return layer.add("MaxPool", pad(layer, layer.x, _overhang(layer, op), value=-np.inf), **how)


@writer_of(TABLE, AvgPool2d)
def _avg_pool(layer: Layer, op: AvgPool2d) -> str:
    how: dict[str, Any] = {"kernel_shape": op.kernel_size, "strides": op.stride}
    if not op.ceil_mode:
        counted = int(op.count_include_pad)
        return layer.add("AveragePool", layer.x, pads=(*op.padding, *op.padding), count_include_pad=counted, **how)
    means = layer.add("AveragePool", pad(layer, layer.x, _overhang(layer, op)), **how)
    return layer.add("Mul", means, layer.constant(_weights_of_windows(layer, op)))


@writer_of(TABLE, MaxUnpool2d)
def _max_unpool(layer: Layer, op: MaxUnpool2d) -> str:
    x, values = layer.reads
    how: dict[str, Any] = {"kernel_shape": op.kernel_size, "strides": op.stride}
    name = f"{layer.node.name}.maxpool"
    if not op.ceil_mode:
        how["pads"] = (*op.padding, *op.padding)
        _, places = layer.graph.add_two("MaxPool", [x], name, **how)
        return layer.add("MaxUnpool", values, places, layer.add("Shape", x), **how)
    left, right, top, bottom = borders = _overhang(layer, op, layer.graph.shapes[layer.node.inputs[1]])
    _, places = layer.graph.add_two("MaxPool", [pad(layer, x, borders, value=-np.inf)], name, **how)
    return pad(layer, layer.add("MaxUnpool", values, places, **how), (-left, -right, -top, -bottom))


def _overhang(
    layer: Layer, op: MaxPool2d | AvgPool2d | MaxUnpool2d, made: Shape | None = None
) -> tuple[int, int, int, int]:
    """The border, (left, right, top, bottom), with which all windows lie within the map; negative cuts it."""
    spacing = op.dilation if isinstance(op, MaxPool2d) else (1, 1)
    made, borders = made or layer.output_shape(), []
    for axis in (1, 0):
        before, size = op.padding[axis], layer.shape()[1 + axis]
        reach = (made[1 + axis] - 1) * op.stride[axis] + spacing[axis] * (op.kernel_size[axis] - 1) + 1
        borders += [before, reach - size - before]
    left, right, top, bottom = borders
    return left, right, top, bottom


def _weights_of_windows(layer: Layer, op: AvgPool2d) -> Array:
    """(1, 1, H, W): size of a whole window over what PyTorch divides the sum by."""
    counts = []
    for axis in (0, 1):
        size, border = layer.shape()[1 + axis], op.padding[axis]
        starts = np.arange(layer.output_shape()[1 + axis]) * op.stride[axis] - border
        ends = np.minimum(starts + op.kernel_size[axis], size + border)
        if not op.count_include_pad:
            starts, ends = np.maximum(starts, 0), np.minimum(ends, size)
        counts.append(op.kernel_size[axis] / (ends - starts))
    weights: Array = np.outer(*counts).astype(np.float32)[None, None]
    return weights


@writer_of(TABLE, AdaptiveAvgPool2d)
def _adaptive_avg(layer: Layer, op: AdaptiveAvgPool2d) -> str:
    if op.output_size == (1, 1):
        return layer.add("GlobalAveragePool", layer.x)
    matrices = []
    for side, count in zip(layer.shape()[1:], layer.output_shape()[1:], strict=True):
        matrix = np.zeros((count, side), np.float32)
        for row, (start, end) in enumerate(_windows(side, count)):
            matrix[row, start:end] = 1 / (end - start)
        matrices.append(matrix)
    return _times_matrices(layer, *matrices)


@writer_of(TABLE, AdaptiveMaxPool2d)
def _adaptive_max(layer: Layer, op: AdaptiveMaxPool2d) -> str:
    if op.output_size == (1, 1):
        return layer.add("GlobalMaxPool", layer.x)
    found = layer.x
    for axis, side, count in zip((2, 3), layer.shape()[1:], layer.output_shape()[1:], strict=True):
        at = layer.integers(axis)
        parts = [
            layer.add("Slice", found, layer.integers(start), layer.integers(end), at)
            for start, end in _windows(side, count)
        ]
        found = layer.add("Concat", *(layer.add("ReduceMax", part, at, keepdims=1) for part in parts), axis=axis)
    return found


def _windows(side: int, count: int) -> list[_Window]:
    return [(i * side // count, -(-(i + 1) * side // count)) for i in range(count)]


def _times_matrices(layer: Layer, down: Array, across: Array) -> str:
    """Every channel X as down · X · acrossᵀ."""
    return layer.add("MatMul", layer.add("MatMul", layer.constant(down), layer.x), layer.constant(across.T))


@writer_of(TABLE, Mean)
def _mean(layer: Layer, op: Mean) -> str:
    return layer.add("ReduceMean", layer.x, layer.integers(*op.axes), keepdims=1)


@writer_of(TABLE, Sum)
def _sum(layer: Layer, op: Sum) -> str:
    return layer.add("ReduceSum", layer.x, layer.integers(*op.axes), keepdims=1)


@writer_of(TABLE, PixelShuffle)
def _pixel_shuffle(layer: Layer, op: PixelShuffle) -> str:
    return layer.add("DepthToSpace", layer.x, blocksize=op.upscale_factor, mode="CRD")


@writer_of(TABLE, PixelUnshuffle)
def _pixel_unshuffle(layer: Layer, op: PixelUnshuffle) -> str:
    # ONNX puts all channels of one place of the square behind each other, PyTorch all places of one channel.
    squares = op.downscale_factor**2
    channels = layer.graph.shapes[layer.node.name].channels
    order = np.arange(channels).reshape(squares, channels // squares).T.ravel()
    made = layer.add("SpaceToDepth", layer.x, blocksize=op.downscale_factor)
    return layer.add("Gather", made, layer.integers(*order.tolist()), axis=1)


@writer_of(TABLE, Upsample)
def _upsample(layer: Layer, op: Upsample) -> str:
    factors = op.scale_factor
    if factors is not None and all(isinstance(factor, int) for factor in factors):
        return enlarged(layer, factors, op.mode, corners=op.align_corners)
    return resized(layer, op)


def resized(layer: Layer, op: Upsample) -> str:
    """An `Upsample` at the size of the export."""
    # By what PyTorch makes of a row alone: runtimes round broken factors and given sizes in ways of their own.
    down, across = (_resizing(op, axis, side) for axis, side in enumerate(layer.shape()[1:]))
    if op.mode != "nearest":
        return _times_matrices(layer, down, across)
    return _picked(layer, layer.x, [(2, down.argmax(1)), (3, across.argmax(1))])


@writer_of(TABLE, Resize)
def _resize(layer: Layer, op: Resize) -> str:
    factors = op.factors()
    old = op.coordinates == "tf_half_pixel"  # which newer operator sets lack
    if op.size is None and factors and all(f.denominator == 1 for f in factors) and not (op.antialias or old):
        scales = layer.constant(np.array([1, 1, *map(float, factors)], np.float32))
        return layer.add(
            "Resize",
            layer.x,
            "",
            scales,
            mode={"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}[op.mode],
            coordinate_transformation_mode=op.coordinates,
            nearest_mode=op.rounding,
            cubic_coeff_a=op.cubic_a,
            exclude_outside=int(op.exclude_outside),
        )
    have, made = layer.shape()[1:], layer.output_shape()[1:]
    down, across = (op.matrix(axis, *sides) for axis, sides in enumerate(zip(have, made, strict=True)))
    if op.mode != "nearest":
        return _times_matrices(layer, down, across)
    return _picked(layer, layer.x, [(2, down.argmax(1)), (3, across.argmax(1))])


def _resizing(op: Upsample, axis: int, side: int) -> Array:
    """(out, in): how much of every pixel of a row or column goes into each that the operator makes."""
    import torch

    factor = None if op.scale_factor is None else ((op.scale_factor[axis], 1) if axis == 0 else (1, op.scale_factor[1]))
    size = None if op.size is None else ((op.size[0], 1) if axis == 0 else (1, op.size[1]))
    alone = Upsample(scale_factor=factor, size=size, mode=op.mode, align_corners=op.align_corners)
    eye = torch.eye(side)[None]
    made = alone.torch([eye[:, :, :, None] if axis == 0 else eye[:, :, None]], {})
    found: Array = made[0].reshape(side, -1).T.contiguous().numpy()
    return found


@writer_of(TABLE, Flatten)
def _flatten(layer: Layer, op: Flatten) -> str:
    del op
    return layer.add("Reshape", layer.x, layer.integers(0, -1, 1, 1))


@writer_of(TABLE, Unflatten)
def _unflatten(layer: Layer, op: Unflatten) -> str:
    return layer.add("Reshape", layer.x, layer.integers(0, op.channels, op.height, op.width))


def bypassed(layer: Layer) -> str:
    """What stands in for a bypassed layer: its first input, brought to the shape that it would have made."""
    if isinstance(layer.node.op, Elementwise) or layer.shape() == layer.output_shape():
        return layer.add("Identity", layer.x)
    picks = []
    for axis, (have, want) in enumerate(zip(layer.shape(), layer.output_shape(), strict=True), start=1):
        if have != want:
            picks.append((axis, np.arange(want) % have if axis == 1 else np.arange(want) * have // want))
    return _picked(layer, layer.x, picks)


def _picked(layer: Layer, x: str, picks: list[tuple[int, Any]]) -> str:
    for axis, places in picks:
        x = layer.add("Gather", x, layer.integers(*places.tolist()), axis=axis)
    return x
