"""Networks of minima and maxima that find medians of squares, and sort no more than the middle values ask for.

Medians of four squares side by side are found together, because they share most of their columns::

    radius 3          columns  0 1 2 3 4 5 6 7 8 9
    squares           a 0..6, b 1..7, c 2..8, d 3..9
    what all share          3 4 5 6                        sorted once
    what a and b share  1 2 3 4 5 6                        the former, and the pair before it
    what c and d share      3 4 5 6 7 8                    the former, and the pair behind it
    a                 0 1 2 3 4 5 6                        the middle one of what it shares, and its own column

Of what is shared only values are kept that may still be in the middle. Columns, and pairs of them, are those of the
next four squares as well, so a whole map is worked on at once: as many steps as there are nodes, each for a quarter of
it.

Sources: K. E. Batcher, "Sorting networks and their applications", 1968 (merging); A. Adams, "Fast median filters using
separable sorting networks", 2021 (what squares share).
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

Which = Literal["min", "max"]

TOGETHER = 4
"""Squares side by side whose medians are found together."""


class Ref(NamedTuple):
    """A value of a network, so many times four columns to the right of where it is worked out."""

    node: int
    shift: int


class Node(NamedTuple):
    """The smaller or the larger of two values."""

    which: Which
    first: Ref
    second: Ref


Values = list[Ref | None]
"""In rising order; None is larger than all."""


class _Some(NamedTuple):
    """Those of so many pixels that may be the median, in rising order, behind so many that are too small for it."""

    values: Values
    before: int
    pixels: int


class Network:
    """The medians of squares of 2 × radius + 1 pixels.

    Attributes:
        side: pixels of a side; node ``column * side + row`` is that pixel of the first four columns.
        columns: the sorted pixels of each of the first four columns.
        nodes: the others, by number; each follows those that it reads.
        middles: the medians, of the squares whose left column is one of the four.
    """

    def __init__(self, radius: int) -> None:
        self.side = 2 * radius + 1
        self.nodes: dict[int, Node] = {}
        self._known: dict[Node, int] = {}
        self.columns = [
            self._sorted([Ref(column * self.side + row, 0) for row in range(self.side)]) for column in range(TOGETHER)
        ]
        self._blocks: dict[tuple[int, int], _Some] = {}
        middles: dict[int, Ref] = {}
        self._halve(0, TOGETHER, _Some([], 0, 0), middles)
        self.middles = tuple(middles[place] for place in range(TOGETHER))
        self._drop_unused()

    def _halve(self, first: int, squares: int, shared: _Some, found: dict[int, Ref]) -> None:
        """Medians of so many squares from one on, of which the columns that all have are given, or none so far."""
        low, high = first + squares - 1, first + self.side
        if not shared.values:
            shared = self._block(low, high - low)
        if squares == 2:
            for place, own in ((first, first), (first + 1, high)):
                found[place] = self._middle(shared, self._column(own))
            return
        half = squares // 2
        left = self._both(self._block(low - half, half), shared)
        right = self._both(shared, self._block(high, half))
        self._halve(first, half, left, found)
        self._halve(first + half, half, right, found)

    def _column(self, number: int) -> Values:
        return _shifted(self.columns[number % TOGETHER], number // TOGETHER)

    def _block(self, column: int, wide: int) -> _Some:
        """The sorted pixels of so many columns side by side; of none, where there are none that all have."""
        if wide <= 0:
            return _Some([], 0, 0)
        shift, column = divmod(column, TOGETHER)
        if (column, wide) not in self._blocks:
            if wide == 1:
                made = _Some(self.columns[column], 0, self.side)
            else:
                left = 1 << ((wide - 1).bit_length() - 1)
                made = self._both(self._block(column, left), self._block(column + left, wide - left))
            self._blocks[column, wide] = made
        made = self._blocks[column, wide]
        return made._replace(values=_shifted(made.values, shift))

    def _both(self, first: _Some, second: _Some) -> _Some:
        """Two lists as one, of which only what may be the median is kept: enough lies neither below nor above it."""
        merged: Values = [each for each in self._merged(first.values, second.values) if each is not None]
        before, pixels = first.before + second.before, first.pixels + second.pixels
        whole = self.side * self.side
        low, high = whole // 2 - (whole - pixels), whole // 2
        skipped = max(0, low - before)
        return _Some(merged[skipped : max(0, high + 1 - before)], before + skipped, pixels)

    def _sorted(self, values: Values) -> Values:
        if len(values) <= 1:
            return values
        half = len(values) // 2
        merged = self._merged(self._sorted(values[:half]), self._sorted(values[half:]))
        return [each for each in merged if each is not None]

    def _merged(self, first: Values, second: Values) -> Values:
        """Two rising lists as one: Batcher's odd-even merge, of lists filled up to a power of two."""
        size = 1 << (max(len(first), len(second), 1) - 1).bit_length()
        return self._odd_even(_filled(first, size), _filled(second, size))

    def _odd_even(self, first: Values, second: Values) -> Values:
        if len(first) == 1:
            return [self._node("min", first[0], second[0]), self._node("max", first[0], second[0])]
        even, odd = (self._odd_even(first[k::2], second[k::2]) for k in (0, 1))
        found: Values = [even[0]]
        for a, b in zip(odd[:-1], even[1:], strict=True):
            found += [self._node("min", a, b), self._node("max", a, b)]
        return [*found, odd[-1]]

    def _middle(self, shared: _Some, column: Values) -> Ref:
        """The middle one of two rising lists: over all shares that the first may have of what is not above it."""
        first, rank = shared.values, self.side * self.side // 2 - shared.before
        found: Ref | None = None
        for count in range(max(0, rank + 1 - len(column)), min(len(first), rank + 1) + 1):
            own, other = count - 1, rank - count
            last = [values[k] for values, k in ((first, own), (column, other)) if k >= 0]
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
            self._known[node] = TOGETHER * self.side + len(self.nodes)
            self.nodes[self._known[node]] = node
        return Ref(self._known[node], shift)

    def _drop_unused(self) -> None:
        wanted = {middle.node for middle in self.middles}
        for number, node in reversed(self.nodes.items()):
            if number in wanted:
                wanted |= {node.first.node, node.second.node}
        self.nodes = {number: node for number, node in self.nodes.items() if number in wanted}

    def last_uses(self) -> dict[int, list[int]]:
        """After which node which others are read no more; the medians are read to the end."""
        last = {ref.node: number for number, node in self.nodes.items() for ref in (node.first, node.second)}
        found: dict[int, list[int]] = {}
        for node, number in last.items():
            if all(node != middle.node for middle in self.middles):
                found.setdefault(number, []).append(node)
        return found


@cache
def network(radius: int) -> Network:
    """The network of a radius, made once."""
    return Network(radius)


def glsl(radius: int) -> str:
    """The network as a function of GLSL, of one place, or with SPAN of four side by side."""
    made = network(radius)
    lines: list[str] = []
    known: dict[Ref, str] = {}

    def value(ref: Ref) -> str:
        if ref not in known:
            if ref.node < TOGETHER * made.side:
                column, row = divmod(ref.node, made.side)
                text = f"near(tile, p, {column + TOGETHER * ref.shift}, {row})"
            else:
                node = made.nodes[ref.node]
                one, two = (value(Ref(each.node, each.shift + ref.shift)) for each in (node.first, node.second))
                text = f"{node.which}({one}, {two})"
            known[ref] = f"v{len(known)}"
            lines.append(f"    vec4 {known[ref]} = {text};")
        return known[ref]

    for place, middle in enumerate(made.middles):
        lines.append(f"    found[{place}] = {value(middle)};")
        if place == 0:
            lines.append("#ifdef SPAN")
    head = [
        f"// Medians of {made.side}×{made.side} pixels. Made by `python -m tools.make_median` of the network in",
        "// studio/bends/_median_network.py.",
        "void medians(int tile, ivec2 p, out vec4 found[MEDIANS]) {",
    ]
    return "\n".join([*head, *lines, "#endif", "}", ""])


def _filled(values: Values, size: int) -> Values:
    return [*values, *[None] * (size - len(values))]


def _shifted(values: Values, by: int) -> Values:
    return [None if each is None else Ref(each.node, each.shift + by) for each in values]
