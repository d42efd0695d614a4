"""The mask of attention in windows that were shifted, told from what it holds at two sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from studio.io.importers._draft import Weight
from studio.io.importers._values.pairs import Pair, named
from studio.model.declared.size import Size
from studio.model.networks.node import Node
from studio.ops import operator
from studio.ops.window_mask import mask_of

_MOST_HEADS = 32


def masked(pair: Pair, maps: list[NDArray[np.float32]]) -> list[Node] | None:
    """`WindowMask`, where a given map of (keys, windows and heads, queries) is one at both sizes."""
    keys, _, queries = maps[0].shape
    if keys != queries or maps[1].shape[0] != keys:
        return None
    values = np.unique(maps[0])
    if len(values) != 2:
        return _beside_a_bias(pair, maps)
    for window in _windows(keys):
        for picture in dict.fromkeys(pair.sizes(name) for name in pair.before):
            counts = [[s // w for s, w in zip(side, window, strict=True)] for side in picture]
            if any(s % w for side in picture for s, w in zip(side, window, strict=True)):
                continue
            heads = {held.shape[1] / math.prod(n) for held, n in zip(maps, counts, strict=True)}
            if len(heads) != 1 or (each := heads.pop()) < 1 or each % 1:
                continue
            found = _shift(maps, picture, window, int(each), values)
            if found is None:
                continue
            like = pair.like(*picture)
            assert like is not None
            rows = pair.made()[0].height
            said: dict[str, object] = {"window": window, "shift": found[0], "heads": int(each), "value": found[1]}
            said["repeats"] = rows // maps[0].shape[1]
            return [Node(pair.node.name, operator("WindowMask").model_validate(said), (like,))]
    return None


def _beside_a_bias(pair: Pair, maps: list[NDArray[np.float32]]) -> list[Node] | None:
    """A mask that was added to a bias, which is the same in each window: two layers, added up.

    Nothing of the first window is masked, so that it holds the bias alone, head by head.
    """
    keys = maps[0].shape[0]
    if pair.made()[0].height != maps[0].shape[1] or keys < 4:
        return None
    for heads in range(1, _MOST_HEADS + 1):
        if any(held.shape[1] % heads for held in maps):
            continue
        bias = maps[0][:, :heads]
        rest = [held - np.tile(bias, (1, held.shape[1] // heads, 1)) for held in maps]
        rest = [np.where(np.abs(each) < 1e-3, 0, each).round(3).astype(np.float32) for each in rest]
        if len(np.unique(rest[0])) != 2 or not np.array_equal(np.unique(rest[0]), np.unique(rest[1])):
            continue
        if (mask := masked(pair, rest)) is None:
            continue
        name = pair.node.name
        # As many rows as the mask has, head after head.
        spread = Node(f"{name}.mask", mask[0].op, mask[0].inputs)
        given = {"channels": keys, "height": heads, "width": keys, "repeat": True, "fixed": True}
        bias_of_all = named(pair, "GivenMap", spread.name, name=f"{name}.bias", **given)
        pair.others[f"{name}.bias.map"] = Weight(np.ascontiguousarray(bias)[:, None])
        return [spread, bias_of_all, named(pair, "Add", spread.name, bias_of_all.name)]
    return None


def _windows(count: int) -> Iterator[Size]:
    side = math.isqrt(count)
    if side * side == count:
        yield Size(side, side)
    yield from (Size(h, count // h) for h in range(2, count // 2 + 1) if count % h == 0 and h * h != count)


def _shift(
    maps: list[NDArray[np.float32]],
    picture: tuple[Size, Size],
    window: Size,
    heads: int,
    values: NDArray[np.float32],
) -> tuple[tuple[int, int], float] | None:
    """Half a window most often, down, across or both."""
    (h, w), value = window, float(values[np.abs(values).argmax()])
    for shift in dict.fromkeys([(h // 2, w // 2), (h // 2, 0), (0, w // 2)]):
        wanted = (mask_of(side, window, shift, heads) for side in picture)
        if all(np.array_equal(m * np.float32(value), held) for m, held in zip(wanted, maps, strict=True)):
            return shift, value
    return None
