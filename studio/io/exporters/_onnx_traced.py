"""Operators that traced modules bring, in ONNX: comparisons, moves of whole axes, products of maps, given maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.io.exporters._onnx_graph import Layer, Writer, writer_of
from studio.io.exporters._onnx_space import resized
from studio.model.networks.op import Op
from studio.ops.compare import Compare, CompareMaps, Where
from studio.ops.fourier import Fft, Irfft, Rfft
from studio.ops.functions import Log
from studio.ops.given import Coordinates, GivenMap, SizeOf
from studio.ops.matmul import MatMul
from studio.ops.periodic import Atan2, Cos, Sin
from studio.ops.random_map import RandomMap
from studio.ops.rearrange import Rearrange, RearrangeLike, order_of
from studio.ops.roll import Flip, Roll
from studio.ops.rounding import Round
from studio.ops.shuffle import ChannelShuffle
from studio.ops.total import Amax, Amin
from studio.ops.upsample import Upsample, UpsampleLike
from studio.ops.window_mask import WindowMask

TABLE: dict[str, Writer] = {}

_FLOAT = 1  # TensorProto.FLOAT
_FIRST = -(2**31)
_END = 2**31 - 1
_HOW = {"gt": "Greater", "ge": "GreaterOrEqual", "lt": "Less", "le": "LessOrEqual", "eq": "Equal", "ne": "Equal"}
_SAME: dict[type[Op], str] = {Sin: "Sin", Cos: "Cos", Log: "Log"}


@writer_of(TABLE, *_SAME)
def _same(layer: Layer, op: Op) -> str:
    return layer.add(_SAME[type(op)], layer.x)


@writer_of(TABLE, Atan2)
def _atan2(layer: Layer, op: Atan2) -> str:
    """By the arc of the quotient; half a turn more on the left, and nothing where there is no angle."""
    del op
    (y, x), zero = layer.reads, layer.number(0.0)
    turned = layer.add("Where", layer.add("Less", y, zero), layer.number(-math.pi), layer.number(math.pi))
    more = layer.add("Where", layer.add("Less", x, zero), turned, zero)
    found = layer.add("Add", layer.add("Atan", layer.add("Div", y, x)), more)
    none = layer.add("And", layer.add("Equal", x, zero), layer.add("Equal", y, zero))
    return layer.add("Where", none, zero, found)


@writer_of(TABLE, Fft, Rfft, Irfft)
def _fourier(layer: Layer, op: Fft | Rfft | Irfft) -> str:
    """By the matrix that it is for rows of the export's length: runtimes' own transforms lose digits at odd ones."""
    import torch

    down = op.axis == "height"
    (channels, *side), (made, *wanted) = layer.shape(), layer.output_shape()
    sizes = [1 if isinstance(op, Rfft) else 2, 1 if isinstance(op, Irfft) else 2]
    lengths = [each[0 if down else 1] for each in (side, wanted)]
    rows = torch.eye(sizes[0] * lengths[0]).reshape(-1, lengths[0], 1, sizes[0]).permute(0, 3, 2, 1)
    along: Any = op.model_copy(update={"axis": "width"})
    columns = along.torch([rows, torch.zeros(1, 1, 1, lengths[1])], {}).permute(0, 2, 3, 1)
    matrix = columns.reshape(sizes[0] * lengths[0], sizes[1] * lengths[1]).numpy()
    order = [0, 1, 4, 3, 2] if down else [0, 1, 3, 4, 2]
    x = layer.add("Reshape", layer.x, layer.integers(0, channels // sizes[0], sizes[0], *side))
    x = layer.add("Transpose", x, perm=order)
    other = side[1 if down else 0]
    x = layer.add("Reshape", x, layer.integers(0, channels // sizes[0], other, len(matrix)))
    x = layer.add("MatMul", x, layer.constant(matrix))
    x = layer.add("Reshape", x, layer.integers(0, made // sizes[1], other, lengths[1], sizes[1]))
    x = layer.add("Transpose", x, perm=[0, 1, 4, 3, 2] if down else [0, 1, 4, 2, 3])
    return layer.add("Reshape", x, layer.integers(0, made, *wanted))


@writer_of(TABLE, Compare)
def _compare(layer: Layer, op: Compare) -> str:
    return _compared(layer, op.how, layer.x, layer.number(op.value))


@writer_of(TABLE, CompareMaps)
def _compare_maps(layer: Layer, op: CompareMaps) -> str:
    return _compared(layer, op.how, *layer.reads)


def _compared(layer: Layer, how: str, a: str, b: str) -> str:
    found = layer.add(_HOW[how], a, b)
    return layer.add("Cast", layer.add("Not", found) if how == "ne" else found, to=_FLOAT)


@writer_of(TABLE, Where)
def _where(layer: Layer, op: Where) -> str:
    del op
    mask, yes, no = layer.reads
    return layer.add("Where", layer.add("Equal", mask, layer.number(0.0)), no, yes)


@writer_of(TABLE, Round)
def _round(layer: Layer, op: Round) -> str:
    if op.how == "trunc":
        return layer.add("Mul", layer.add("Floor", layer.add("Abs", layer.x)), layer.add("Sign", layer.x))
    return layer.add({"floor": "Floor", "ceil": "Ceil", "round": "Round"}[op.how], layer.x)


@writer_of(TABLE, Amax, Amin)
def _extreme(layer: Layer, op: Amax | Amin) -> str:
    kind = "ReduceMax" if isinstance(op, Amax) else "ReduceMin"
    return layer.add(kind, layer.x, layer.integers(*op.axes), keepdims=1)


@writer_of(TABLE, ChannelShuffle)
def _channel_shuffle(layer: Layer, op: ChannelShuffle) -> str:
    channels = layer.graph.shapes[layer.node.name].channels
    order = np.arange(channels).reshape(op.groups, -1).T.ravel()
    return layer.add("Gather", layer.x, layer.integers(*order.tolist()), axis=1)


@writer_of(TABLE, Flip)
def _flip(layer: Layer, op: Flip) -> str:
    axes = [axis for axis, asked in ((2, op.vertical), (3, op.horizontal)) if asked]
    if not axes:
        return layer.add("Identity", layer.x)
    steps = [layer.integers(*([number] * len(axes))) for number in (-1, _FIRST)]
    return layer.add("Slice", layer.x, *steps, layer.integers(*axes), layer.integers(*([-1] * len(axes))))


@writer_of(TABLE, Roll)
def _roll(layer: Layer, op: Roll) -> str:
    """What leaves at one end, before the rest: whatever the size, as long as the shift is smaller."""
    x = layer.x
    for axis, shift, side in zip((2, 3), op.shifts, layer.shape()[1:], strict=True):
        first = -(shift if abs(shift) < side else shift % side)
        if first:
            end, at, begin = (layer.integers(place) for place in (_END, first, 0))
            parts = [layer.add("Slice", x, *between, layer.integers(axis)) for between in ((at, end), (begin, at))]
            x = layer.add("Concat", *parts, axis=axis)
    return x if x != layer.x else layer.add("Identity", x)


@writer_of(TABLE, MatMul)
def _matmul(layer: Layer, op: MatMul) -> str:
    del op
    first, second = layer.reads
    a, b = layer.add("Transpose", first, perm=[0, 2, 3, 1]), layer.add("Transpose", second, perm=[0, 2, 1, 3])
    return layer.add("Transpose", layer.add("MatMul", a, b), perm=[0, 3, 1, 2])


@writer_of(TABLE, Rearrange, RearrangeLike)
def _rearrange(layer: Layer, op: Rearrange | RearrangeLike) -> str:
    split, order, joined = order_of(op, layer.shape(), layer.output_shape())
    x = layer.add("Reshape", layer.x, layer.integers(0, *split))
    x = layer.add("Transpose", x, perm=[0, *(1 + axis for axis in order)])
    x = layer.add("Expand", x, layer.integers(1, *joined))
    return layer.add("Reshape", x, layer.integers(0, *layer.output_shape()))


@writer_of(TABLE, UpsampleLike)
def _upsample_like(layer: Layer, op: UpsampleLike) -> str:
    made = layer.output_shape()
    return resized(layer, Upsample(size=(made.height, made.width), mode=op.mode, align_corners=op.align_corners))


@writer_of(TABLE, GivenMap)
def _given_map(layer: Layer, op: GivenMap) -> str:
    if not op.repeat:
        return layer.add("Transpose", layer.tensor("map"), perm=[1, 0, 2, 3])
    _, height, width = layer.output_shape()
    x = layer.add("Transpose", layer.tensor("map"), perm=[1, 0, 2, 3])
    for axis, side, own in ((2, height, op.height), (3, width, op.width)):
        x = layer.add("Gather", x, layer.integers(*(np.arange(side) % own).tolist()), axis=axis)
    return x


@writer_of(TABLE, RandomMap)
def _random_map(layer: Layer, op: RandomMap) -> str:
    """Drawn by the runtime in every run: other numbers than the studio's."""
    like = layer.add("ReduceMean", layer.x, layer.integers(1), keepdims=1)
    like = layer.add("Expand", like, layer.integers(1, op.channels, 1, 1))
    return layer.add("RandomUniformLike" if op.kind == "uniform" else "RandomNormalLike", like)


@writer_of(TABLE, Coordinates, SizeOf, WindowMask)
def _told_by_size(layer: Layer, op: Coordinates | SizeOf | WindowMask) -> str:
    import torch

    found: Any = op.torch([torch.zeros(1, *layer.shape())], {}).numpy()
    assert math.prod(found.shape) == math.prod(layer.output_shape())
    return layer.add("Identity", layer.constant(found))
