"""Medians of squares in PyTorch, by the networks that `shaders/lib/median_N.glsl` holds as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.bends._median_network import TOGETHER, Network, Ref, Which, network
from studio.lanes import FLOATS, NUMBER, Function, Routine, Rows, Value, lanes_for, maximum, minimum, suits

if TYPE_CHECKING:
    from torch import Tensor


def median(x: Tensor, radius: int) -> Tensor:
    """(N, C, H, W) medians of squares of each channel; beyond the edge lies the edge's pixel."""
    return by_lanes(x, radius) if suits(x) else by_torch(x, radius)


# -- on a CPU ----------------------------------------------------------------------------------------------------------

_RING = 16
"""Sorted lines that are kept: a power of two, and no fewer than four rows of squares take."""


def by_lanes(x: Tensor, radius: int) -> Tensor:
    """`median` by a loop down the map, some columns at a time.

    What a network takes for the columns of a square are rows here. Each is sorted once, for all squares that hold it,
    and four squares below each other are worked on together.
    """
    rows = Rows.of(x)
    images, height, length = rows.numbers.shape
    bordered = rows.bordered(radius, repeats=True)
    found, strips = rows.empty(), -(-length // lanes_for(length))
    run, sizes = _medians(radius), {"strips": strips, "height": height, "length": length, "step": rows.step}
    run(images * strips, x.numel(), x=bordered, out=found, **sizes)
    return rows.map(found, x)


@cache
def _medians(radius: int) -> Routine:
    made = network(radius)

    def body(f: Function, first: Value, last: Value) -> None:
        f.room("sorted", "float", _RING * made.side * f.lanes)
        wide, bottom = f["length"] + f["step"] * (2 * radius), f["height"] - 1
        with f.loop(first, last) as part:
            above = part // f["strips"] * f["height"]
            at = minimum(part % f["strips"] * f.lanes, f["length"] - f.lanes)
            ready = f.variable(f.number(0))
            with f.loop(0, f["height"], TOGETHER) as top:
                enough = minimum(top + (TOGETHER + radius), f["height"])
                with f.loop(ready.value, enough) as row:
                    _sort(f, made, (above + row) * wide + at, _in_ring(f, made, row))
                ready.set(enough)
                middles = _merge(f, made, top - radius, bottom)
                # Those beyond the last row go first, into the place of what follows.
                for below in reversed(range(TOGETHER)):
                    row = above + minimum(top + below, bottom)
                    f.store("out", row * f["length"] + at, middles[below])

    return Routine(body, x=FLOATS, out=FLOATS, strips=NUMBER, height=NUMBER, length=NUMBER, step=NUMBER)


def _in_ring(f: Function, made: Network, row: Value) -> Value:
    return (row & (_RING - 1)) * (made.side * f.lanes)


def _sort(f: Function, made: Network, place: Value, into: Value) -> None:
    """The pixels of a row of a square, sorted."""
    values = _Values(made, lambda ref: f.load("x", place + f["step"] * ref.node) if ref.node < made.side else None)
    for rank, ref in enumerate(made.columns[0]):
        assert ref is not None
        f.store("sorted", into + rank * f.lanes, values.of(ref))


def _merge(f: Function, made: Network, top: Value, bottom: Value) -> list[Value]:
    """The medians of four squares below each other, of which the first begins at a row, from the sorted rows."""
    known = {ref.node: (row, rank) for row, refs in enumerate(made.columns) for rank, ref in enumerate(refs) if ref}
    rows: dict[int, Value] = {}

    def load(ref: Ref) -> Value | None:
        if ref.node not in known:
            return None
        row, rank = known[ref.node]
        row += TOGETHER * ref.shift
        if row not in rows:
            rows[row] = _in_ring(f, made, minimum(maximum(top + row, f.number(0)), bottom))
        return f.load("sorted", rows[row] + rank * f.lanes)

    values = _Values(made, load)
    return [values.of(middle) for middle in made.middles]


class _Values:
    """What a network's nodes come to, each written down when it is first asked for.

    Args:
        made: the network.
        given: the value of a node that is known, else None.
    """

    def __init__(self, made: Network, given: Callable[[Ref], Value | None]) -> None:
        self._made = made
        self._given = given
        self._known: dict[Ref, Value] = {}

    def of(self, ref: Ref) -> Value:
        """The value of a node."""
        if ref not in self._known:
            self._known[ref] = self._given(ref) or self._worked_out(ref)
        return self._known[ref]

    def _worked_out(self, ref: Ref) -> Value:
        node = self._made.nodes[ref.node]
        one, two = (self.of(Ref(each.node, each.shift + ref.shift)) for each in (node.first, node.second))
        return minimum(one, two) if node.which == "min" else maximum(one, two)


# -- elsewhere ---------------------------------------------------------------------------------------------------------


def by_torch(x: Tensor, radius: int) -> Tensor:
    """`median` by PyTorch's operators on whole maps."""
    import torch
    from torch.nn import functional as F

    planes = x.detach().reshape(-1, *x.shape[2:])
    border = _Border(radius, *planes.shape[1:])
    columns, nodes, middles = _steps(radius, border, len(planes), x.new_empty)
    (above, below), (before, behind) = border.pixels
    bordered = F.pad(planes[None], (before, behind, above, below), mode="replicate")
    columns.copy_(bordered.reshape(-1, TOGETHER).T)
    work: dict[Which, Callable[..., object]] = {"min": torch.minimum, "max": torch.maximum}
    for which, one, two, out in nodes:
        work[which](one, two, out=out)
    found = torch.empty_like(planes, memory_format=torch.contiguous_format)
    for place, middle in enumerate(middles):
        into = found[:, :, place::TOGETHER]
        into.copy_(middle[:, : into.shape[1], : into.shape[2]])
    return found.reshape(x.shape)


class _Border(NamedTuple):
    """A map with as much around it as the network looks at, in whole fours of columns."""

    radius: int
    height: int
    width: int

    @property
    def tall(self) -> int:
        """Rows with the border."""
        return self.height + 2 * self.radius

    @property
    def wide(self) -> int:
        """Fours of columns with the border."""
        return -(-self.width // TOGETHER) + (TOGETHER - 1 + 2 * self.radius) // TOGETHER

    @property
    def pixels(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The border's, above and below, before and behind."""
        behind = self.wide * TOGETHER - self.width - self.radius
        return (self.radius, self.radius), (self.radius, behind)


def _steps(radius: int, border: _Border, planes: int, empty: Callable[..., Any]) -> tuple[Any, list[Any], list[Any]]:
    """A network at work: where pixels go, what is done in order, and where the medians are found.

    Pixels are four lines, (4, length), by their column's place among four. In a line the next four lie one further on,
    and the next row as many as a row has: what is worked out across the ends of rows is not looked at. What is done is
    the name of the work, two lines, and that which it goes into. Medians are (planes, tall, wide), by their place.
    """
    made, shape = network(radius), (planes, border.tall, border.wide)
    length = planes * border.tall * border.wide
    columns = empty(TOGETHER, length)
    lines = {
        column * made.side + row: columns[column][row * border.wide :]
        for column in range(TOGETHER)
        for row in range(made.side)
    }
    unused, nodes = made.last_uses(), []
    rooms: dict[int, Any] = {}
    free: list[Any] = []
    for number, (which, first, second) in made.nodes.items():
        one, two = (lines[ref.node][ref.shift :] for ref in (first, second))
        size = min(len(one), len(two))
        rooms[number] = free.pop() if free else empty(length)
        lines[number] = rooms[number][:size]
        nodes.append((which, one[:size], two[:size], lines[number]))
        free += [rooms.pop(node) for node in unused.get(number, ()) if node in rooms]
    return columns, nodes, [rooms[middle.node].reshape(shape) for middle in made.middles]
