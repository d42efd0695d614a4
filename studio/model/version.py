"""A tensor as it was at some moment, handed on without a copy, and what tells it from others."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.model.layout import Rect, sheet_size, to_sheet
from studio.model.op import Array
from studio.model.size import Size


class Version:
    """A tensor whose values nobody writes to any more: what changes it next changes a copy.

    So a history, an engine and whoever saves may have it at once, however large it is.

    Args:
        values: in the tensor's own shape.
        differing: in how many places they differ from the trained ones in any bit; None where nobody has looked.
        mark: by how much their `total_of` is another than the trained ones'; two versions hardly ever share it unless
            they are alike in every bit. None where nobody has looked.
    """

    __slots__ = ("__weakref__", "differing", "mark", "values")

    def __init__(self, values: Array, differing: int | None = None, mark: int | None = None) -> None:
        self.values, self.differing, self.mark = values, differing, mark

    @classmethod
    def measured(cls, values: Array, trained: Array, total: int) -> Version:
        """With all that is to be known of it, which takes 20 ms for ten million weights; in any thread.

        Args:
            values: in the tensor's own shape.
            trained: as it was trained.
            total: `total_of` that.
        """
        return cls(values, differing(values, trained), (total_of(values) - total) % TWO_64)

    def is_like(self, other: Version) -> bool | None:
        """Whether both are alike in every bit, as far as that is known of them; None where one must look."""
        if self.values is other.values or self.differing == other.differing == 0:
            return True
        for one, two in ((self.differing, other.differing), (self.mark, other.mark)):
            if one is not None and two is not None and one != two:
                return False
        return True if self.mark is not None and other.mark is not None else None


def differing(one: Array, other: Array) -> int:
    """In how many places two tensors of one shape differ in any bit: NaN is what it is, and -0 is not 0."""
    if one is other:
        return 0
    words = (np.ascontiguousarray(each, np.float32).view(np.uint32) for each in (one, other))
    return int(np.count_nonzero(np.not_equal(*words)))


def total_of(values: Array) -> int:
    """`sum_of` a whole tensor."""
    sheet = sheet_size(values.shape)
    return sum_of(to_sheet(values), Rect(0, 0, *sheet), sheet)


TWO_64 = 1 << 64


def sum_of(values: Array, rect: Rect, sheet: Size) -> int:
    """The bits of a rectangle of a sheet of this size, times a random number of each row and column, modulo 2^64.

    What is changed can be taken off and added, so a dab need not go over the whole tensor.
    """
    rows, columns = _keys(*sheet)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    lines = np.einsum("yx,x->y", bits, columns[rect.x : rect.x + rect.width])
    return int(rows[rect.y : rect.y + rect.height] @ lines)


@cache
def _keys(height: int, width: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(0)
    return rng.integers(1, 1 << 64, height, np.uint64), rng.integers(1, 1 << 64, width, np.uint64)
