"""Which layers one pass makes together: a layer, and what follows from each of its texels alone.

A norm or an activation is made where its input is made, and a producer writes its tiles straight into a concatenated
map; every map can be looked at (`studio.engine.gl.engines.unread`)::

    down3 ─ norm ─┬─ act                 one pass with five outputs: down3, norm, act,
                  └─ concat ─ act        and its own tiles of concat and of the act behind it

What needs several maps at one place is made with the last of them, and what cuts a part out of a map with that map::

    act ──────────────┐
    down4~g0 ─ slope ─┴─┬─ cut ─ ...     one pass: down4~g0, the slope, both cuts of it
                        └─ cut

What needs sums over a map besides the map itself is made by the workgroups that add them up, where the map is small::

    down3 ─┬─ moments ─┐
           └───────────┴─ norm ─ act    one pass: the moments and, through the map once more, the norm and the act
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from studio.model.bends.staged import Staged
from studio.model.networks.layout import tile_count
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape

# Images that any GL 4.3 driver lets a compute shader write to.
MOST_OUTPUTS = 8

_MOST_BEHIND = 4096
"""Pixels of a map that a workgroup looks over for its four channels: of larger ones there are too few workgroups."""


@dataclass(frozen=True)
class Follower:
    """A layer made by the pass of another.

    Attributes:
        node: the layer.
        parent: what it follows: 0 is the group's head, 1 its first follower, and so on.
        tile: where in its map the parent's first tile lies; past 0 in a concatenated map, less than 0 in a part.
        is_copy: whether it takes its parent's texels as they are: a concatenation, or a part.
        place: row and column of the parent's map where a part begins.
        is_part: whether it takes a part of its parent's map alone.
        reads: of what needs several maps, each: what makes it here, numbered as parents are, or the name of a map that
            was made before.
        is_behind: whether it needs all of its parent, the sums over a map that the head adds up.
        is_sum: whether it is the sum of what is made so, which the same workgroup adds up; nothing follows it.
    """

    node: Node
    parent: int
    tile: int
    is_copy: bool
    place: tuple[int, int] = (0, 0)
    is_part: bool = False
    reads: tuple[int | str, ...] = ()
    is_behind: bool = False
    is_sum: bool = False


@dataclass
class Group:
    """A layer that has a pass of its own, and what follows it.

    Attributes:
        head: the layer.
        followers: in order.
        unread: the maps of these that are not written for the time being.
    """

    head: Node
    followers: list[Follower] = field(default_factory=list)
    unread: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Its maps, in the order in which its pass makes them."""
        return (self.head.name, *(follower.node.name for follower in self.followers))


Made = dict[str, list[tuple[Group, int]]]
"""Where each layer is made: a group, and its number there; of a joined map, every part; none if nothing may follow."""


def grouped(
    nodes: Sequence[Node],
    shapes: Mapping[str, Shape],
    most: int = MOST_OUTPUTS,
    whole: Collection[str] = (),
    *,
    sums_at_once: bool = False,
    bends: bool = True,
) -> list[Group]:
    """Share these layers, given in running order, among passes of at most so many outputs each.

    A concatenated map whose inputs are not all run again keeps the tiles of those that are not, and so does what is
    made texel by texel of it, unless it is among those that must be made whole. Only where sums are made at once
    (`Op.at_once`) can something be made behind them. Where ``bends`` is False, stages have passes of their own.
    """
    running = {node.name for node in nodes}
    parts = made_in_part(nodes, whole)
    groups: list[Group] = []
    made: Made = {}
    for node in nodes:
        followers = _followers(node, shapes, running, made, groups, node.name in whole)
        if (node.name in whole or node.op.together) and not parts.isdisjoint(node.inputs):
            # Where the tiles of what it reads are kept, its own are to be made as well.
            followers = []
        if isinstance(node.op, Staged) and not bends:
            followers = []
        if sums_at_once and node.op.behind is not None:
            followers = _behind(node, shapes, made)
        if node.op.adds_up:
            followers = _summed(node, made)
        wanted: dict[int, int] = {}
        for group, _ in followers:
            wanted[id(group)] = wanted.get(id(group), 0) + 1
        if not followers or any(1 + len(g.followers) + wanted[id(g)] > most for g, _ in followers):
            groups.append(Group(node))
            made[node.name] = [(groups[-1], 0)]
            continue
        made[node.name] = []
        for group, follower in followers:
            group.followers.append(follower)
            if not follower.is_sum:
                made[node.name].append((group, len(group.followers)))
    return groups


def made_in_part(nodes: Sequence[Node], whole: Collection[str] = ()) -> set[str]:
    """Of these layers those whose maps keep some tiles, given in running order, unless they must be made whole.

    A concatenated map keeps those of inputs that are not run again, and a map that is made texel by texel of it too.
    """
    running = {node.name for node in nodes}
    found: set[str] = set()
    for node in nodes:
        follows = node.op.is_pointwise or node.op.joins or node.op.cut() is not None
        keeps = not found.isdisjoint(node.inputs) or (node.op.joins and not running.issuperset(node.inputs))
        if follows and keeps and node.name not in whole:
            found.add(node.name)
    return found


def _followers(
    node: Node,
    shapes: Mapping[str, Shape],
    running: set[str],
    made: Made,
    groups: Sequence[Group],
    is_whole: bool,
) -> list[tuple[Group, Follower]]:
    """Where a layer can be made besides: each group, and what follows there."""
    if node.op.is_pointwise:
        return [(group, Follower(node, number, 0, False)) for group, number in made.get(node.inputs[0], [])]
    if node.op.joins:
        return _joining(node, shapes, running, made, is_whole)
    if node.op.together:
        return _together(node, shapes, made, groups)
    cut = node.op.cut()
    if cut is None or cut[0] % 4:
        return []
    origins = made.get(node.inputs[0], [])
    # Of a joined map no pass makes all that a part may take.
    return [
        (group, Follower(node, number, -(cut[0] // 4), True, cut[1:], is_part=True))
        for group, number in origins
        if len(origins) == 1
    ]


def _behind(node: Node, shapes: Mapping[str, Shape], made: Made) -> list[tuple[Group, Follower]]:
    """Behind the sums that it needs, where those are the head of a group that reads all else that it does."""
    assert node.op.behind is not None
    sums = node.inputs[node.op.behind]
    _, height, width = shapes[node.name]
    origins = made.get(sums, [])
    if len(origins) != 1 or height * width > _MOST_BEHIND:
        return []
    ((group, number),) = origins
    others = [name for name in node.inputs if name != sums]
    if number or shapes[group.head.inputs[0]] != shapes[node.name] or not {*others} <= {*group.head.inputs}:
        return []
    if group.head.op.at_once(*(shapes[name] for name in group.head.inputs)) is None:
        return []
    reads = tuple(0 if name == sums else name for name in node.inputs)
    return [(group, Follower(node, 0, 0, False, reads=reads, is_behind=True))]


def _summed(node: Node, made: Made) -> list[tuple[Group, Follower]]:
    """With what it is the sum of, where one workgroup makes all of a channel."""
    origins = made.get(node.inputs[0], [])
    return [
        (group, Follower(node, number, 0, False, is_sum=True))
        for group, number in origins
        if len(origins) == 1 and number and group.followers[number - 1].is_behind
    ]


def _joining(
    node: Node, shapes: Mapping[str, Shape], running: set[str], made: Made, is_whole: bool
) -> list[tuple[Group, Follower]]:
    found, channels = [], 0
    for name in node.inputs:
        # A tile that two inputs share cannot be written by either alone; a network's input is written by nobody.
        if channels % 4 or (not made.get(name) and (is_whole or name in running)):
            return []
        tile = tile_count(channels)
        found += [(group, Follower(node, number, tile, True)) for group, number in made.get(name, [])]
        channels += shapes[name].channels
    return found


def _together(
    node: Node, shapes: Mapping[str, Shape], made: Made, groups: Sequence[Group]
) -> list[tuple[Group, Follower]]:
    """With the last of the maps that it reads, where all have its shape or a single value, and are there by then."""
    if any(name in made and not made[name] for name in node.inputs):
        return []
    whole = [name for name in node.inputs if shapes[name] == shapes[node.name]]
    if any(name not in whole and shapes[name] != (1, 1, 1) for name in node.inputs):
        return []
    order = {id(group): number for number, group in enumerate(groups)}
    last = max((order[id(group)] for name in node.inputs for group, _ in made.get(name, [])), default=-1)
    if last < 0 or not any(order[id(group)] == last for name in whole for group, _ in made.get(name, [])):
        return []
    reads: list[int | str] = []
    for name in node.inputs:
        here = [number for group, number in made.get(name, []) if order[id(group)] == last]
        if here and (len(made[name]) > 1 or name not in whole):
            return []
        reads.append(here[0] if here else name)
    parent = max(number for number in reads if isinstance(number, int))
    group = groups[last]
    # What was cut out lies elsewhere than what it was cut from.
    if len({_place_of(group, number) for number in reads if isinstance(number, int)}) > 1:
        return []
    return [(group, Follower(node, parent, 0, False, reads=tuple(reads)))]


def _place_of(group: Group, number: int) -> tuple[int, int, int]:
    """By how much a texel of a follower lies elsewhere than the head's: tiles, rows, columns."""
    tiles = rows = columns = 0
    while number:
        follower = group.followers[number - 1]
        tiles, rows, columns = tiles + follower.tile, rows + follower.place[0], columns + follower.place[1]
        number = follower.parent
    return tiles, rows, columns
