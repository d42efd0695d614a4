"""An objective's layers for several pictures side by side, where a batch norm goes by the moments of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from studio.learn.objective import Objective
from studio.model.networks.inputs import Input
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape
from studio.ops._together import MOST, PooledBatchNorm2d, PooledMoments
from studio.ops._training import BatchMoments, LearningBatchNorm2d


@dataclass
class Together:
    """The layers, in running order.

    Attributes:
        inputs: those of every picture.
        nodes: the layers of every picture, and what pools their moments.
        shapes: of every input and layer.
        names: of each picture, what its inputs and layers are called here, by their own names. Those of the last
            picture have their own, and all tensors are theirs.
    """

    inputs: list[Input]
    nodes: list[Node]
    shapes: dict[str, Shape]
    names: list[dict[str, str]]


def together(objective: Objective) -> Together:
    """As many pictures as the objective takes at once; with one nothing is another than there."""
    graph, count = objective.network.graph, objective.pictures
    known = [*(put.name for put in graph.inputs), *(node.name for node in graph.nodes)]
    names = [{name: named(name, k, count) for name in known} for k in range(count)]
    inputs = [replace(put, name=own[put.name]) for own in names for put in graph.inputs]
    shapes = {own[name]: shape for own in names for name, shape in objective.shapes.items() if name in own}
    nodes: list[Node] = []
    for node in graph.nodes:
        if count > 1 and isinstance(node.op, BatchMoments):
            parts = [Node(f"{node.name}~p{k}", node.op, _reads(node, own)) for k, own in enumerate(names)]
            pooled = _pooled(node.name, [(part.name, 1) for part in parts])
            nodes += [*parts, *pooled]
            shapes |= dict.fromkeys((each.name for each in (*parts, *pooled)), objective.shapes[node.name])
            for own in names:
                own[node.name] = node.name
        else:
            nodes += [_of(node, own, count) for own in names]
    return Together(inputs, nodes, shapes, names)


def named(name: str, picture: int, count: int) -> str:
    """What an input or layer of one of so many pictures is called here."""
    return name if picture == count - 1 else f"{name}~p{picture}"


def _reads(node: Node, own: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(own[name] for name in node.inputs)


def _of(node: Node, own: Mapping[str, str], count: int) -> Node:
    """The layer of one picture."""
    op = node.op
    if count > 1 and isinstance(op, LearningBatchNorm2d):
        op = PooledBatchNorm2d.model_validate(op.model_dump())
    name = own[node.name]
    owner = node.tensors_of if name == node.name else node.owner if op.tensor_shapes() else None
    return replace(node, name=name, op=op, inputs=_reads(node, own), tensors_of=owner)


def _pooled(name: str, parts: Sequence[tuple[str, int]], level: int = 0) -> list[Node]:
    """What pools moments, each with how many pictures it is of, under this name in the end; few at a time."""
    groups = [parts[k : k + MOST] for k in range(0, len(parts), MOST)]
    if len(groups) == 1:
        return [_pool(name, parts)]
    made: list[Node] = []
    held: list[tuple[str, int]] = []
    for number, group in enumerate(groups):
        if len(group) == 1:
            held.append(group[0])
            continue
        made.append(_pool(f"{name}~pool{level}.{number}", group))
        held.append((made[-1].name, sum(count for _, count in group)))
    return [*made, *_pooled(name, held, level + 1)]


def _pool(name: str, parts: Sequence[tuple[str, int]]) -> Node:
    names, counts = zip(*parts, strict=True)
    return Node(name, PooledMoments(counts=counts), names)
