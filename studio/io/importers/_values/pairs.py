"""A layer of one model as it was traced at two sizes, and what a rule that reads it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from studio.io.importers._draft import Draft, Weight
from studio.model.declared.size import Size
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Shape
from studio.ops import operator


@dataclass
class Pair:
    """One layer in both drafts, and what may be put in its place.

    Attributes:
        one: the draft that is kept.
        two: the same model at another size.
        ops: the layer's operator in each.
        node: the layer.
        before: names of all inputs and layers before it, the nearest last.
        tensors: the tensors of the layer that is put in its place, where they are not its own.
        others: tensors of layers that are put before it, by their full names.
    """

    one: Draft
    two: Draft
    node: Node
    other: Op
    before: list[str]
    tensors: dict[str, Weight] = field(default_factory=dict)
    others: dict[str, Weight] = field(default_factory=dict)

    def sizes(self, name: str) -> tuple[Size, Size]:
        """That of a map, in both."""
        return self.one.shapes[name].size, self.two.shapes[name].size

    def read(self) -> tuple[Shape, Shape]:
        """Shape of what the layer reads, in both."""
        name = self.node.inputs[0]
        return self.one.shapes[name], self.two.shapes[name]

    def made(self) -> tuple[Shape, Shape]:
        """Shape of what it makes, in both."""
        return self.one.shapes[self.node.name], self.two.shapes[self.node.name]

    def like(self, *sizes: Size) -> str | None:
        """The nearest map that has these sizes in both; the picture itself before all others."""
        inputs = [i.name for i in self.one.inputs]
        return next((n for n in [*inputs, *reversed(self.before)] if self.sizes(n) == sizes), None)


Rule = Callable[[Pair], "list[Node] | None"]
"""The layers that mean the same at every size, of which the last takes the layer's name; None where there are none."""


def named(pair: Pair, op: str, *reads: str, name: str = "", **params: object) -> Node:
    """A layer in its place, by the operator's name; under its own name where none is given."""
    return Node(name or pair.node.name, operator(op).model_validate(params), reads)
