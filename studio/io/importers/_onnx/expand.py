"""Operators that ONNX itself defines by others: what it says that they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.io.importers._values.views import Value

if TYPE_CHECKING:
    from onnx import FunctionProto, NodeProto

_MARK = "::"


def expanded(node: NodeProto, reads: Sequence[Value | None], opset: int) -> list[NodeProto] | None:
    """The operators that a node stands for, under names of their own; None where ONNX does not say.

    Args:
        node: what is not known by itself.
        reads: its inputs, whose types may decide what it is made of.
        opset: the version of ONNX's operators.
    """
    from onnx import defs

    try:
        # The stubs of ONNX lack what schemas say of functions.
        own = node.domain in ("", "ai.onnx")
        schema: Any = defs.get_schema(node.op_type, *((opset, "") if own else (node.domain,)))
    except defs.SchemaError:
        return None
    function = None
    if schema.has_context_dependent_function:
        function = _in_context(schema, node, reads, opset)
    elif schema.has_function:
        function = schema.function_body
    return None if function is None else _renamed(node, function)


def _in_context(schema: Any, node: NodeProto, reads: Sequence[Value | None], opset: int) -> FunctionProto | None:
    from onnx import FunctionProto as Function
    from onnx import TensorProto, helper

    types = []
    for value in reads:
        held = None if value is None else value.constant
        kind = TensorProto.FLOAT if held is None else helper.np_dtype_to_tensor_dtype(np.asarray(held).dtype)
        made = helper.make_tensor_type_proto(kind, () if value is None else value.shape)
        types.append(made.SerializeToString())
    versions = [v for v in schema.context_dependent_function_opset_versions if v <= opset]
    if not versions:
        return None
    get = schema.get_context_dependent_function_with_opset_version
    found: FunctionProto = Function.FromString(get(max(versions), node.SerializeToString(), types))
    return found


def _renamed(node: NodeProto, function: FunctionProto) -> list[NodeProto]:
    mark = f"{node.output[0]}{_MARK}"
    names = {"": ""} | dict.fromkeys(function.input[len(node.input) :], "")
    names |= dict(zip(function.input, node.input, strict=False))
    names |= dict(zip(function.output, node.output, strict=False))
    given = {attribute.name: attribute for attribute in node.attribute}
    given = {default.name: default for default in function.attribute_proto} | given
    found = []
    for inner in function.node:
        made = type(inner)()
        made.CopyFrom(inner)
        made.name = f"{node.name or node.op_type.lower()}.{inner.op_type.lower()}"
        made.input[:] = [names.get(name, mark + name) for name in inner.input]
        made.output[:] = [names.get(name, mark + name) if name else "" for name in inner.output]
        del made.attribute[:]
        for attribute in inner.attribute:
            if not attribute.ref_attr_name:
                made.attribute.append(attribute)
            elif attribute.ref_attr_name in given:
                said = made.attribute.add()
                said.CopyFrom(given[attribute.ref_attr_name])
                said.name = attribute.name
        found.append(made)
    return found
