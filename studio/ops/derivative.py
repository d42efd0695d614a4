"""The backward graph of a network: every operator's own rule, walked from the loss to what learns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from studio.errors import StudioError
from studio.model.networks.node import Node
from studio.model.networks.op import Backward, Op
from studio.model.networks.shape import Shape
from studio.ops.arithmetic import Add

_AT_ONCE = 8
"""Maps that one layer adds up."""


@dataclass(frozen=True)
class Derivative:
    """What must run behind a network so that its gradients are there.

    Attributes:
        nodes: the layers to add, in running order.
        maps: by the name of an input or layer, the layer that holds the gradient of its map.
        tensors: by the full name of a tensor, the layer that holds its gradient, shaped by
            `studio.model.networks.layout.tensor_map`.
    """

    nodes: tuple[Node, ...]
    maps: Mapping[str, str]
    tensors: Mapping[str, str]


def derive(
    nodes: Sequence[Node],
    shapes: Mapping[str, Shape],
    of: Mapping[str, str],
    wanted: Collection[str],
    mark: str = "g",
) -> Derivative:
    """The gradients of what is wanted, and of every map on the way there.

    Two paths that meet are added up; what leads to nothing that is wanted is left out. What does not depend on anything
    wanted has no gradient, nor has what nothing depends on that ``of`` names: neither is in the result.

    Args:
        nodes: the layers, in running order.
        shapes: of every input and layer.
        of: layers whose gradients are given, and what holds each: a loss, and ones of its shape.
        wanted: inputs, layers, and full names of tensors.
        mark: what stands behind the tilde of the names of new layers, before their numbers.

    Raises:
        StudioError: by the layer's and the operator's name, where a rule is missing or there is no derivative.
    """
    walk = _Walk(nodes, dict(shapes), frozenset(wanted), mark)
    for name, held in of.items():
        walk.give(name, held)
    for node in reversed(nodes):
        walk.pass_through(node)
    return walk.found()


class _Behind(Backward):
    """One layer, seen from behind.

    Args:
        node: the layer.
        grad: the layer that holds the gradient of its output.
        shapes: of every map; those of what is added are put in.
        mark: what stands behind the tilde of the names of what is added.

    Attributes:
        nodes: what has been added, in running order.
    """

    def __init__(self, node: Node, grad: str, shapes: dict[str, Shape], mark: str) -> None:
        self._node = node
        self._shapes = shapes
        self._mark = mark
        self.inputs = node.inputs
        self.tensors = node.op.tensor_shapes().keys()
        self.output = node.name
        self.grad = grad
        self.shapes = shapes
        self.nodes: list[Node] = []

    def add(self, op: Op, *reads: str) -> str:
        """See `Backward.add`."""
        own = self._node.tensor_names
        borrowed = tuple((key, own[key]) for key in op.tensor_shapes())
        # Behind the tilde stands what is no layer of the network's own; before it, the layer that it belongs to.
        made = Node(f"{self.output}~{self._mark}{len(self.nodes)}", op, reads, borrowed=borrowed)
        self.nodes.append(made)
        self._shapes[made.name] = op.output_shape(*(self._shapes[name] for name in reads))
        return made.name

    def require_input(self, k: int, found: str) -> str:
        """The gradient of the k-th input, which must have its shape; a rule that makes another is a defect."""
        if self.shapes[found] != self.shape(k):
            raise StudioError(
                f'The gradient of "{self.output}" ({type(self._node.op).__name__}) by its input {k} has the shape '
                f"{self.shapes[found]}, not {self.shape(k)}; this is a defect of the operator's rule."
            )
        return found


class _Walk:
    def __init__(self, nodes: Sequence[Node], shapes: dict[str, Shape], wanted: frozenset[str], mark: str) -> None:
        self._mark = mark
        self._shapes = shapes
        self._wanted = wanted
        self._made: list[Node] = []
        self._given: dict[str, list[str]] = {}
        self._totals: dict[str, str] = {}
        self._sums = 0  # of tensors
        self._maps = set(wanted)
        for node in nodes:
            if self._maps.intersection((*node.inputs, *node.tensor_names.values())):
                self._maps.add(node.name)

    def give(self, name: str, held: str) -> None:
        """Count a gradient of a map or tensor, unless nobody wants it."""
        if name not in self._maps:
            return
        given = self._given.setdefault(name, [])
        given.append(held)
        if len(given) > 1 and name not in self._shapes:
            # Of a tensor that many layers use each is added at once: none need be kept until all are there.
            self._given[name] = [self._add(f"{name}~{self._mark}sum{self._sums}", given)]
            self._sums += 1

    def total(self, name: str) -> str | None:
        """What holds all of a gradient; made when it is first asked for."""
        given = self._given.get(name)
        if given is None:
            return None
        if name not in self._totals:
            self._totals[name] = self._sum(name, given)
        return self._totals[name]

    def _sum(self, name: str, given: Sequence[str]) -> str:
        """What holds the sum of these, a few at a time: no shader reads as many maps as a layer may have readers."""
        sums = [given[k : k + _AT_ONCE] for k in range(0, len(given), _AT_ONCE)]
        held = []
        for few in sums:
            if len(few) == 1:
                held.append(few[0])
                continue
            number = f"{len(held)}" if len(sums) > 1 else ""
            held.append(self._add(f"{name}~{self._mark}sum{number}", few))
        return held[0] if len(held) == 1 else self._sum(f"{name}~{self._mark}sums", held)

    def _add(self, name: str, few: Sequence[str]) -> str:
        self._made.append(Node(name, Add(), tuple(few)))
        self._shapes[name] = self._shapes[few[0]]
        return name

    def pass_through(self, node: Node) -> None:
        """Give what a layer reads its share of the layer's own gradient."""
        if not self._maps.intersection((*node.inputs, *node.tensor_names.values())):
            return
        grad = self.total(node.name)
        if grad is None:
            return
        at = _Behind(node, grad, self._shapes, self._mark)
        kind = type(node.op).__name__
        try:
            gradients = node.op.gradient(at)
        except StudioError as error:
            raise StudioError(f'Layer "{node.name}" ({kind}): {error}') from None
        if gradients is None:
            raise StudioError(f'Layer "{node.name}" ({kind}) has no derivative, so that nothing before it learns.')
        self._made += at.nodes
        for of, held in gradients.items():
            if isinstance(of, int):
                self.give(node.inputs[of], at.require_input(of, held))
            else:
                self.give(node.tensor_names[of], held)

    def found(self) -> Derivative:
        """The layers that lead to what was wanted, of those that rules made."""
        ends = {name: held for name in self._wanted if (held := self.total(name)) is not None}
        needed, kept = set(ends.values()), []
        for node in reversed(self._made):
            if node.name in needed:
                kept.append(node)
                needed.update(node.inputs)
        maps = {name: held for name, held in self._totals.items() if held in needed and name in self._shapes}
        tensors = {name: held for name, held in ends.items() if name not in self._shapes}
        return Derivative(tuple(reversed(kept)), maps, tensors)
