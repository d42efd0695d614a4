"""Operators of ONNX on constants alone, worked out by ONNX's own reference implementation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._traced.folding import is_even_map
from studio.io.importers._values.views import Value, constant
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from onnx import NodeProto

# None of these makes more of its inputs than their broadcast, so that a small file cannot fill the memory.
_KINDS = frozenset(
    """
    Abs Acos And ArgMax ArgMin Asin Atan BitShift CastLike Ceil Clip Compress Cos Cosh CumSum Det Elu Equal Erf Exp
    Flatten Floor GatherElements GatherND Greater GreaterOrEqual HardSigmoid IsInf IsNaN LeakyRelu Less LessOrEqual Log
    LogSoftmax Max Mean Min Mod Neg NonZero Not Or Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean
    ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu ReverseSequence Round ScatterElements ScatterND Selu Sigmoid
    Sign Sin Sinh Softmax Softplus Softsign Sqrt Sum Tan Tanh TopK Trilu Unique Where Xor
    """.split()  # noqa: SIM905 - so many names read better without quotes
)
_LOOKS_AROUND = {"AveragePool": 2**16, "Conv": 2**25, "ConvTranspose": 2**16, "MaxPool": 2**16}
"""How many numbers they may have under way: all but Conv go through them one by one in Python."""
_MOST = 2**26


def folded(node: NodeProto, reads: Sequence[Value | None], opset: int, maps: Iterable[Shape]) -> list[Value] | None:
    """What a node makes whose inputs are all constants; None where they are not, or it is not one that is folded.

    What looks around in ones that are as large as one of the ``maps`` is none: it may follow the picture's size.

    Raises:
        StudioError: where that cannot be worked out.
    """
    given = [value for value in reads if value is not None]
    if not given or not all(value.is_constant for value in given):
        return None
    if node.op_type not in _KINDS | _LOOKS_AROUND.keys():
        return None
    if node.op_type in _LOOKS_AROUND and is_even_map(np.asarray(given[0].constant), maps):
        return None
    shapes = [value.shape for value in given]
    try:
        together = math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        together = max(math.prod(shape) for shape in shapes)  # axes and the like do not broadcast
    if together > _MOST or _room(node, shapes) > _LOOKS_AROUND.get(node.op_type, 0):
        raise StudioError("it makes a constant too large to be a weight.")
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    alone = type(node)()
    alone.CopyFrom(node)
    names = [f"v{k}" if value is not None else "" for k, value in enumerate(reads)]
    alone.input[:] = names
    infos = [helper.make_tensor_value_info(name, 1, None) for name in names if name]
    outs = [helper.make_tensor_value_info(name, 1, None) for name in node.output if name]
    graph = helper.make_graph([alone], "folded", infos, outs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    feeds = {name: value.constant for name, value in zip(names, reads, strict=True) if value is not None}
    try:
        with np.errstate(all="ignore"):
            made = ReferenceEvaluator(model).run(None, feeds)
    # The reference implementation raises whatever its numpy does.
    except Exception as error:
        raise StudioError(f"it cannot be worked out ({str(error)[:200]}).") from error
    found = iter(constant(np.asarray(values)) for values in made)
    return [next(found) if name else constant(np.float32(0)) for name in node.output]


def _room(node: NodeProto, shapes: Sequence[Sequence[int]]) -> int:
    """At most how many numbers what looks around makes: its output, the map with its borders, and dilated kernels."""
    if node.op_type not in _LOOKS_AROUND:
        return 0
    given = {attribute.name: list(attribute.ints) for attribute in node.attribute if attribute.ints}
    sides, room = shapes[0][2:], max(math.prod(shape[:2]) for shape in shapes)
    kernel = given.get("kernel_shape") or shapes[-1][2:]
    for k, side in enumerate(sides):
        each = {name: abs(numbers[k]) for name, numbers in given.items() if k < len(numbers)}
        around = sum(map(abs, given.get("pads", [])[k :: len(sides)])) + each.get("output_padding", 0)
        reach = (kernel[k] if k < len(kernel) else 1) * each.get("dilations", 1)
        across = side * (each.get("strides", 1) if node.op_type == "ConvTranspose" else 1) + around + reach
        room *= max(across, each.get("output_shape", 0))
    return room
