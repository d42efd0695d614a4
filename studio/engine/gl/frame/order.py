"""In which order a GPU runs what does not wait for one another: what nobody reads last, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from studio.engine.gl.frame.fuse import Group
from studio.model.networks.shape import Shape

Pass = TypeVar("Pass")
Made = tuple[Group, Sequence[Pass]]


def side_by_side(made: Sequence[Made[Pass]], shapes: Mapping[str, Shape]) -> list[list[Made[Pass]]]:
    """Groups with their passes: last those whose maps nobody waits for, the first passes of all before the second.

    Single values that only such groups read, as a loss that is told, are among them: a workgroup that adds up a whole
    map would keep all others waiting. They run in as many rounds as one needs the other. Convolutions are
    not among them: parts of their sums lie in the room of all convolutions.

    Args:
        made: in running order.
        shapes: of every map.

    Returns:
        In order, what does not wait for one another together.
    """
    names = [{*group.names} for group, _ in made]
    readers: dict[str, set[int]] = {}
    for number, (group, _) in enumerate(made):
        for node in (group.head, *(follower.node for follower in group.followers)):
            for name in node.inputs:
                readers.setdefault(name, set()).add(number)
    late: set[int] = set()
    for number in reversed(range(len(made))):
        if made[number][0].head.op.taps() is not None:
            continue
        others = {reader for name in names[number] for reader in readers.get(name, ())} - {number}
        if not others or (others <= late and all(shapes[name][1:] == (1, 1) for name in names[number])):
            late.add(number)
    rounds: dict[int, int] = {}
    for number in sorted(late):
        before = [other for other in rounds if any(number in readers.get(name, ()) for name in names[other])]
        rounds[number] = max((rounds[other] + 1 for other in before), default=0)
    found = [[made[number]] for number in range(len(made)) if number not in late]
    for turn in range(max(rounds.values(), default=-1) + 1):
        now = [made[number] for number in sorted(late) if rounds[number] == turn]
        longest = max(len(passes) for _, passes in now)
        found += [[(group, [passes[n]]) for group, passes in now if n < len(passes)] for n in range(longest)]
    return found
