"""What a size froze, read as what it means: the same model, traced at two sizes, tells which of its numbers follow it.

Two drafts of one model have the same layers. A parameter that differs between them was worked out from the size: a map
that is resized to another's size, a window as large as the map, a division by the number of pixels, coordinates, axes
that are taken apart. Each such layer becomes the operator that follows the size by itself; where there is none, the
model is one of the size that it was traced for.
"""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._sizes.rules import RULES
from studio.io.importers._values.pairs import Pair
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape


def agreed(one: Draft, two: Draft) -> tuple[Draft, str]:
    """A draft that goes with every size.

    Returns:
        The draft, and the name of the first layer that goes with its own size alone; empty where there is none.
    """
    if [_kept(node) for node in one.nodes] != [_kept(node) for node in two.nodes]:
        differing = [a.name for a, b in zip(one.nodes, two.nodes, strict=False) if _kept(a) != _kept(b)]
        longer = max(one.nodes, two.nodes, key=len)
        return one, next(iter(differing), longer[-1].name)
    nodes: list[Node] = []
    before = [i.name for i in one.inputs]
    shapes, weights = dict(one.shapes), dict(one.weights)
    for node, twin in zip(one.nodes, two.nodes, strict=True):
        same_kind = type(node.op) is type(twin.op)
        if node.op == twin.op and _same_tensors(node, one, two):
            nodes.append(node)
        else:
            pair = Pair(one, two, node, twin.op, before)
            rule = RULES.get(type(node.op).__name__)
            found = rule(pair) if rule and (same_kind or rule is RULES.get(type(twin.op).__name__)) else None
            if found is None:
                return one, node.name
            for made in found:
                nodes.append(made)
                shapes.setdefault(made.name, Shape(1, 1, 1))
            weights |= pair.others
            weights |= {f"{node.name}.{key}": weight for key, weight in pair.tensors.items()}
        before.append(node.name)
    merged = Draft(one.inputs, nodes, weights, shapes, one.notes, two.draws, one.others)
    for draft in (one, two):
        if (wrong := _first_wrong(merged, draft)) is not None:
            return one, wrong
    return merged, ""


def same_layers(one: Draft, two: Draft) -> bool:
    """Whether two drafts are the same network."""
    same = len(one.nodes) == len(two.nodes) and all(map(_are_the_same, one.nodes, two.nodes))
    return same and all(_same_tensors(node, one, two) for node in one.nodes)


def _are_the_same(node: Node, other: Node) -> bool:
    return _kept(node) == _kept(other) and node.op == other.op


def at_sizes_of(draft: Draft, other: Draft) -> Draft | None:
    """The draft with the shapes that it has for the inputs of another one; None where it does not take them."""
    shapes = {i.name: other.shapes[i.name] for i in draft.inputs}
    for node in draft.nodes:
        try:
            shapes[node.name] = node.op.output_shape(*(shapes[name] for name in node.inputs))
        except StudioError:
            return None
    return Draft(draft.inputs, draft.nodes, draft.weights, shapes, draft.notes, draft.draws, draft.others)


def _kept(node: Node) -> tuple[str, tuple[str, ...], str | None]:
    return node.name, node.inputs, node.tensors_of


def _same_tensors(node: Node, one: Draft, two: Draft) -> bool:
    for key in node.op.tensor_shapes():
        a, b = (draft.weights.get(f"{node.name}.{key}") for draft in (one, two))
        if a is not None and b is not None and a.values is not b.values and not np.array_equal(a.values, b.values):
            return False
    return True


def _first_wrong(merged: Draft, traced: Draft) -> str | None:
    """The first layer whose shape is not the one that it had in a trace."""
    shapes = {i.name: traced.shapes[i.name] for i in merged.inputs}
    for node in merged.nodes:
        try:
            shapes[node.name] = node.op.output_shape(*(shapes[name] for name in node.inputs))
        except StudioError:
            return node.name
        fits = node.name not in traced.shapes or traced.shapes[node.name] == shapes[node.name]
        # What is spread over a map may have its size already.
        if not fits and type(node.op).__name__ != "Coordinates":
            return node.name
    return None
