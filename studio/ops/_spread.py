"""Single values that a backward graph spreads over maps, left single where what reads them spreads them itself.

The gradient of a mean over a map is one value at every place, which is multiplied by something else at once::

    seed ── Affine ── PassThrough ── Affine ── PassThrough ──┐           seed ── Affine ── Affine ──┐
                                         difference ──────── Mul   is              difference ──── Mul

What is left depends on the seed alone, and can be made before anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Shape
from studio.ops._backward.slope import Slope
from studio.ops._pass_through import PassThrough
from studio.ops.functions import Affine

_ONE = Shape(1, 1, 1)


def spread_late(
    nodes: Sequence[Node], shapes: Mapping[str, Shape], seeds: Collection[str], ends: Collection[str]
) -> tuple[list[Node], list[Node]]:
    """The same backward graph with single values left single.

    Args:
        nodes: of the backward graph.
        shapes: of every map.
        seeds: maps of one value that it begins with.
        ends: what must be there, as it was.

    Returns:
        What depends on seeds alone, some under names of its own; and the rest, without what is not needed any more.
    """
    single = {name: name for name in seeds}
    alone: list[Node] = []
    rest: list[Node] = []
    for node in nodes:
        held = single.get(node.inputs[0])
        if held is not None and isinstance(node.op, Affine):
            is_one = shapes[node.name] == _ONE
            alone.append(Node(node.name if is_one else f"{node.name}~one", node.op, (held,)))
            single[node.name] = alone[-1].name
            if is_one:
                continue
        elif held is not None and isinstance(node.op, PassThrough):
            single[node.name] = held
        elif _spreads(node.op) and any(
            name not in single and shapes[name] == shapes[node.name] for name in node.inputs
        ):
            reads = tuple(single.get(name, name) for name in node.inputs)
            node = Node(node.name, node.op, reads, node.tensors_of, node.borrowed)
        rest.append(node)
    needed, kept = set(ends), []
    for node in reversed([*alone, *rest]):
        if node.name in needed:
            kept.append(node)
            needed.update(node.inputs)
    kept.reverse()
    return [node for node in kept if node in alone], [node for node in kept if node not in alone]


def _spreads(op: Op) -> bool:
    """Whether an operator spreads single values itself; a slope's shader reads a gradient of the map's own shape."""
    return op.together and not isinstance(op, Slope)
