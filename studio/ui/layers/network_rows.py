"""A network as rows: its inputs and layers in running order, with all that does not change while it runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.node import Node
from studio.model.networks.op import Elementwise, Op
from studio.ui.kit import theme
from studio.ui.layers.network_text import operator_details, operator_text

Kind = Literal["input", "filters", "norm", "activation", "join", "shape"]

KINDS: dict[Kind, tuple[str, str]] = {
    "input": ("Input", theme.FAINT),
    "filters": ("Filters", theme.NEGATIVE),
    "norm": ("Norm", "#45C4B0"),
    "activation": ("Activation", "#A6CC5E"),
    "join": ("Join", "#B48CF2"),
    "shape": ("Size and shape", "#E57AA8"),
}
"""What each kind is called, and its colour."""


@dataclass(frozen=True)
class Row:
    """An input or a layer.

    Attributes:
        name: the layer's or input's.
        kind: what sort of operator it is.
        text: the operator and its telling parameters.
        details: the rest, a line each.
        tensor: its first tensor, by full name; None where it has none.
        parameters: how many numbers its tensors hold; those of shared tensors are counted with their owner alone.
    """

    name: str
    kind: Kind
    text: str
    details: tuple[str, ...]
    tensor: str | None
    parameters: int

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer, and can be bypassed."""
        return self.kind != "input"


def rows_of(graph: Graph) -> tuple[Row, ...]:
    """The inputs, then the layers, in running order."""
    return (*(_input(i) for i in graph.inputs), *(_layer(node) for node in graph.nodes))


def _input(given: Input) -> Row:
    low, high = given.range
    channels = {1: "grey", 3: "RGB"}.get(given.channels, f"{given.channels} channels")
    return Row(given.name, "input", f"Input, {channels}, {low:g} … {high:g}", (), None, 0)


def _layer(node: Node) -> Row:
    shapes = node.op.tensor_shapes()
    details = [f"reads {', '.join(node.inputs)}", *operator_details(node.op)]
    if node.tensors_of:
        details.append(f"uses the tensors of {node.tensors_of}")
    details += [f"{key} {'×'.join(map(str, shape))}" for key, shape in shapes.items()]
    tensor = next((f"{node.owner}.{key}" for key in shapes), None)
    parameters = 0 if node.tensors_of else sum(math.prod(shape) for shape in shapes.values())
    return Row(node.name, kind_of(node.op), operator_text(node.op), tuple(details), tensor, parameters)


def kind_of(op: Op) -> Kind:
    """What sort of operator it is, told from what it declares, so that a new one needs no entry here."""
    shapes = op.tensor_shapes()
    if op.arity != 1:
        return "join"
    if any(len(shape) > 1 for shape in shapes.values()):
        return "filters"
    if "Norm" in type(op).__name__:
        return "norm"
    if isinstance(op, Elementwise):
        return "activation"
    return "shape"
