"""A graph of TensorFlow's operations: which of its nodes are needed, its ends, and running it into a draft."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.ends import listed
from studio.io.importers._tensors.nodes import Json, attribute, node_made
from studio.io.importers._values.views import Numbers, Value, constant, first, last, reshaped, shown
from studio.io.importers.base import Options
from studio.model.networks.shape import Shape

_SIDE = 256
_MOST_CHANNELS = 4  # of a picture that is no map of features
_BYTES = (255.0, 127.5)
_INPUTS = ("Placeholder", "PlaceholderV2")
_BIASED = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "Conv2DBackpropInput")
_CODE = (
    "PartitionedCall",
    "StatefulPartitionedCall",
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "Enter",
    "Switch",
)
_OPERATORS = re.compile(
    r"(separable_|depthwise_?)?conv2d(_transpose)?(backpropinput)?|biasadd(v\d)?|matmul|relu6?|leakyrelu|tanh|sigmoid|"
    r"fusedbatchnorm(v\d)?|maxpool|avgpool|depthwise|depthwiseconv2dnative|resizenearestneighbor|resizebilinear|mirrorpad",
    re.IGNORECASE,
)


@dataclass
class Graph:
    """A graph as its file says it.

    Attributes:
        nodes: by name.
        weights: the numbers of its constants, by name.
        outputs: names of what comes out.
    """

    nodes: dict[str, Json]
    weights: Mapping[str, Numbers]
    outputs: tuple[str, ...]

    def sizes(self) -> Iterator[Sequence[int]]:
        """Shapes of its inputs, -1 where it takes any."""
        for node in self.nodes.values():
            if node.get("op") in _INPUTS:
                yield _shape_of(node)

    @property
    def any_size(self) -> bool:
        """Whether it takes pictures of any size."""
        pictures = (shape for shape in self.sizes() if len(shape) in (0, 3, 4) and not _is_grey(shape))
        return any(any(side < 1 for side in shape[-3:-1]) for shape in pictures)


def graph_of(topology: Json, weights: Mapping[str, Numbers], signature: Json) -> Graph:
    """The graph of a file.

    Raises:
        StudioError: where it calls functions, or has no output.
    """
    nodes = {str(node["name"]): node for node in topology.get("node", [])}
    for node in nodes.values():
        if node.get("op") in _CODE:
            raise StudioError(
                f'its part "{node["name"]}" ({node["op"]}) is chosen or repeated as it runs, which is not supported; '
                "convert it anew from a frozen graph."
            )
    said = [str(entry.get("name", "")) for entry in (signature.get("outputs") or {}).values()]
    outputs = [name for name in said if _maker(name)[0] in nodes]
    if not outputs:
        read = {_maker(name)[0] for node in nodes.values() for name in node.get("input") or []}
        outputs = [name for name, node in nodes.items() if name not in read and node.get("op") not in ("Const", "NoOp")]
    if not outputs:
        raise StudioError("nothing comes out of it; convert the model anew.")
    named = tuple(name.removesuffix(":0") for name in outputs)
    return Graph(_with_biases(nodes, {_maker(name)[0] for name in named}), weights, named)


def _with_biases(nodes: dict[str, Json], outputs: set[str]) -> dict[str, Json]:
    """With a bias that is added to what a layer alone makes as a part of that layer."""
    readers = Counter(_maker(read)[0] for node in nodes.values() for read in node.get("input") or [])
    found = dict(nodes)
    for name, node in nodes.items():
        if node.get("op") != "BiasAdd" or len(node.get("input") or []) != 2:
            continue
        layer = nodes.get(_maker(node["input"][0])[0])
        if layer is None or layer.get("op") not in _BIASED or readers[layer["name"]] > 1 or layer["name"] in outputs:
            continue
        attributes = {**(layer.get("attr") or {}), "fused_ops": {"list": {"s": ["BiasAdd"]}}}
        found[name] = {**layer, "name": name, "input": [*layer["input"], node["input"][1]], "attr": attributes}
    return found


def _maker(name: str) -> tuple[str, int]:
    """The node that makes a tensor, and which of its outputs that is: "split:1"."""
    node, _, place = name.partition(":")
    return node, int(place) if place.isdigit() else 0


def _shape_of(node: Json) -> list[int]:
    return attribute(node, "shape") or []


def _is_grey(shape: Sequence[int]) -> bool:
    """Whether it is of grey pictures without an axis of channels: a batch, height and width."""
    return len(shape) == 3 and shape[0] < 2 and min(shape[1:]) > _MOST_CHANNELS


@dataclass
class GraphReading:
    """One graph while it is read.

    Attributes:
        graph: what its file says.
        options: what the person knows.
    """

    graph: Graph
    options: Options
    flow: Flow = field(default_factory=lambda: Flow(Draft()))
    values: dict[str, list[Any]] = field(default_factory=dict)

    def run(self) -> tuple[str, str]:
        """The layer that is the output, and its name in the file."""
        graph, draft = self.graph, self.flow.draft
        picked = self.options.output or graph.outputs[0]
        if _maker(picked)[0] not in graph.nodes:
            raise StudioError(f'it has no output "{picked}"; it has {listed(graph.outputs)}.')
        if len(graph.outputs) > 1 and not self.options.output:
            others = listed(graph.outputs[1:])
            draft.notes.append(
                f'It gives {len(graph.outputs)} outputs; "{picked}" was taken, --output takes another: {others}.'
            )
        needed = self._needed(picked)
        for name, node in graph.nodes.items():  # in the file's order
            if name in needed and node.get("op") in _INPUTS:
                self.values[name] = [self._input(name, needed)]
        for name in needed:
            if name not in self.values:
                self.values[name] = self._made(name)
        self.flow.name = "output"
        return self.flow.map_of(_picture(self.flow, self._read(picked))), picked

    def _needed(self, output: str) -> list[str]:
        """Names of the nodes that the output needs, in running order."""
        order: list[str] = []
        state: dict[str, int] = {}
        stack = [_maker(output)[0]]
        while stack:
            name = stack[-1]
            if name not in self.graph.nodes:
                raise StudioError(f'it reads "{name}", which nothing makes; the file is damaged.')
            if state.get(name) == 2:
                stack.pop()
                continue
            reads = [] if name in self.graph.weights else self._reads(name)
            waiting = [read for read in reads if state.get(read) != 2]
            if not waiting:
                state[name] = 2
                order.append(stack.pop())
            elif state.get(name) == 1:
                raise StudioError(f'its node "{name}" reads what it makes, which is not supported.')
            else:
                state[name] = 1
                stack += dict.fromkeys(waiting)
        return order

    def _reads(self, name: str) -> list[str]:
        return [_maker(read)[0] for read in self.graph.nodes[name].get("input") or [] if not read.startswith("^")]

    def _read(self, name: str) -> Value:
        node, place = _maker(name)
        made = self.values[node]
        if place >= len(made):
            raise StudioError(f'"{name}" is a result that is not supported.')
        found: Value = made[place]
        return found

    def _made(self, name: str) -> list[Any]:
        node = self.graph.nodes[name]
        if name in self.graph.weights:
            return [constant(self.graph.weights[name], name)]
        self.flow.name = _layer_name(name)
        where = f'Layer "{self.flow.name}" ({node.get("op")})'
        try:
            inputs = [self._read(read) for read in node.get("input") or [] if not read.startswith("^")]
            if node.get("op") == "Const":
                raise StudioError("its numbers are missing from the weights.")
            made = node_made(self.flow, node, inputs)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise StudioError(f"{where}: its settings do not fit it ({error!r}).") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith("Layer ") else f"{where}: {text}") from error
        return made if isinstance(made, list) else [made]

    def _input(self, name: str, needed: Sequence[str]) -> Value:
        node, draft = self.graph.nodes[name], self.flow.draft
        shape = [side if side > 0 else 0 for side in _shape_of(node)]
        if len(shape) == 2 and shape[1]:
            return shown(draft.add_input(name, Shape(shape[1], 1, 1), (-3.0, 3.0)), (1, shape[1]))
        if len(shape) not in (0, 3, 4):
            raise StudioError(f'its input "{name}" has {len(shape)} dimensions; a picture has height, width, channels.')
        if _is_grey(shape):
            made = draft.add_input(name, Shape(1, *shape[1:]), (0.0, 1.0))
            return reshaped(shown(made, (1, 1, *shape[1:])), (1, *shape[1:]))
        height, width, channels = shape[-3:] or (0, 0, 0)
        if (height, width) == (1, 1):
            made = draft.add_input(name, Shape(channels, 1, 1), (-3.0, 3.0))
            return reshaped(last(draft, shown(made, (1, channels, 1, 1))), (1,) * (len(shape) - 1) + (channels,))
        height, width = self.options.input_size or (height or _SIDE, width or _SIDE)
        whole = attribute(node, "dtype") in ("DT_UINT8", "DT_INT32")
        divides = not whole and self._reads_bytes(name, needed)
        if whole or divides:
            said = "Its input is of whole numbers" if whole else "Its first layer divides by 255 or so"
            draft.notes.append(f"{said}, so black was taken to be 0 and white 255.")
        values = (0.0, 255.0) if whole or divides else (0.0, 1.0)
        made = draft.add_input(name, Shape(channels or 3, int(height), int(width)), values)
        value = last(draft, shown(made, (1, channels or 3, int(height), int(width))))
        return reshaped(value, value.shape[1:]) if len(shape) == 3 else value

    def _reads_bytes(self, name: str, needed: Sequence[str]) -> bool:
        """Whether what reads an input first divides it by 255, or by the half of it."""
        for reader in needed:
            node = self.graph.nodes[reader]
            if name in self._reads(reader):
                if node.get("op") in ("Identity", "Cast"):
                    return self._reads_bytes(reader, needed)
                if node.get("op") in ("Mul", "RealDiv", "Div"):
                    held = (self.graph.weights.get(read) for read in self._reads(reader))
                    numbers = [float(h.flat[0]) for h in held if h is not None and h.size == 1]
                    by = [1 / n if node["op"] == "Mul" and n else n for n in numbers]
                    return any(np.isclose(n, byte, rtol=0.01) for n in by for byte in _BYTES)
        return False


def _picture(f: Flow, value: Value) -> Value:
    """What comes out, with its channels first."""
    if _is_grey(value.shape):
        return reshaped(value, (1, *value.shape))
    if len(value.shape) == 3:
        value = reshaped(value, (1, *value.shape))
    return first(f.draft, value) if len(value.shape) == 4 else value


def _layer_name(name: str) -> str:
    """After the scope where the last part is that of an operation: ".../conv2d_3/Conv2D"."""
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and _OPERATORS.fullmatch(parts[-1].rstrip("_0123456789") or parts[-1]):
        return parts[-2]
    return parts[-1] if parts else "layer"
