"""Values of a traced model: constants, and views of a layer's map.

A file says reshape, transpose, concatenate and slice where a person said pixel shuffle or nearest upsampling. Here
such moves are run on the numbers of the pixels instead of on their values; `_meanings/seen.py` tells which.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.model.networks.shape import Shape

Index = NDArray[np.int32]
Numbers = NDArray[np.generic]

_MOST_ELEMENTS = 2**28


@dataclass(frozen=True)
class Value:
    """What an operator of the file reads or makes.

    Attributes:
        shape: as the file has it, batch and all.
        node: the layer whose map this shows; empty for a constant.
        index: which element of that map each element is; None where they are all of them, in order.
        constant: the numbers of a constant.
        origin: what the file calls a constant.
    """

    shape: tuple[int, ...]
    node: str = ""
    index: Index | None = None
    constant: Numbers | None = None
    origin: tuple[str, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether its numbers are known."""
        return self.constant is not None

    def weight(self) -> Weight:
        """A constant as the tensor of a layer."""
        if self.constant is None:
            raise StudioError("its weights are computed from its input, which the studio's layers cannot do.")
        return Weight(np.ascontiguousarray(self.constant, np.float32), self.origin)


def constant(values: object, *origin: str) -> Value:
    """A constant of the file."""
    array = np.asarray(values)
    return Value(array.shape, constant=array, origin=origin)


def shown(node: str, shape: tuple[int, ...]) -> Value:
    """A layer's whole map, in order, in the file's shape."""
    return Value(shape, node)


def move(draft: Draft, value: Value, how: Callable[[Numbers], Numbers]) -> Value:
    """What becomes of a value when its elements are rearranged, repeated or left out."""
    if value.constant is not None:
        moved = how(value.constant)
        # Of a weight that was only turned round, the file's name stays.
        return Value(moved.shape, constant=moved, origin=value.origin if moved.size == value.constant.size else ())
    before = numbers(draft, value)
    after = np.asarray(how(before), np.int32)
    whole = after.size == math.prod(draft.shapes[value.node])
    return Value(after.shape, value.node, None if whole and _counts_up(after) else after)


def _counts_up(index: Index) -> bool:
    flat = index.ravel()
    return np.array_equal(flat, counted(flat.size))


def within(numbers: Numbers, axis: int, cut: slice) -> Numbers:
    """A part along one axis."""
    return numbers[(slice(None),) * (axis % numbers.ndim) + (cut,)]


def first(draft: Draft, value: Value) -> Value:
    """(1, H, W, C) as (1, C, H, W)."""
    return move(draft, value, lambda a: a.transpose(0, 3, 1, 2))


def last(draft: Draft, value: Value) -> Value:
    """(1, C, H, W) as (1, H, W, C)."""
    return move(draft, value, lambda a: a.transpose(0, 2, 3, 1))


def is_last(draft: Draft, value: Value) -> bool:
    """Whether it is a layer's whole map with its channels moved last."""
    if value.index is None or len(value.shape) != 4 or value.shape[0] != 1:
        return False
    channels, height, width = draft.shapes[value.node]
    return value.shape[1:] == (height, width, channels) and first(draft, value).index is None


def reshaped(value: Value, shape: tuple[int, ...]) -> Value:
    """The same elements in the same order; StudioError where their number differs."""
    if math.prod(shape) != math.prod(value.shape):
        raise StudioError(f"it reshapes {value.shape} to {shape}, which has another number of values.")
    index = None if value.index is None else value.index.reshape(shape)
    numbers_ = None if value.constant is None else value.constant.reshape(shape)
    return replace(value, shape=shape, index=index, constant=numbers_)


def numbers(draft: Draft, value: Value) -> Index:
    """For each element, its place in the layer's map."""
    if value.index is not None:
        return value.index
    count = math.prod(draft.shapes[value.node])
    if count > _MOST_ELEMENTS:
        raise StudioError("its input is too large to be traced; give a smaller --input-size.")
    return counted(count).reshape(value.shape)


@lru_cache(4)
def counted(count: int) -> Index:
    """The numbers from 0 on, so many."""
    places = np.arange(count, dtype=np.int32)
    places.flags.writeable = False
    return places


def target_shape(value: Value) -> Shape:
    """The map that a value of (1, C, H, W) or (1, C) would be."""
    if value.shape[:1] != (1,) or len(value.shape) not in (2, 4):
        raise StudioError(
            f"it works on values of shape {value.shape}; the studio's layers take maps of (1, channels, height, width) "
            "and vectors of (1, values), one picture at a time."
        )
    return Shape(*value.shape[1:]) if len(value.shape) == 4 else Shape(value.shape[1], 1, 1)
