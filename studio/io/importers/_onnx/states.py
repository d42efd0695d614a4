"""How large the states of an ONNX graph are beside its picture, where the file leaves their sizes open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.io.importers._state_pairs import is_next, named_states
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from onnx import GraphProto, ValueInfoProto

# Constants of so many numbers may be sizes; larger ones are weights, whose shapes say enough.
_MOST_NUMBERS = 64


def state_sizes(graph: GraphProto, opset: int, asked: Size | None, usual: Size) -> dict[str, Size]:
    """The sizes of inputs that are smaller than the picture, by name.

    A state whose sides are open is as large as the output that is its next step: ONNX works that out of the picture's
    size alone, since maps that meet have one size.

    Args:
        graph: read with all its outputs.
        opset: of its operators.
        asked: the size of its picture; the file's own, else the usual one, where None.
        usual: what is taken where nothing says.
    """
    held = {tensor.name for tensor in graph.initializer}
    made = [put.name for put in graph.output]
    fed = [put for put in graph.input if put.name not in held and len(_dims(put)) == 4]
    named = named_states([put.name for put in fed], made)
    states = [put for put in fed if put.name in named]
    picture = next((put for put in fed if put not in states), None)
    if picture is None:
        return {}
    own = Size(*(side or other for side, other in zip(_dims(picture)[2:], usual, strict=True)))
    whole = asked or own
    found: dict[str, Size] = {}
    states = states or [put for put in fed if put is not picture]
    shapes: dict[str, list[int]] = {}
    for put in states:
        sides = _dims(put)[2:]
        if not all(sides):
            shapes = shapes or inferred(graph, opset, _alone(graph, picture, whole))
            alike = [name for name in made if is_next(put.name, name)]
            alike = alike or [name for name in made if shapes.get(name, [])[1:2] == _dims(put)[1:2]]
            sizes = [Size(*shapes[name][2:]) for name in alike if len(shapes.get(name, [])) == 4]
            found |= {put.name: sizes[0]} if sizes and all(sizes[0]) else {}
        elif all(side % n == 0 for side, n in zip(own, sides, strict=True)):
            found[put.name] = whole.divided(own.divided(Size(*sides)))
    return found


def _dims(put: ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in put.type.tensor_type.shape.dim]


def _alone(graph: GraphProto, picture: ValueInfoProto, size: Size) -> dict[str, list[int]]:
    """The lengths of every input for one picture of this size; 0 where nothing says."""
    fed = {put.name: [1, *_dims(put)[1:]] if len(_dims(put)) == 4 else _dims(put) for put in graph.input}
    return fed | {picture.name: [1, _dims(picture)[1] or 3, *size]}


def inferred(graph: GraphProto, opset: int, fed: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Shapes of all values as ONNX works them out, by name; 0 for a length that does not follow.

    Args:
        graph: of which no shapes but its tensors' are believed.
        opset: of its operators.
        fed: the lengths of its inputs; 0 for one that may be any.
    """
    from onnx import TensorProto, helper, shape_inference

    small = [t for t in graph.initializer if math.prod(t.dims) <= _MOST_NUMBERS]
    held = {t.name for t in graph.initializer}
    puts = [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in graph.initializer]
    for put in graph.input:
        if put.name not in held:
            dims: list[int | str] = [n or f"{put.name}_{k}" for k, n in enumerate(fed[put.name])]
            kind = put.type.tensor_type.elem_type or TensorProto.FLOAT
            puts.append(helper.make_tensor_value_info(put.name, kind, dims))
    made = [helper.make_empty_tensor_value_info(put.name) for put in graph.output]
    for info, put in zip(made, graph.output, strict=True):
        info.type.tensor_type.elem_type = put.type.tensor_type.elem_type
    plain = helper.make_graph(list(graph.node), "sizes", puts, made, initializer=small)
    model = helper.make_model(
        plain,
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)],
    )
    try:
        known = shape_inference.infer_shapes(model, data_prop=True).graph
    # What it does not know of, it says nothing about.
    except shape_inference.InferenceError:
        return {}
    puts = [*known.input, *known.value_info, *known.output]
    return {put.name: _dims(put) for put in puts if put.type.tensor_type.HasField("shape")}
