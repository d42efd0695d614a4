"""Operators in ONNX that sort channels, or take values from where another map says."""

from __future__ import annotations

from studio.io.exporters._onnx_graph import Layer, Writer, writer_of
from studio.ops.grid_sample import GridSample
from studio.ops.order import Argmax, Argsort, GatherChannels, Rank

TABLE: dict[str, Writer] = {}

_FLOAT, _INT64 = 1, 7  # of TensorProto


@writer_of(TABLE, GridSample)
def _grid_sample(layer: Layer, op: GridSample) -> str:
    pixels, places = layer.reads
    grid = layer.add("Transpose", places, perm=[0, 2, 3, 1])
    corners = int(op.align_corners)
    return layer.add("GridSample", pixels, grid, mode=op.mode, padding_mode=op.padding, align_corners=corners)


@writer_of(TABLE, Argmax)
def _argmax(layer: Layer, op: Argmax) -> str:
    found = layer.add("ArgMin" if op.smallest else "ArgMax", layer.x, axis=1, keepdims=1)
    return layer.add("Cast", found, to=_FLOAT)


@writer_of(TABLE, Argsort)
def _argsort(layer: Layer, op: Argsort) -> str:
    return layer.add("Cast", _order(layer, layer.x, op.count, descending=op.descending), to=_FLOAT)


@writer_of(TABLE, Rank)
def _rank(layer: Layer, op: Rank) -> str:
    """Where in their order each channel's number stands: the order of the order."""
    channels = layer.graph.shapes[layer.node.name].channels
    order = layer.add("Cast", _order(layer, layer.x, channels, descending=op.descending), to=_FLOAT)
    return layer.add("Cast", _order(layer, order, channels, descending=False), to=_FLOAT)


def _order(layer: Layer, x: str, count: int, *, descending: bool) -> str:
    how = {"axis": 1, "largest": int(descending), "sorted": 1}
    reads = [x, layer.integers(count)]
    return layer.graph.add_two("TopK", reads, f"{layer.node.name}.topk", **how)[1]


@writer_of(TABLE, GatherChannels)
def _gather_channels(layer: Layer, op: GatherChannels) -> str:
    del op
    values, numbers = layer.reads
    have, held = (layer.graph.shapes[name] for name in layer.node.inputs)
    bounds = layer.number(0.0), layer.number(float(have.channels - 1))
    numbers = layer.add("Cast", layer.add("Clip", layer.add("Round", numbers), *bounds), to=_INT64)
    if have.size != held.size:
        size = layer.output_shape().size
        values = layer.add("Expand", values, layer.integers(1, have.channels, *size))
        numbers = layer.add("Expand", numbers, layer.integers(1, held.channels, *size))
    return layer.add("GatherElements", values, numbers, axis=1)
