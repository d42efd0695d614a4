"""What sorts values, and takes values from where others say: the meaning that PyTorch's and ONNX's operators share.

Numbers of places are maps as all others are, of the operators `Argmax`, `Argsort` and `Rank`. What they were found in
is kept beside them, because a mask of the largest values is told from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.choices import chosen, compared, valued
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.seen import seen
from studio.io.importers._values.views import Index, Value, constant, numbers, reshaped

_MOST, _MOST_NUMBERS = 8192, 2**20


@dataclass(frozen=True)
class Sorted(Value):
    """Numbers of the first places in the order of some values, along an axis.

    Attributes:
        among: the values.
        axis: along which they were sorted.
        descending: whether the largest is the first.
    """

    among: Value | None = None
    axis: int = 0
    descending: bool = True

    @property
    def count(self) -> int:
        """How many they are."""
        return self.shape[self.axis]

    def ranks(self, f: Flow) -> Value:
        """Where in their order each of the values stands."""
        assert self.among is not None
        return rank(f, self.among, self.axis, descending=self.descending)


def ordered(f: Flow, value: Value, axis: int, *, descending: bool, count: int = 0) -> tuple[Value, Sorted]:
    """The values in their order along an axis, or the first of them, and their numbers.

    Raises:
        StudioError: where they are too many.
    """
    axis %= max(len(value.shape), 1)
    _check(value.shape[axis])
    count = count or value.shape[axis]
    found: list[str] = []

    def work(node: str) -> str:
        found.append(f.draft.add("Argsort", node, name=f"{f.name}.order", count=count, descending=descending))
        return f.draft.add("GatherChannels", node, found[0], name=f.name)

    values = f.along(value, axis, work)
    places = Sorted(values.shape, found[0], values.index, among=value, axis=axis, descending=descending)
    f.orders[places.node] = places
    return values, places


def rank(f: Flow, value: Value, axis: int, *, descending: bool) -> Value:
    """How many values come before each one along an axis."""
    _check(value.shape[axis])
    return f.along(value, axis, lambda node: f.draft.add("Rank", node, name=f"{f.name}.rank", descending=descending))


def _check(count: int) -> None:
    if count > _MOST:
        raise StudioError(
            f"it sorts {count} values, of which every one is compared with all others; {_MOST} at most are supported. "
            "Pool the map first."
        )


def gathered(f: Flow, value: Value, places: Value, axis: int) -> Value:
    """``torch.gather``: along an axis the values whose numbers ``places`` holds, of as many axes."""
    rank_ = len(value.shape)
    axis %= rank_
    cut = tuple(slice(None) if k == axis else slice(0, n) for k, n in enumerate(places.shape))
    value = f.move(value, lambda n: n[cut])
    if places.constant is not None:
        held = np.asarray(places.constant).astype(np.int64)
        return f.move(value, lambda n: np.take_along_axis(n, held, axis))
    if value.is_constant:
        # Of a table, by what is one where the number is that of a row.
        hot = one_where(f, places, value.shape[axis])
        rows = f.move(value, lambda n: np.expand_dims(np.moveaxis(n, axis, -1), axis))
        return f.total(f.binary("Mul", hot, rows), [-1], keepdim=False)
    node, where = f.channels_along(value, axis)
    each = f.draft.shapes[node][1:]
    if where.size != math.prod(each) or not np.array_equal(np.sort(where, None), np.arange(where.size)):
        node, where = f.relaid(value, axis)
        each = f.draft.shapes[node][1:]
    lines = np.moveaxis(numbers(f.draft, places), axis, 0).reshape(places.shape[axis], -1)
    flat = np.empty_like(lines)
    flat[:, where.ravel()] = lines
    laid: Index = flat.reshape(-1, *each)
    for side in (1, 2):
        if (laid == laid.take([0], side)).all():
            laid = laid.take([0], side)
    made = f.draft.add("GatherChannels", node, seen(f.draft, places.node, laid, f.name), name=f.name)
    index = np.arange(len(laid), dtype=np.int32).reshape(-1, *[1] * where.ndim) * math.prod(each) + where
    return f.shown(made, np.moveaxis(index, 0, axis))


def one_where(f: Flow, places: Value, count: int) -> Value:
    """(…, count): 1 at the number that a place holds, 0 elsewhere.

    Raises:
        StudioError: where there are too many numbers to be counted.
    """
    if count > _MOST_NUMBERS:
        raise StudioError(f"it tells {count} numbers apart; {_MOST_NUMBERS} at most are supported.")
    counted = constant(np.arange(count, dtype=np.float32))
    return compared(f, "eq", reshaped(places, (*places.shape, 1)), counted) if count > 1 else _ones(f, places)


def _ones(f: Flow, places: Value) -> Value:
    return reshaped(f.each("Affine", places, scale=0.0, shift=1.0), (*places.shape, 1))


def taken_of(f: Flow, value: Value, places: Value, axis: int) -> Value:
    """``value.take(places, axis)``, where the places are a map of any shape."""
    axis %= len(value.shape)
    before, behind = value.shape[:axis], value.shape[axis + 1 :]
    if value.is_constant:
        hot = one_where(f, places, value.shape[axis])
        table = f.move(value, lambda n: np.moveaxis(n, axis, 0).reshape(n.shape[axis], -1))
        flat = reshaped(hot, (math.prod(places.shape), hot.shape[-1]))
        made = reshaped(f.matmul(flat, table), (*places.shape, *before, *behind))
        rank_ = len(places.shape)
        order = [*range(rank_, rank_ + axis), *range(rank_), *range(rank_ + axis, rank_ + len(value.shape) - 1)]
        return f.move(made, lambda n: n.transpose(order))
    flat = reshaped(places, (math.prod(places.shape),))
    spread = f.move(flat, lambda n: np.broadcast_to(n.reshape(-1, *[1] * len(behind)), (*before, n.size, *behind)))
    return reshaped(gathered(f, value, spread, axis), (*before, *places.shape, *behind))


def scattered(f: Flow, below: Value, places: Value, axis: int, source: Value | float) -> Value:
    """``below`` with a number, or the values of another map, at places that follow each other in an order.

    Raises:
        StudioError: where the places are those of no order along this axis.
    """
    axis %= len(below.shape)
    order = f.orders.get(places.node)
    start = _start(f, order, places) if isinstance(order, Sorted) and order.axis == axis else None
    if start is None or order.among is None or order.among.shape != below.shape:  # type: ignore[union-attr]
        raise StudioError(
            "it writes to places that depend on the picture, which is supported for those of topk, sort and argsort "
            "alone, or for some of them that follow each other; write torch.where with a mask."
        )
    assert isinstance(order, Sorted)
    count, ranks = places.shape[axis], order.ranks(f)
    if start:
        ranks = f.each("Affine", ranks, scale=1.0, shift=float(-start))
    inside = compared(f, "lt", ranks, float(count))
    if start:
        inside = f.binary("Mul", inside, compared(f, "ge", ranks, 0.0))
    if isinstance(source, Value) and math.prod(source.shape) > 1:
        # What is written may be larger than its places: its first values count.
        source = f.move(source, lambda n: n[tuple(slice(0, length) for length in places.shape)])
        bounded = f.each("Hardtanh", ranks, min_val=0.0, max_val=float(max(count - 1, 1)))
        source = gathered(f, source, bounded, axis)
    return chosen(f, inside, valued(source), below)


def put_in_order(f: Flow, below: Value, places: Value, source: Value) -> Value | None:
    """``below[places] = source`` of a row, as an order is turned round; None where the places are those of no order."""
    order = f.orders.get(places.node)
    if not isinstance(order, Sorted) or order.among is None or below.shape != (order.among.shape[order.axis],):
        return None
    if math.prod(order.among.shape) != below.shape[0] or {len(places.shape), len(source.shape)} != {1}:
        return None
    ones = [1] * len(order.shape)
    row, where, what = (
        reshaped(each, (*ones[: order.axis], *each.shape, *ones[order.axis + 1 :])) for each in (below, places, source)
    )
    return reshaped(scattered(f, row, where, order.axis, what), below.shape)


def _start(f: Flow, order: Sorted, places: Value) -> int | None:
    """Where in an order these places of it begin, one after the other; None where they do not."""
    if len(order.shape) != len(places.shape):
        return None
    whole, part = (np.moveaxis(numbers(f.draft, each), order.axis, 0) for each in (order, places))
    if whole.shape[1:] != part.shape[1:] or not part.size:
        return None
    start = next((k for k, line in enumerate(whole) if np.array_equal(line, part[0])), None)
    return start if start is not None and np.array_equal(whole[start : start + len(part)], part) else None


def part_at(f: Flow, value: Value, axis: int, at: float) -> Value:
    """What lies at a place in the order of values along an axis, which is kept; between two, a mean by distance."""
    count = value.shape[axis]
    values, _ = ordered(f, value, axis, descending=False)
    low, part = math.floor(at), at - math.floor(at)
    one = f.move(values, lambda n: n.take([low], axis))
    if not part:
        return one
    two = f.move(values, lambda n: n.take([min(low + 1, count - 1)], axis))
    apart = f.binary("Mul", f.binary("Sub", two, one), constant(np.float32(part)))
    return f.binary("Add", one, apart)


def without(value: Value, axis: int, *, keepdim: bool) -> Value:
    """A value of length 1 along an axis, with or without that axis."""
    axis %= len(value.shape)
    return value if keepdim else reshaped(value, value.shape[:axis] + value.shape[axis + 1 :])
