"""An ONNX graph while it is being written: operators are added one by one under names of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET = 18

O_ = TypeVar("O_", bound=Op)


@dataclass
class OnnxGraph:
    """Operators and constants so far.

    Attributes:
        shapes: shape of every input and layer at the size of the export.
        values: the weights, by full name.
        fixed: whether an operator was written for that size alone.
    """

    shapes: Mapping[str, Shape]
    values: Mapping[str, Array]
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    fixed: bool = False
    _taken: set[str] = field(default_factory=set)

    def add(self, op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add an operator; the name of what it makes, this one where it is free."""
        from onnx import helper

        output = self._free(name)
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def add_two(self, op: str, inputs: list[str], name: str, **attributes: Any) -> tuple[str, str]:
        """Add an operator that makes two things; their names."""
        from onnx import helper

        outputs = [self._free(name), self._free(f"{name}.second")]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=outputs[0], **attributes))
        return outputs[0], outputs[1]

    def constant(self, values: NDArray[Any], name: str) -> str:
        """Add a constant; its name."""
        from onnx import numpy_helper

        found = self._free(name)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), found))
        return found

    def integers(self, values: list[int], name: str) -> str:
        """Add whole numbers; their name."""
        return self.constant(np.array(values, np.int64), name)

    def number(self, value: float, name: str) -> str:
        """Add one number; its name."""
        return self.constant(np.array(value, np.float32), name)

    def reserve(self, names: list[str]) -> None:
        """Keep names of layers, inputs and weights from being given to steps within a layer."""
        self._taken.update(names)

    def named(self, values: Array, name: str) -> str:
        """Add a constant under a name that was reserved."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def rename(self, made: str, wanted: str) -> None:
        """Have what the last operator makes go by the name that was reserved for it."""
        last = self.nodes[-1]
        assert last.output[0] == made
        last.output[0] = last.name = wanted

    def _free(self, name: str) -> str:
        found, count = name, 1
        while found in self._taken:
            found, count = f"{name}_{count}", count + 1
        self._taken.add(found)
        return found


@dataclass(frozen=True)
class Layer:
    """One layer that is being written, and the graph that it goes into.

    Attributes:
        graph: what operators are added to.
        node: the layer.
        reads: names of its inputs in the graph.
    """

    graph: OnnxGraph
    node: Node
    reads: tuple[str, ...]

    @property
    def x(self) -> str:
        """Its first input."""
        return self.reads[0]

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator."""
        return self.graph.add(op, list(inputs), f"{self.node.name}.{op.lower()}", **attributes)

    def tensor(self, key: str) -> str:
        """One of the layer's weights."""
        return f"{self.node.owner}.{key}"

    def values(self, key: str) -> Array:
        """Numbers of one of the layer's weights."""
        return self.graph.values[self.tensor(key)]

    def has(self, key: str) -> bool:
        """Whether the layer has such a weight."""
        return self.tensor(key) in self.graph.values

    def number(self, value: float) -> str:
        """A number."""
        return self.graph.number(value, f"{self.node.name}.number")

    def integers(self, *values: int) -> str:
        """Whole numbers."""
        return self.graph.integers(list(values), f"{self.node.name}.integers")

    def constant(self, values: NDArray[Any]) -> str:
        """An array."""
        return self.graph.constant(values, f"{self.node.name}.constant")

    def shape(self) -> Shape:
        """Shape of the first input; from then on the graph fits this one size of picture."""
        self.graph.fixed = True
        return self.graph.shapes[self.node.inputs[0]]

    def output_shape(self) -> Shape:
        """Shape of what it makes; from then on the graph fits this one size of picture."""
        self.graph.fixed = True
        return self.graph.shapes[self.node.name]


Writer = Callable[[Layer, Any], str]
"""Writes a layer of one operator; the name of what it makes, which the operator added last makes."""


def writer_of(table: dict[str, Writer], *operators: type[Op]) -> Callable[[Writer], Writer]:
    """Enter a function into a table as what writes these operators."""

    def enter(write: Writer) -> Writer:
        table.update({operator.__name__: write for operator in operators})
        return write

    return enter
