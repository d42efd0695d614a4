"""What numbers that follow the size mean, operator by operator: the layers that say it for every size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.window_mask import masked
from studio.io.importers._sizes.boxes import boxed, cut_like, past_the_first
from studio.io.importers._sizes.counts import clamped, compared, scaled
from studio.io.importers._sizes.resize_rules import resized, resized_so
from studio.io.importers._values.pairs import Pair, Rule, named
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape
from studio.ops import operator
from studio.ops.rearrange import parsed


def _pooled(kind: str, adaptive: str) -> Rule:
    def rule(pair: Pair) -> list[Node] | None:
        reads, ops = pair.read(), [pair.node.op.model_dump(), pair.other.model_dump()]
        x = pair.node.inputs[0]
        # A window past the largest that there is was read as the whole map.
        ops = [
            {"kernel_size": read[1:], "padding": (0, 0)} if "dim" in op else op
            for op, read in zip(ops, reads, strict=True)
        ]
        plain = all(tuple(op["padding"]) == (0, 0) and tuple(op.get("dilation", (1, 1))) == (1, 1) for op in ops)
        if plain and all(tuple(op["kernel_size"]) == read[1:] for op, read in zip(ops, reads, strict=True)):
            return [named(pair, kind, x, dim="space")]
        counts = []
        for op, read in zip(ops, reads, strict=True):
            kernel, stride = tuple(op["kernel_size"]), tuple(op["stride"])
            even = all(side % k == 0 for side, k in zip(read[1:], kernel, strict=True))
            if not plain or kernel != stride or not even:
                return None
            counts.append((read.height // kernel[0], read.width // kernel[1]))
        return [named(pair, adaptive, x, output_size=counts[0])] if counts[0] == counts[1] else None

    return rule


def _adaptive(pair: Pair) -> list[Node] | None:
    """To a size that is a part of the map's own."""
    divisors = []
    for read, made in zip(pair.read(), pair.made(), strict=True):
        divisors.append(tuple(side // max(out, 1) for side, out in zip(read[1:], made[1:], strict=True)))
    fits = all(
        tuple(side // max(d, 1) for side, d in zip(read[1:], divisors[0], strict=True)) == made[1:]
        for read, made in zip(pair.read(), pair.made(), strict=True)
    )
    if not fits or min(divisors[0]) < 1 or max(divisors[0]) > 64:
        return None
    return [named(pair, type(pair.node.op).__name__, pair.node.inputs[0], divisor=divisors[0])]


def _given(pair: Pair) -> list[Node] | None:
    """Coordinates, channel by channel; or the mask of windows that were shifted."""
    name = pair.node.name
    maps = [draft.weights[f"{name}.map"].values[:, 0] for draft in (pair.one, pair.two)]
    if (mask := masked(pair, maps)) is not None:
        return mask
    if len(maps[0]) != len(maps[1]):
        return None
    if (box := boxed(pair, maps)) is not None:
        return box
    lines = [_coordinates(pair, one, two) for one, two in zip(*maps, strict=True)]
    if any(line is None for line in lines) or not lines:
        return None
    made = [
        named(pair, "Coordinates", line[0], name=name if len(lines) == 1 else f"{name}.{k}", **line[1])
        for k, line in enumerate(lines)
        if line is not None
    ]
    return made if len(made) == 1 else [*made, named(pair, "Concat", *(node.name for node in made))]


def _coordinates(pair: Pair, one: np.ndarray, two: np.ndarray) -> tuple[str, dict[str, object]] | None:
    """One channel as numbers that go up evenly along one side: the map that it is as large as, and the parameters."""
    for axis, side in ((0, "height"), (1, "width")):
        lines = [np.moveaxis(held, axis, 0) for held in (one, two)]
        if any(line.shape[0] < 2 or not np.allclose(line, line[:, :1], atol=1e-6) for line in lines):
            continue
        heads = [line[:, 0].astype(np.float64) for line in lines]
        like = next((k for k in reversed(pair.before) if _sides(pair, k, axis) == tuple(map(len, heads))), None)
        if like is not None and (said := _law(*heads)) is not None:
            return like, {"axis": side, **said}
    return None


def _coordinates_of_both(pair: Pair) -> list[Node] | None:
    """Where numbers begin, and what they go up by, follow the length of their own side."""
    said = [op.model_dump() for op in (pair.node.op, pair.other)]
    if said[0]["axis"] != said[1]["axis"]:
        return None
    axis = 1 if said[0]["axis"] == "height" else 2
    heads = [op["start"] + op["step"] * np.arange(read[axis]) for op, read in zip(said, pair.read(), strict=True)]
    plain = all(len(head) > 1 and op["per"] == "pixel" for head, op in zip(heads, said, strict=True))
    found = _law(*heads) if plain else None
    return None if found is None else [named(pair, "Coordinates", pair.node.inputs[0], axis=said[0]["axis"], **found)]


def _law(one: np.ndarray, two: np.ndarray) -> dict[str, Any] | None:
    """By which rule numbers go up evenly along sides of two lengths: the parameters of `Coordinates`."""
    heads, (n, m) = (one, two), (len(one), len(two))
    steps = [float(head[-1] - head[0]) / (len(head) - 1) for head in heads]
    even = (head[0] + step * np.arange(len(head)) for head, step in zip(heads, steps, strict=True))
    if not all(np.allclose(h, e, atol=1e-5) for h, e in zip(heads, even, strict=True)):
        return None
    starts = [float(head[0]) for head in heads]
    for per, by in (("gap", (n - 1, m - 1)), ("side", (n, m)), ("pixel", (1, 1))):
        whole = [step * b for step, b in zip(steps, by, strict=True)]
        if not math.isclose(whole[0], whole[1], rel_tol=1e-4):
            continue
        # start + step * (place + offset) / side: both starts tell the start and the offset.
        offset = 0.0
        if not math.isclose(starts[0], starts[1], abs_tol=1e-6) and per == "side":
            offset = (starts[0] - starts[1]) / (whole[0] / n - whole[0] / m)
        start = starts[0] - whole[0] * offset / by[0]
        if math.isclose(start + whole[0] * offset / by[1], starts[1], abs_tol=1e-5):
            return {"start": start, "step": whole[0], "per": per, "offset": round(offset, 6)}
    return None


def _sides(pair: Pair, name: str, axis: int) -> tuple[int, int]:
    a, b = pair.sizes(name)
    return a[axis], b[axis]


def _rearranged(pair: Pair) -> list[Node] | None:
    """Axes that differ in length are those that follow the size."""
    texts = [op.model_dump()["pattern"] for op in (pair.node.op, pair.other)]
    one, two = (parsed(text) for text in texts)
    if one.sides != two.sides:
        return None
    fixed = {axis: length for axis, length in one.sizes.items() if two.sizes.get(axis) == length}
    pattern = " -> ".join(
        " ".join(_group([f"{axis}={fixed[axis]}" if axis in fixed else axis for axis in group]) for group in side)
        for side in one.sides
    )
    x = pair.node.inputs[0]
    like, before = pair.like(*(made.size for made in pair.made())), list[Node]()
    if like is None and (line := _line_like(pair)) is not None:
        like, before = line.name, [line]
    for op, reads in (("Rearrange", (x,)), ("RearrangeLike", (x, like))):
        if None not in reads:
            try:
                made = operator(op).model_validate({"pattern": pattern})
                fits = all(
                    made.output_shape(*(_shape_of(draft, str(r), before) for r in reads))
                    == draft.shapes[pair.node.name]
                    for draft in (pair.one, pair.two)
                )
            except (ValueError, StudioError):
                continue
            if fits:
                own = Node(pair.node.name, made, tuple(str(r) for r in reads))
                return [*before, own] if like in reads else [own]
    return None


def _line_like(pair: Pair) -> Node | None:
    """A row, or a column, as long as what is made: of a map that has so long a side, by the mean over the other."""
    for kept, gone in (("height", "width"), ("width", "height")):
        lengths = [getattr(made, kept) for made in pair.made()]
        if any(getattr(made, gone) != 1 for made in pair.made()) or lengths[0] == lengths[1]:
            continue
        for name in reversed(pair.before):
            if [getattr(size, kept) for size in pair.sizes(name)] == lengths:
                return named(pair, "Mean", name, name=f"{pair.node.name}.like", dim=gone)
    return None


def _shape_of(draft: Draft, name: str, new: Sequence[Node]) -> Shape:
    """Of a layer of the draft, or of one that is put before it."""
    made = next((node for node in new if node.name == name), None)
    return draft.shapes[name] if made is None else made.op.output_shape(draft.shapes[made.inputs[0]])


def _group(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"({' '.join(words)})" if words else "1"


_MOST_PARTS = 16


def _cropped(pair: Pair) -> list[Node] | None:
    """To a part of the height or of the width, as a half or the middle: equal parts are taken apart as channels."""
    ops, nodes, read = (pair.node.op.model_dump(), pair.other.model_dump()), list[Node](), pair.node.inputs[0]
    channels, plain = pair.read()[0].channels, dict[str, Any]()
    for side, (before, behind) in enumerate((("top", "bottom"), ("left", "right")), 1):
        ends = [(op[before], op[behind]) for op in ops]
        if ends[0] == ends[1]:
            plain |= {before: ends[0][0], behind: ends[0][1]}
            continue
        found = {_parts(have[side], *end) for have, end in zip(pair.read(), ends, strict=True)}
        first, last, count = found.pop()
        if found or count > _MOST_PARTS:
            return cut_like(pair)
        apart, together = _taken_apart(side, count)
        parts = named(pair, "Rearrange", read, name=f"{pair.node.name}.parts{side}", pattern=apart)
        cut: dict[str, Any] = {"start": first * channels, "end": last * channels}
        nodes += [parts, named(pair, "SliceChannels", parts.name, name=f"{pair.node.name}.part{side}", **cut)]
        if last - first > 1:
            pattern = together.replace(f"a={count}", f"a={last - first}")
            nodes.append(
                named(pair, "Rearrange", nodes[-1].name, name=f"{pair.node.name}.whole{side}", pattern=pattern)
            )
        read = nodes[-1].name
    return [*nodes, named(pair, "Crop", read, **plain)] if any(plain.values()) else _under_its_name(pair, nodes)


def _rolled(pair: Pair) -> list[Node] | None:
    """By a part of the height or of the width, as halves change places."""
    nodes, read, channels = list[Node](), pair.node.inputs[0], pair.read()[0].channels
    shifts = [op.model_dump()["shifts"] for op in (pair.node.op, pair.other)]
    plain = [0, 0]
    for side in (1, 2):
        each = [(shift[side - 1], have[side]) for shift, have in zip(shifts, pair.read(), strict=True)]
        moved = [shift % length for shift, length in each]
        if shifts[0][side - 1] == shifts[1][side - 1]:
            plain[side - 1] = shifts[0][side - 1]
            continue
        parts = {
            (shift // math.gcd(shift, length), length // math.gcd(shift, length))
            for shift, (_, length) in zip(moved, each, strict=True)
        }
        shift, count = parts.pop()
        if parts or count > _MOST_PARTS:
            return None
        apart, together = _taken_apart(side, count)
        first = named(pair, "Rearrange", read, name=f"{pair.node.name}.parts{side}", pattern=apart)
        turn = (count - shift) * channels
        last = named(
            pair, "SliceChannels", first.name, name=f"{pair.node.name}.last{side}", start=turn, end=count * channels
        )
        begin = named(pair, "SliceChannels", first.name, name=f"{pair.node.name}.begin{side}", start=0, end=turn)
        joined = named(pair, "Concat", last.name, begin.name, name=f"{pair.node.name}.joined{side}")
        whole = named(pair, "Rearrange", joined.name, name=f"{pair.node.name}.whole{side}", pattern=together)
        nodes += [first, last, begin, joined, whole]
        read = whole.name
    if any(plain):
        return [*nodes, named(pair, "Roll", read, shifts=tuple(plain))]
    return _under_its_name(pair, nodes)


def _under_its_name(pair: Pair, nodes: list[Node]) -> list[Node]:
    """These layers, the last of which takes the name of the layer that they stand for."""
    return [*nodes[:-1], Node(pair.node.name, nodes[-1].op, nodes[-1].inputs)]


def _taken_apart(side: int, count: int) -> tuple[str, str]:
    """Patterns by which so many parts of the height, or of the width, become channels, and back."""
    axis = "cyx"[side]
    whole = ["c", "y", "x"]
    whole[side] = f"(a={count} {axis})"
    laid = ["(a c)", "y", "x"]
    back = [f"(a={count} c)", "y", "x"]
    return f"{' '.join(whole)} -> {' '.join(laid)}", f"{' '.join(back)} -> {' '.join(whole).replace(f'a={count}', 'a')}"


def _parts(length: int, before: int, behind: int) -> tuple[int, int, int]:
    """The first equal part that is left where ends are taken off, one past the last, and how many parts there are."""
    each = math.gcd(length, before, behind)
    return before // each, (length - behind) // each, length // each


_MEAN = _pooled("Mean", "AdaptiveAvgPool2d")
_AMAX = _pooled("Amax", "AdaptiveMaxPool2d")

RULES: dict[str, Rule] = {
    "Mean": _MEAN,
    "Amax": _AMAX,
    "Upsample": resized,
    "Resize": resized_so,
    "AvgPool2d": _MEAN,
    "MaxPool2d": _AMAX,
    "AdaptiveAvgPool2d": _adaptive,
    "AdaptiveMaxPool2d": _adaptive,
    "Affine": scaled,
    "Crop": _cropped,
    "Roll": _rolled,
    "SliceChannels": past_the_first,
    "GivenMap": _given,
    "Rearrange": _rearranged,
    "Coordinates": _coordinates_of_both,
    "Hardtanh": clamped,
    "Compare": compared,
}
