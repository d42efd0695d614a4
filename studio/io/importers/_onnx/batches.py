"""ONNX models that were exported for several pictures at a time: read for one, where none of them looks at another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._onnx.states import inferred

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Shapes = dict[str, list[int]]
Known = dict[str, np.ndarray]

_MOST_NUMBERS = 64
_WITH_BATCH = (2, 4)  # dimensions of an input whose first one is the batch
_ASKS_OR_PICKS = ("Shape", "Size", "ConstantOfShape", "Gather", "GatherND", "Slice", "Split")
_SHAPES_AT = {"Reshape": 1, "Resize": 3, "Expand": 1}  # which of their inputs is a shape
# What works along axes and leaves them as long as they are.
_SOFTMAX = ("Softmax", "LogSoftmax", "Hardmax")
_ALONG = (*_SOFTMAX, "LpNormalization", "LayerNormalization", "MeanVarianceNormalization", "TopK", "CumSum", "Slice")
_SINCE_ONE_AXIS = 13  # before it a softmax went over all axes from one on, the second where nothing said


def read_for_one(graph: GraphProto, opset: int) -> None:
    """Have a model of several pictures be one of a single picture: shapes that it writes out begin with a 1.

    Where shapes cannot be told nothing is changed, and nothing said.

    Raises:
        StudioError: naming an operator that works on all pictures together; of one alone it would give other values.
    """
    held = {tensor.name for tensor in graph.initializer}
    fed = {put.name: [d.dim_value for d in put.type.tensor_type.shape.dim] for put in graph.input}
    fed = {name: dims for name, dims in fed.items() if name not in held}
    count = max((dims[0] for dims in fed.values() if len(dims) in _WITH_BATCH), default=1)
    if count < 2:
        return
    alone = {name: [1, *dims[1:]] if len(dims) in _WITH_BATCH else dims for name, dims in fed.items()}
    whole = inferred(graph, opset, fed)
    shapes = whole, inferred(graph, opset, alone)
    while _written_for_one(graph, shapes, count):
        shapes = whole, inferred(graph, opset, alone)
    known = _numbers(graph)
    for node in graph.node:
        if _mixes(node, shapes, known, opset):
            raise StudioError(
                f'Layer "{node.name or node.output[0]}" ({node.op_type}): it works on all {count} pictures of its '
                "batch together; export the model for one picture."
            )


def _written_for_one(graph: GraphProto, shapes: tuple[Shapes, Shapes], count: int) -> bool:
    """Whether shapes were changed that operators are given for so many pictures, as far as that is known already."""
    from onnx import helper, numpy_helper

    known, changed = _numbers(graph), False
    for node in list(graph.node):
        place = _SHAPES_AT.get(node.op_type, 0)
        given = known.get(node.input[place]) if 0 < place < len(node.input) else None
        if given is None or _batch(node.input[0], shapes) != [0] or shapes[0][node.input[0]][0] != count:
            continue
        if given.ndim == 1 and given.size and given[0] == count:
            node.input[place] += ".for.one"
            if node.input[place] not in known:
                known[node.input[place]] = np.concatenate([np.ones_like(given[:1]), given[1:]])
                value = numpy_helper.from_array(known[node.input[place]])
                graph.node.insert(0, helper.make_node("Constant", [], [node.input[place]], value=value))
            changed = True
    return changed


def _numbers(graph: GraphProto) -> Known:
    """Constants that may be shapes or axes."""
    from onnx import numpy_helper

    held = {tensor.name: tensor for tensor in graph.initializer}
    held |= {n.output[0]: a.t for n in graph.node if n.op_type == "Constant" for a in n.attribute if a.name == "value"}
    small = {name: tensor for name, tensor in held.items() if math.prod(tensor.dims) <= _MOST_NUMBERS}
    return {name: numpy_helper.to_array(tensor) for name, tensor in small.items() if not tensor.external_data}


def _mixes(node: NodeProto, shapes: tuple[Shapes, Shapes], known: Known, opset: int) -> bool:
    """Whether what a node makes of one picture depends on the others."""
    read = next((name for name in node.input if _batch(name, shapes)), "")
    if not read:
        return False
    given = {a.name: a for a in node.attribute}
    (axis,) = _batch(read, shapes)[:1]
    if node.op_type == "BatchNormalization" and "training_mode" in given and given["training_mode"].i:
        return True
    if node.op_type in _ALONG and axis in _axes(node, len(shapes[1][read]), known, opset):
        return True
    if node.op_type in _ASKS_OR_PICKS:
        return False
    for made in node.output:
        if not all(each.get(made) and all(each[made]) for each in shapes):
            continue
        moved = _batch(made, shapes)
        if len(moved) != 1:
            return True
        before = [math.prod(shapes[1][name][:at]) for name, at in ((read, axis), (made, moved[0]))]
        if node.op_type == "Reshape" and before[0] != before[1]:
            return True
    return False


def _batch(name: str, shapes: tuple[Shapes, Shapes]) -> list[int]:
    """The axes of a value that are as long as there are pictures."""
    one, two = (each.get(name, []) for each in shapes)
    return [k for k, (a, b) in enumerate(zip(one, two, strict=True)) if a != b] if len(one) == len(two) else []


def _axes(node: NodeProto, rank: int, known: Known, opset: int) -> Sequence[int]:
    """The axes along which an operator looks at all places to make one of them."""
    given = {a.name: a for a in node.attribute}
    old = node.op_type in _SOFTMAX and opset < _SINCE_ONE_AXIS
    if node.op_type == "MeanVarianceNormalization":
        return [k % rank for k in given["axes"].ints] if "axes" in given else (0, 2, 3)
    if node.op_type == "CumSum":
        return [int(axis) % rank for axis in known.get(node.input[1], np.zeros(0)).ravel()]
    if node.op_type == "Slice":
        # What is turned round; where its axes are left out, all are meant.
        axes, steps = (known.get(name) if name else None for name in [*node.input, *[""] * 5][3:5])
        axes = np.arange(rank) if axes is None else axes
        return [int(axis) % rank for axis, step in zip(axes, [] if steps is None else steps, strict=False) if step < 0]
    axis = (given["axis"].i if "axis" in given else 1 if old else -1) % rank
    return range(axis, rank) if old or node.op_type == "LayerNormalization" else [axis]
