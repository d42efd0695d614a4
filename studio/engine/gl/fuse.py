"""Which layers one pass makes together: a layer, and what follows from each of its texels alone.

A norm or an activation is made where its input is made, and a producer writes its tiles straight into a concatenated
map; every map is still written, so that every layer can be looked at::

    down3 ─ norm ─┬─ act                 one pass with five outputs: down3, norm, act,
                  └─ concat ─ act        and its own tiles of concat and of the act behind it
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from studio.model.graph import Node
from studio.model.layout import tile_count
from studio.model.op import Shape

# Images that any GL 4.3 driver lets a compute shader write to.
MOST_OUTPUTS = 8


@dataclass(frozen=True)
class Follower:
    """A layer made by the pass of another.

    Attributes:
        node: the layer.
        parent: what it follows: 0 is the group's head, 1 its first follower, and so on.
        tile: where in its map the parent's first tile lies; past 0 in a concatenated map only.
        is_copy: whether it is a concatenation, which takes its parent's texels as they are.
    """

    node: Node
    parent: int
    tile: int
    is_copy: bool


@dataclass
class Group:
    """A layer that has a pass of its own, and what follows it."""

    head: Node
    followers: list[Follower] = field(default_factory=list)


def grouped(
    nodes: Sequence[Node], shapes: Mapping[str, Shape], most: int = MOST_OUTPUTS, whole: Collection[str] = ()
) -> list[Group]:
    """Share these layers, given in running order, among passes of at most so many outputs each.

    A concatenated map whose inputs are not all run again keeps the tiles of those that are not, unless it is among
    those that must be made whole.
    """
    running = {node.name for node in nodes}
    groups: list[Group] = []
    # Where each layer is made: a group, its number there, and the tile of the layer's map where that part begins.
    made: dict[str, list[tuple[Group, int]]] = {}
    for node in nodes:
        parents = _parents(node, shapes, running, made, node.name in whole)
        wanted: dict[int, int] = {}
        for group, _, _ in parents:
            wanted[id(group)] = wanted.get(id(group), 0) + 1
        if not parents or any(1 + len(g.followers) + wanted[id(g)] > most for g, _, _ in parents):
            groups.append(Group(node))
            made[node.name] = [(groups[-1], 0)]
            continue
        made[node.name] = []
        for group, parent, tile in parents:
            group.followers.append(Follower(node, parent, tile, not node.op.pointwise))
            made[node.name].append((group, len(group.followers)))
    return groups


def _parents(
    node: Node,
    shapes: Mapping[str, Shape],
    running: set[str],
    made: Mapping[str, list[tuple[Group, int]]],
    is_whole: bool,
) -> list[tuple[Group, int, int]]:
    """Where a layer can be made besides: each group, the number of what it follows there, and its first tile."""
    if node.op.pointwise:
        return [(group, number, 0) for group, number in made.get(node.inputs[0], [])]
    if not node.op.joins:
        return []
    parents, channels = [], 0
    for name in node.inputs:
        # A tile that two inputs share cannot be written by either alone; a network's input is written by nobody.
        if channels % 4 or (name not in made and (is_whole or name in running)):
            return []
        parents += [(group, number, tile_count(channels)) for group, number in made.get(name, [])]
        channels += shapes[name].channels
    return parents
