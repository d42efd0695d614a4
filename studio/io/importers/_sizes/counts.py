"""Numbers that count a map's pixels, rows or columns, as layers that count them at every size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studio.io.importers._values.pairs import Pair, named
from studio.model.declared.size import Size
from studio.model.networks.node import Node

_MOST = 3e38

_COUNTS: dict[str, Callable[[Size], int]] = {
    "pixels": lambda size: size.pixels,
    "height": lambda size: size.height,
    "width": lambda size: size.width,
}


def scaled(pair: Pair) -> list[Node] | None:
    """By a number of pixels or values, or one less as of an unbiased variance; or divided by it; or so much added."""
    a, b = pair.node.op.model_dump(), pair.other.model_dump()
    if a["scale"] == b["scale"] == 1 and (number := number_of(pair, a["shift"], b["shift"], "shift")) is not None:
        return [*number, named(pair, "Add", pair.node.inputs[0], number[-1].name)]
    if a["shift"] != b["shift"] or a["shift"] != 0:
        return None
    for counted in _counted(pair):
        less = counted.less
        for power in (-1.0, 1.0, -0.5, 0.5):
            parts = [op["scale"] / n**power for op, n in zip((a, b), counted.counts, strict=True)]
            if _close(*parts):
                return _by_count(pair, counted, parts[0], power)
        if less and all(_close(op["scale"], (n + less) / n) for op, n in zip((a, b), counted.counts, strict=True)):
            return _by_share(pair, counted)
    return None


def _by_count(pair: Pair, counted: _Counted, factor: float, power: float) -> list[Node]:
    before = counted.layers(pair)
    raised = named(pair, "Pow", before[-1].name, name=f"{pair.node.name}.power", exponent=power)
    scale = named(pair, "Affine", raised.name, name=f"{pair.node.name}.scale", scale=factor)
    return [*before, raised, scale, named(pair, "Mul", pair.node.inputs[0], scale.name)]


def _by_share(pair: Pair, counted: _Counted) -> list[Node]:
    before = counted.layers(pair)
    more = named(pair, "Affine", before[-1].name, name=f"{pair.node.name}.more", shift=float(counted.less))
    part = named(pair, "Div", more.name, before[-1].name, name=f"{pair.node.name}.part")
    return [*before, more, part, named(pair, "Mul", pair.node.inputs[0], part.name)]


@dataclass(frozen=True)
class _Counted:
    """What may have been counted.

    Attributes:
        name: the map whose size it is.
        what: pixels, rows or columns of it.
        times: of so many channels.
        less: how much was taken off.
        counts: what it comes to at both sizes.
    """

    name: str
    what: str
    times: int
    less: int
    counts: tuple[int, int]

    def layers(self, pair: Pair) -> list[Node]:
        """The layers that count, the last of which holds the number."""
        size = named(pair, "SizeOf", self.name, name=f"{pair.node.name}.size", what=self.what)
        if self.times == 1 and not self.less:
            return [size]
        count = named(
            pair, "Affine", size.name, name=f"{pair.node.name}.count", scale=float(self.times), shift=float(-self.less)
        )
        return [size, count]


def _counted(pair: Pair) -> Iterator[_Counted]:
    """Pixels, rows and columns of every map before, the nearest first; also those of all channels, and one less."""
    seen = set()
    for name in reversed(pair.before):
        sizes, channels = pair.sizes(name), pair.one.shapes[name].channels
        if (sizes, channels) not in seen and sizes[0] != sizes[1]:
            seen.add((sizes, channels))
            for less in (0, 1):
                for what, count in _COUNTS.items():
                    for times in dict.fromkeys((1, channels if what == "pixels" else 1)):
                        counts = (times * count(sizes[0]) - less, times * count(sizes[1]) - less)
                        if min(counts) > 0:
                            yield _Counted(name, what, times, less, counts)


def clamped(pair: Pair) -> list[Node] | None:
    """Between bounds that follow a side, as the last row or column."""
    a, b, read, nodes = pair.node.op.model_dump(), pair.other.model_dump(), pair.node.inputs[0], list[Node]()
    for key, op in (("min_val", "Maximum"), ("max_val", "Minimum")):
        if a[key] == b[key]:
            bounds = {"min_val": -_MOST, "max_val": _MOST, key: a[key]}
            nodes.append(named(pair, "Hardtanh", read, name=f"{pair.node.name}.{key}", **bounds))
        elif (number := number_of(pair, a[key], b[key], key)) is not None:
            nodes += [*number, named(pair, op, read, number[-1].name, name=f"{pair.node.name}.{op.lower()}")]
        else:
            return None
        read = nodes[-1].name
    return [*nodes[:-1], Node(pair.node.name, nodes[-1].op, nodes[-1].inputs)]


def compared(pair: Pair) -> list[Node] | None:
    """With a number that follows a side."""
    a, b = pair.node.op.model_dump(), pair.other.model_dump()
    number = number_of(pair, a["value"], b["value"], "value") if a["how"] == b["how"] else None
    if number is None:
        return None
    return [*number, named(pair, "CompareMaps", pair.node.inputs[0], number[-1].name, how=a["how"])]


def number_of(pair: Pair, one: float, two: float, called: str) -> list[Node] | None:
    """Layers whose last holds a number that follows a side: ``a * side + b`` or ``a / side + b``, of simple numbers.

    Two sizes fit several such rules; the one with the least added is meant.
    """
    names = [put.name for put in pair.one.inputs]
    found = []
    for order, name in enumerate(dict.fromkeys([*names, *reversed(pair.before)])):
        for what in ("height", "width"):
            n, m = (_COUNTS[what](size) for size in pair.sizes(name))
            for power in (1, -1) if n != m and one != two else ():
                slope = (two - one) / (m**power - n**power)
                base = one - slope * n**power
                simple = all(abs(k * 16 - round(k * 16)) < 1e-3 for k in (slope, base))
                if simple and round(slope * 16) and abs(base) <= 16:
                    found.append((abs(base), order, name, what, power, round(slope * 16) / 16, round(base * 16) / 16))
    if not found:
        return None
    _, _, name, what, power, slope, base = min(found)
    at = f"{pair.node.name}.{called}"
    size = named(pair, "SizeOf", name, name=f"{at}.size", what=what)
    raised = named(pair, "Pow", size.name, name=f"{at}.power", exponent=float(power))
    return [size, raised, named(pair, "Affine", raised.name, name=at, scale=slope, shift=base)]


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6)
