"""Rectangles whose edges follow a map's sides: a part that is cut out of it, and a mask that is one number in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.io.importers._sizes.counts import number_of
from studio.io.importers._values.pairs import Pair, named
from studio.model.declared.size import Size
from studio.model.networks.node import Node

_SIDES = ((1, "height"), (2, "width"))


def cut_like(pair: Pair) -> list[Node] | None:
    """A part as large as another map, from a row and a column on that follow a side: read there place by place.

    As of rows and columns that were joined to go through one convolution, and are taken apart again.
    """
    a, b = pair.node.op.model_dump(), pair.other.model_dump()
    sizes, x, nodes, axes = [made.size for made in pair.made()], pair.node.inputs[0], list[Node](), []
    like = pair.like(*sizes)
    if like is None:
        # A row that was made a column: that is a map of these sides the other way round.
        turned = pair.like(*(Size(size.width, size.height) for size in sizes))
        if turned is not None:
            nodes.append(named(pair, "Rearrange", turned, name=f"{pair.node.name}.turned", pattern="c y x -> c x y"))
        elif (thin := _one_line(pair)) is not None:
            nodes.append(thin)
        else:
            return None
        like = nodes[-1].name
    for (_, side), key in zip(_SIDES[::-1], ("left", "top"), strict=True):
        at = f"{pair.node.name}.{side}"
        own = named(pair, "Coordinates", like, name=f"{at}.place", axis=side, start=0.5)
        if a[key] == b[key]:
            moved = [named(pair, "Affine", own.name, name=f"{at}.moved", shift=float(a[key]))]
        elif (number := number_of(pair, a[key], b[key], key)) is not None:
            moved = [*number, named(pair, "Add", own.name, number[-1].name, name=f"{at}.moved")]
        else:
            return None
        count = named(pair, "SizeOf", x, name=f"{at}.count", what=side)
        part = named(pair, "Div", moved[-1].name, count.name, name=f"{at}.part")
        axes.append(named(pair, "Affine", part.name, name=f"{at}.grid", scale=2.0, shift=-1.0))
        nodes += [own, *moved, count, part, axes[-1]]
    grid = named(pair, "Concat", *(axis.name for axis in axes), name=f"{pair.node.name}.grid")
    return [*nodes, grid, named(pair, "GridSample", x, grid.name, mode="nearest")]


def _one_line(pair: Pair) -> Node | None:
    """A map as large as a single row or column, or a single place, that is cut out."""
    (read, other), (made, twin) = pair.read(), pair.made()
    thin = [side for side, _ in _SIDES if made[side] == twin[side] == 1]
    whole = [side for side, _ in _SIDES if (made[side], twin[side]) == (read[side], other[side])]
    if len({*thin, *whole}) < 2 or not thin:
        return None
    dim = "space" if len(thin) == 2 else dict(_SIDES)[thin[0]]
    return named(pair, "Amax", pair.node.inputs[0], name=f"{pair.node.name}.line", dim=dim)


def past_the_first(pair: Pair) -> list[Node] | None:
    """All channels from one on, of a map that has more of them the larger the picture is: tokens behind a first one."""
    a, b = pair.node.op.model_dump(), pair.other.model_dump()
    if a["start"] != b["start"] or any(
        op["end"] != read.channels for op, read in zip((a, b), pair.read(), strict=True)
    ):
        return None
    rows = named(pair, "Rearrange", pair.node.inputs[0], name=f"{pair.node.name}.rows", pattern="c y x -> y c x")
    cut = named(pair, "Crop", rows.name, name=f"{pair.node.name}.cut", top=a["start"])
    return [rows, cut, named(pair, "Rearrange", cut.name, pattern="c y x -> y c x")]


def boxed(pair: Pair, maps: list[np.ndarray]) -> list[Node] | None:
    """A map of one number within a rectangle and of another around it."""
    values = np.unique(maps[0])
    if len(maps[0]) != 1 or len(values) != 2 or not np.array_equal(values, np.unique(maps[1])):
        return None
    for inner, outer in (values, values[::-1]):
        boxes = [_box(held[0] == inner) for held in maps]
        if boxes[0] is not None and boxes[1] is not None:
            found = _within(pair, (boxes[0], boxes[1]))
            if found is not None:
                scale = named(pair, "Affine", found[-1].name, scale=float(inner) - float(outer), shift=float(outer))
                return [*found, scale]
    return None


def _box(mask: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and last but one row and column of what a mask holds; None where that is no rectangle."""
    lines: list[NDArray[np.bool_]] = [np.asarray(mask.any(1)), np.asarray(mask.any(0))]
    (top, bottom), (left, right) = ((int(k.argmax()), len(k) - int(k[::-1].argmax())) for k in lines)
    return ((top, bottom), (left, right)) if mask[top:bottom, left:right].all() else None


def _within(pair: Pair, boxes: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]) -> list[Node] | None:
    """1 in the rectangle, else 0."""
    made, nodes, kept = pair.made(), list[Node](), list[str]()
    like = _like(pair, made[0].size, made[1].size)
    if like is None:
        return None
    for (side, name), one, two in zip(_SIDES, *boxes, strict=True):
        lengths = (made[0][side], made[1][side])
        if (one, two) == ((0, lengths[0]), (0, lengths[1])):
            continue
        at = f"{pair.node.name}.{name}"
        nodes.append(named(pair, "Coordinates", like, name=at, axis=name))
        for how, a, b, whole in (("ge", one[0], two[0], (0, 0)), ("lt", one[1], two[1], lengths)):
            if (a, b) == whole:
                continue
            if (edge := _past(pair, at, how, a - 0.5, b - 0.5)) is None:
                return None
            nodes += edge
            kept.append(nodes[-1].name)
    for k, name in enumerate(kept[1:], 1):
        nodes.append(named(pair, "Mul", nodes[-1].name if k > 1 else kept[0], name, name=f"{pair.node.name}.both{k}"))
    for side, name in _SIDES:
        if nodes and made[0][side] == made[1][side] == 1:
            nodes.append(named(pair, "Amax", nodes[-1].name, name=f"{pair.node.name}.line{side}", dim=name))
    return nodes or None


def _past(pair: Pair, places: str, how: str, one: float, two: float) -> list[Node] | None:
    """1 on one side of an edge."""
    if one == two:
        return [named(pair, "Compare", places, name=f"{places}.{how}", how=how, value=one)]
    number = number_of(pair, one, two, f"{places.rpartition('.')[2]}.{how}.edge")
    if number is None:
        return None
    return [*number, named(pair, "CompareMaps", places, number[-1].name, name=f"{places}.{how}", how=how)]


def _like(pair: Pair, one: Size, two: Size) -> str | None:
    """The nearest map of these sides, where a side of one is as long as any."""
    inputs = [put.name for put in pair.one.inputs]
    for name in [*inputs, *reversed(pair.before)]:
        if all(
            all(side in (1, own) for side, own in zip(wanted, have, strict=True))
            for wanted, have in zip((one, two), pair.sizes(name), strict=True)
        ):
            return name
    return None
