"""Nodes of a graph of TensorFlow, as JSON writes them, and what they mean."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.modulated import as_maps
from studio.io.importers._tensors import moves
from studio.io.importers._tensors.table import known, table, whole
from studio.io.importers._values.views import Value

Json = Mapping[str, Any]
Made = Value | list[Value]

_PLAIN = re.compile(r"SAME|VALID|EXPLICIT|N?HWC|NCHW|REFLECT|SYMMETRIC|[A-Z][a-zA-Z0-9]*(Add|elu|elu6|igmoid|anh|orm)")


def attribute(node: Json, name: str, default: Any = None) -> Any:
    """One attribute as a Python value: numbers, texts, lists of them.

    Args:
        node: ``{"name": …, "op": …, "attr": {…}}``.
        name: of the attribute.
        default: what it is where the node has none.
    """
    said = (node.get("attr") or {}).get(name)
    if not isinstance(said, Mapping):
        return default
    if "list" in said:
        held = said["list"] or {}
        return [_scalar(kind, item) for kind, items in held.items() for item in items]
    for kind, value in said.items():
        return _scalar(kind, value)
    return default


def _scalar(kind: str, value: Any) -> Any:
    if kind == "i":
        return int(value)
    if kind == "f":
        return float(value)
    if kind == "s":
        return _text(value)
    if kind == "shape":
        dims = value.get("dim") or []
        return [int(dim.get("size", 0)) if dim else 0 for dim in dims] if not value.get("unknownRank") else None
    return value


def _text(value: Any) -> str:
    """Bytes are written in base64, and by some as they are."""
    if isinstance(value, list):
        return bytes(value).decode("utf-8", "replace")
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


@dataclass(frozen=True)
class Spaced(Value):
    """A map dealt to the pictures of a batch, every so many pixels to one, for a convolution whose taps lie apart.

    Attributes:
        whole: the map before.
        block: the pixels from one of a picture to its next.
    """

    whole: Value | None = None
    block: tuple[int, int] = (1, 1)


def node_made(f: Flow, node: Json, inputs: Sequence[Any]) -> Made:
    """What a node gives of its inputs.

    Raises:
        StudioError: where the studio does not know its operation, or not with these attributes.
    """
    op = str(node.get("op", ""))
    if attribute(node, "data_format", "NHWC") not in ("NHWC", ""):
        raise StudioError("its channels come first, which is not supported; convert a model with channels last.")
    dealt = next((value for value in inputs if isinstance(value, Spaced)), None)
    if dealt is not None:
        return _on_spaced(f, node, inputs, dealt)
    names = table()
    if op not in _OF_KERNELS:
        inputs = as_maps(f, inputs)
    if op in NODES:
        return NODES[op](f, node, list(inputs))
    name = _NAMES.get(op) or snake(op)
    if name not in names:
        raise StudioError(
            f"it is TensorFlow's operation {op}, which is not supported; docs/operators.md lists those that are."
        )
    return names[name](f, *inputs)


def snake(name: str) -> str:
    """An operation's name in lower case with underscores."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


_OF_KERNELS = ("Mul", "Square", "Sum")
"""What is done with kernels that a style scales as kernels; else they are the map that they make."""

_NAMES = {
    "AddV2": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "divide", "Div": "divide", "Pow": "power",
    "SelectV2": "where", "Select": "where", "Atan2": "arctan2", "StopGradient": "identity", "ClipByValue": "clip",
    "PlaceholderWithDefault": "identity", "ReadVariableOp": "identity", "BiasAddV1": "add", "GatherV2": "take",
}  # fmt: skip

Node = Callable[[Flow, Json, list[Any]], Made]
NODES: dict[str, Node] = {}
"""By TensorFlow's name, where what it means is not said by the names of its inputs alone."""


def means_node(*ops: str) -> Callable[[Node], Node]:
    """Enter a function as the meaning of nodes of these operations."""

    def add(meaning: Node) -> Node:
        NODES.update(dict.fromkeys(ops, meaning))
        return meaning

    return add


# -- convolutions whose taps lie apart ---------------------------------------------------------------------------------


@means_node("SpaceToBatchND")
def _dealt(f: Flow, node: Json, inputs: list[Any]) -> Made:
    del node
    value, block = inputs[0], whole(inputs[1])
    pairs = [(0, 0), *known(inputs[2]).reshape(-1, 2).tolist(), (0, 0)]
    if len(block) != 2:
        raise StudioError(f"it deals {len(block)} axes to a batch; height and width are supported.")
    padded = moves.padded(f, value, pairs)
    return Spaced(padded.shape, padded.node, padded.index, whole=padded, block=(block[0], block[1]))


def _on_spaced(f: Flow, node: Json, inputs: Sequence[Any], dealt: Spaced) -> Made:
    """On what was dealt: one convolution with its taps apart, what works on every value, and the way back."""
    op, before = str(node["op"]), dealt.whole
    assert before is not None
    if op == "BatchToSpaceND":
        (top, bottom), (left, right) = known(inputs[2]).reshape(-1, 2).tolist()
        _, height, width, _ = before.shape
        return f.move(before, lambda n: n[:, top : height - bottom, left : width - right])
    if "Conv2" in op and attribute(node, "padding") == "VALID" and set(attribute(node, "strides", [1])) == {1}:
        apart = {"list": {"i": [1, *dealt.block, 1]}}
        node = {**node, "attr": {**node["attr"], "dilations": apart}}
        made = node_made(f, node, [before, *inputs[1:]])
    elif op in ("BiasAdd", "Add", "AddV2", "Mul", "Relu", "Relu6", "Identity"):
        made = node_made(f, node, [before if value is dealt else value for value in inputs])
    else:
        raise StudioError(f"it is {op} between SpaceToBatchND and BatchToSpaceND, which is not supported.")
    assert isinstance(made, Value)
    return Spaced(made.shape, made.node, made.index, whole=made, block=dealt.block)
