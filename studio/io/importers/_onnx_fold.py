"""Operators of ONNX on constants alone, worked out by ONNX's own reference implementation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._folding import is_even_map
from studio.io.importers._views import Value, constant
from studio.model.op import Shape

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
_LOOKS_AROUND = frozenset({"AveragePool", "Conv", "ConvTranspose", "MaxPool"})
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
    if node.op_type not in _KINDS | _LOOKS_AROUND:
        return None
    if node.op_type in _LOOKS_AROUND and is_even_map(np.asarray(given[0].constant), maps):
        return None
    shapes = [value.shape for value in given]
    try:
        together = math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        together = max(math.prod(shape) for shape in shapes)  # axes and the like do not broadcast
    if together > _MOST:
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
