"""What a size froze, read as what it means: the same model, traced at two sizes, tells which of its numbers follow it.

Two drafts of one model have the same layers. A parameter that differs between them was worked out from the size: a map
that is resized to another's size, a window as large as the map, a division by the number of pixels, coordinates, axes
that are taken apart. Each such layer becomes the operator that follows the size by itself; where there is none, the
model is one of the size that it was traced for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.model.graph import Node
from studio.model.op import Op, Shape
from studio.ops import operator
from studio.ops.rearrange import parsed

Sides = tuple[int, int]


@dataclass
class Pair:
    """One layer in both drafts, and what may be put in its place.

    Attributes:
        one: the draft that is kept.
        two: the same model at another size.
        ops: the layer's operator in each.
        node: the layer.
        before: names of all inputs and layers before it, the nearest last.
        tensors: the tensors of the layer that is put in its place, where they are not its own.
    """

    one: Draft
    two: Draft
    node: Node
    other: Op
    before: list[str]
    tensors: dict[str, Weight] = field(default_factory=dict)

    def sizes(self, name: str) -> tuple[Sides, Sides]:
        """(height, width) of a map in both."""
        return self.one.shapes[name][1:], self.two.shapes[name][1:]

    def read(self) -> tuple[Shape, Shape]:
        """Shape of what the layer reads, in both."""
        name = self.node.inputs[0]
        return self.one.shapes[name], self.two.shapes[name]

    def made(self) -> tuple[Shape, Shape]:
        """Shape of what it makes, in both."""
        return self.one.shapes[self.node.name], self.two.shapes[self.node.name]

    def like(self, *sizes: Sides) -> str | None:
        """The nearest map that has these sizes in both; the picture itself before all others."""
        inputs = [i.name for i in self.one.inputs]
        return next((n for n in [*inputs, *reversed(self.before)] if self.sizes(n) == sizes), None)


Rule = Callable[[Pair], "list[Node] | None"]
"""The layers that mean the same at every size, of which the last takes the layer's name; None where there are none."""


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
            weights |= {f"{node.name}.{key}": weight for key, weight in pair.tensors.items()}
        before.append(node.name)
    merged = Draft(one.inputs, nodes, weights, shapes, one.notes, two.draws, one.others)
    for draft in (one, two):
        if (wrong := _first_wrong(merged, draft)) is not None:
            return one, wrong
    return merged, ""


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


def _named(pair: Pair, op: str, *reads: str, name: str = "", **params: object) -> Node:
    return Node(name or pair.node.name, operator(op).model_validate(params), reads)


# -- the rules ----------------------------------------------------------------------------------------------------


def _resized(pair: Pair) -> list[Node] | None:
    """To the size of another map, or by a factor."""
    (a, b), (read_a, read_b), said = pair.made(), pair.read(), pair.node.op.model_dump()
    how = {"mode": said["mode"], "align_corners": said["align_corners"]}
    if (like := pair.like(a[1:], b[1:])) is not None:
        return [_named(pair, "UpsampleLike", pair.node.inputs[0], like, **how)]
    whole = all(a[k] * read_b[k] == b[k] * read_a[k] for k in (1, 2))
    if whole:
        factor = (a.height / read_a.height, a.width / read_a.width)
        return [_named(pair, "Upsample", pair.node.inputs[0], scale_factor=factor, **how)]
    return None


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
            return [_named(pair, kind, x, dim="space")]
        counts = []
        for op, read in zip(ops, reads, strict=True):
            kernel, stride = tuple(op["kernel_size"]), tuple(op["stride"])
            even = all(side % k == 0 for side, k in zip(read[1:], kernel, strict=True))
            if not plain or kernel != stride or not even:
                return None
            counts.append((read.height // kernel[0], read.width // kernel[1]))
        return [_named(pair, adaptive, x, output_size=counts[0])] if counts[0] == counts[1] else None

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
    return [_named(pair, type(pair.node.op).__name__, pair.node.inputs[0], divisor=divisors[0])]


_COUNTS: dict[str, Callable[[Sides], int]] = {
    "pixels": lambda side: side[0] * side[1],
    "height": lambda side: side[0],
    "width": lambda side: side[1],
}


def _scaled(pair: Pair) -> list[Node] | None:
    """By a number of pixels, or divided by it, or by one less, as of an unbiased variance."""
    a, b = pair.node.op.model_dump(), pair.other.model_dump()
    if a["shift"] != b["shift"] or a["shift"] != 0:
        return None
    for name, what, counts in _counted(pair):
        for power in (-1.0, 1.0, -0.5, 0.5):
            parts = [op["scale"] / n**power for op, n in zip((a, b), counts, strict=True)]
            if _close(*parts):
                return _by_count(pair, name, what, parts[0], power)
        if min(counts) > 1 and all(_close(op["scale"], n / (n - 1)) for op, n in zip((a, b), counts, strict=True)):
            size = _named(pair, "SizeOf", name, name=f"{pair.node.name}.size", what=what)
            less = _named(pair, "Affine", size.name, name=f"{pair.node.name}.less", shift=-1.0)
            part = _named(pair, "Div", size.name, less.name, name=f"{pair.node.name}.part")
            return [size, less, part, _named(pair, "Mul", pair.node.inputs[0], part.name)]
    return None


def _by_count(pair: Pair, name: str, what: str, factor: float, power: float) -> list[Node]:
    size = _named(pair, "SizeOf", name, name=f"{pair.node.name}.size", what=what)
    raised = _named(pair, "Pow", size.name, name=f"{pair.node.name}.power", exponent=power)
    scale = _named(pair, "Affine", raised.name, name=f"{pair.node.name}.scale", scale=factor)
    return [size, raised, scale, _named(pair, "Mul", pair.node.inputs[0], scale.name)]


def _counted(pair: Pair) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """What may have been counted: pixels, rows and columns of every map before, the nearest first."""
    seen = set()
    for name in reversed(pair.before):
        sizes = pair.sizes(name)
        if sizes not in seen and sizes[0] != sizes[1]:
            seen.add(sizes)
            for what, count in _COUNTS.items():
                yield name, what, (count(sizes[0]), count(sizes[1]))


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6)


def _given(pair: Pair) -> list[Node] | None:
    """Coordinates, channel by channel; or the mask of windows that were shifted."""
    name = pair.node.name
    maps = [draft.weights[f"{name}.map"].values[:, 0] for draft in (pair.one, pair.two)]
    from studio.io.importers._window_mask import masked

    if (mask := masked(pair, maps)) is not None:
        return mask
    if len(maps[0]) != len(maps[1]):
        return None
    lines = [_coordinates(pair, one, two) for one, two in zip(*maps, strict=True)]
    if any(line is None for line in lines) or not lines:
        return None
    made = [
        _named(pair, "Coordinates", line[0], name=name if len(lines) == 1 else f"{name}.{k}", **line[1])
        for k, line in enumerate(lines)
        if line is not None
    ]
    return made if len(made) == 1 else [*made, _named(pair, "Concat", *(node.name for node in made))]


def _coordinates(pair: Pair, one: np.ndarray, two: np.ndarray) -> tuple[str, dict[str, object]] | None:
    """One channel as numbers that go up evenly along one side: the map that it is as large as, and the parameters."""
    for axis, side in ((0, "height"), (1, "width")):
        lines = [np.moveaxis(held, axis, 0) for held in (one, two)]
        if any(line.shape[0] < 2 or not np.allclose(line, line[:, :1], atol=1e-6) for line in lines):
            continue
        (n, m), heads = (len(line) for line in lines), [line[:, 0].astype(np.float64) for line in lines]
        steps = [float(head[-1] - head[0]) / (len(head) - 1) for head in heads]
        even = (head[0] + step * np.arange(len(head)) for head, step in zip(heads, steps, strict=True))
        like = next((k for k in reversed(pair.before) if _sides(pair, k, axis) == (n, m)), None)
        if like is None or not all(np.allclose(h, e, atol=1e-5) for h, e in zip(heads, even, strict=True)):
            continue
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
                said = {"axis": side, "start": start, "step": whole[0], "per": per, "offset": round(offset, 6)}
                return like, said
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
    like = pair.like(pair.made()[0][1:], pair.made()[1][1:])
    for op, reads in (("Rearrange", (x,)), ("RearrangeLike", (x, like))):
        if None not in reads:
            try:
                made = operator(op).model_validate({"pattern": pattern})
                fits = all(
                    made.output_shape(*(draft.shapes[str(r)] for r in reads)) == draft.shapes[pair.node.name]
                    for draft in (pair.one, pair.two)
                )
            except (ValueError, StudioError):
                continue
            if fits:
                return [Node(pair.node.name, made, tuple(str(r) for r in reads))]
    return None


def _group(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"({' '.join(words)})" if words else "1"


_MEAN = _pooled("Mean", "AdaptiveAvgPool2d")
_AMAX = _pooled("Amax", "AdaptiveMaxPool2d")

RULES: dict[str, Rule] = {
    "Mean": _MEAN,
    "Amax": _AMAX,
    "Upsample": _resized,
    "AvgPool2d": _MEAN,
    "MaxPool2d": _AMAX,
    "AdaptiveAvgPool2d": _adaptive,
    "AdaptiveMaxPool2d": _adaptive,
    "Affine": _scaled,
    "GivenMap": _given,
    "Rearrange": _rearranged,
}
