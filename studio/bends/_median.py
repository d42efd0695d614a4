"""Medians of squares by networks of minima and maxima, which sort no more than the middle value asks for.

Columns of a square are sorted, two neighbours merged, those again, and of the last two lists the middle value is taken.
What lies beside a place shares all but the last steps with it: in PyTorch a list of sorted columns is made once for the
whole map, and shifted. `shaders/lib/median_N.glsl` is the same network written out, by ``python -m tools.make_median``.

Sources: K. E. Batcher, "Sorting networks and their applications", 1968 (merging); A. Adams, "Fast median filters using
separable sorting networks", 2021 (sharing).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["min", "max"]


class Ref(NamedTuple):
    """A value of a network, so many columns to the right of where it is worked out."""

    node: int
    shift: int


class Node(NamedTuple):
    """The smaller or the larger of two values."""

    which: Which
    first: Ref
    second: Ref


Values = list[Ref | None]
"""In rising order; None is larger than all."""


class Network:
    """The median of squares of 2 × radius + 1 pixels.

    Attributes:
        side: pixels of a side; the nodes 0 to side - 1 are the pixels of a column, from the top.
        nodes: the others, by number; each follows those that it reads.
        middle: the median, of the square whose left column is where it is worked out.
    """

    def __init__(self, radius: int) -> None:
        self.side = 2 * radius + 1
        self.nodes: dict[int, Node] = {}
        self._known: dict[Node, int] = {}
        self._lists: dict[int, Values] = {1: self._sorted([Ref(row, 0) for row in range(self.side)])}
        left = (self.side + 1) // 2
        first, second = self._block(left), _shifted(self._block(self.side - left), left)
        self.middle = self._middle(first, second)
        self._drop_unused()

    def _block(self, wide: int) -> Values:
        """The sorted pixels of so many columns side by side."""
        if wide not in self._lists:
            left = 1 << ((wide - 1).bit_length() - 1)
            merged = self._merged(self._block(left), _shifted(self._block(wide - left), left))
            self._lists[wide] = [each for each in merged if each is not None]
        return self._lists[wide]

    def _sorted(self, values: Values) -> Values:
        if len(values) <= 1:
            return values
        half = len(values) // 2
        merged = self._merged(self._sorted(values[:half]), self._sorted(values[half:]))
        return [each for each in merged if each is not None]

    def _merged(self, first: Values, second: Values) -> Values:
        """Two rising lists as one: Batcher's odd-even merge, of lists filled up to a power of two."""
        size = 1 << (max(len(first), len(second)) - 1).bit_length()
        return self._odd_even(_filled(first, size), _filled(second, size))

    def _odd_even(self, first: Values, second: Values) -> Values:
        if len(first) == 1:
            return [self._node("min", first[0], second[0]), self._node("max", first[0], second[0])]
        even, odd = (self._odd_even(first[k::2], second[k::2]) for k in (0, 1))
        found: Values = [even[0]]
        for a, b in zip(odd[:-1], even[1:], strict=True):
            found += [self._node("min", a, b), self._node("max", a, b)]
        return [*found, odd[-1]]

    def _middle(self, first: Values, second: Values) -> Ref:
        """The middle one of two rising lists: over all shares that the first may have of what is not above it."""
        rank = self.side * self.side // 2
        found: Ref | None = None
        for count in range(max(0, rank + 1 - len(second)), min(len(first), rank + 1) + 1):
            own, other = count - 1, rank - count
            last = [values[k] for values, k in ((first, own), (second, other)) if k >= 0]
            larger = last[0] if len(last) == 1 else self._node("max", last[0], last[1])
            found = larger if found is None else self._node("min", found, larger)
        assert found is not None
        return found

    def _node(self, which: Which, first: Ref | None, second: Ref | None) -> Ref | None:
        if first is None or second is None:
            other = second if first is None else first
            return other if which == "min" else None
        shift = min(first.shift, second.shift)
        one, two = sorted((Ref(first.node, first.shift - shift), Ref(second.node, second.shift - shift)))
        node = Node(which, one, two)
        if node not in self._known:
            self._known[node] = self.side + len(self.nodes)
            self.nodes[self._known[node]] = node
        return Ref(self._known[node], shift)

    def _drop_unused(self) -> None:
        wanted = {self.middle.node}
        for number, node in reversed(self.nodes.items()):
            if number in wanted:
                wanted |= {node.first.node, node.second.node}
        self.nodes = {number: node for number, node in self.nodes.items() if number in wanted}

    def last_uses(self) -> dict[int, list[int]]:
        """After which node which others are read no more."""
        last = {ref.node: number for number, node in self.nodes.items() for ref in (node.first, node.second)}
        found: dict[int, list[int]] = {}
        for node, number in last.items():
            found.setdefault(number, []).append(node)
        return found


@cache
def network(radius: int) -> Network:
    """The network of a radius, made once."""
    return Network(radius)


def median(x: Tensor, radius: int) -> Tensor:
    """(N, C, H, W) medians of squares of each channel; beyond the edge lies the edge's pixel."""
    if x.device.type == "cpu" and radius < 3:
        return _by_opencv(x, radius)
    import torch

    if x.device.type != "cpu":
        return _by_network(x, radius)
    # A few channels at a time, so that what the network holds stays in the processor's cache, and that PyTorch shares
    # none of its many short steps among threads, of which each would wait for the others.
    few = max(1, _CACHED // ((x.shape[2] + 2 * radius) * (x.shape[3] + 2 * radius)))
    return torch.cat([_by_network(part, radius) for part in torch.split(x.contiguous(), few, 1)], 1)


_CACHED = (1 << 15) - 1
"""Values of a map, with its border, that are worked on at a time."""


def _by_network(x: Tensor, radius: int) -> Tensor:
    import torch
    from torch.nn import functional as F

    made, (channels, height, width) = network(radius), (x.shape[0] * x.shape[1], *x.shape[2:])
    whole = F.pad(x, (radius,) * 4, mode="replicate")
    tall, wide = whole.shape[2:]
    # As one line, in which a column lies one further on and a row as many as a row is wide: what is worked out across
    # the ends of rows is not looked at.
    line = whole.reshape(-1)
    values = {row: line[row * wide :] for row in range(made.side)}
    unused = made.last_uses()
    work: dict[Which, Callable[[Tensor, Tensor], Tensor]] = {"min": torch.minimum, "max": torch.maximum}
    for number, (which, first, second) in made.nodes.items():
        one, two = (values[ref.node][ref.shift :] for ref in (first, second))
        room = min(len(one), len(two))
        values[number] = work[which](one[:room], two[:room])
        for node in unused.get(number, ()):
            del values[node]
    found = values[made.middle.node][made.middle.shift :]
    steps = (tall * wide, wide, 1)
    return found.as_strided((channels, height, width), steps).reshape(x.shape)


def _by_opencv(x: Tensor, radius: int) -> Tensor:
    import cv2
    import numpy as np
    import torch

    planes = x.detach().contiguous().numpy().reshape(-1, *x.shape[2:])
    found = np.empty_like(planes)
    for plane, into in zip(planes, found, strict=True):
        cv2.medianBlur(plane, 2 * radius + 1, into)
    return torch.from_numpy(found).reshape(x.shape)


def _filled(values: Values, size: int) -> Values:
    return [*values, *[None] * (size - len(values))]


def _shifted(values: Values, by: int) -> Values:
    return [None if each is None else Ref(each.node, each.shift + by) for each in values]


SPAN = 4
"""Texels of a row that software rasterisers make at once: they share columns that are sorted."""


def glsl(radius: int, span: int = 1) -> str:
    """The network as a function of GLSL: of one place, or of so many side by side, which share all that they can."""
    made = network(radius)
    lines: list[str] = []
    known: dict[Ref, str] = {}

    def value(ref: Ref) -> str:
        if ref.node < made.side:
            return _pixel(ref, lines, known)
        if ref not in known:
            node = made.nodes[ref.node]
            one, two = (value(Ref(each.node, each.shift + ref.shift)) for each in (node.first, node.second))
            known[ref] = f"v{len(known)}"
            lines.append(f"    vec4 {known[ref]} = {node.which}({one}, {two});")
        return known[ref]

    for place in range(span):
        found = value(Ref(made.middle.node, made.middle.shift + place))
        lines.append(f"    return {found};" if span == 1 else f"    found[{place}] = {found};")
    head = [
        f"// The median of {made.side}×{made.side} pixels. Made by `python -m tools.make_median` of the network in",
        "// studio/bends/_median.py.",
        "vec4 middle(int tile, ivec2 p) {"
        if span == 1
        else f"void middles(int tile, ivec2 p, out vec4 found[{span}]) {{",
    ]
    return "\n".join([*head, *lines, "}", ""])


def _pixel(ref: Ref, lines: list[str], known: dict[Ref, str]) -> str:
    if ref not in known:
        known[ref] = f"v{len(known)}"
        lines.append(f"    vec4 {known[ref]} = near(tile, p, {ref.shift}, {ref.node});")
    return known[ref]
