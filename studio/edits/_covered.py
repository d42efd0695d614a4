"""How much of each weight a stroke has covered so far, in memory that grows with what it has reached."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.edits._cover import Cover
from studio.model.networks.layout import Rect

_SIDE = 128
_AREA = _SIDE * _SIDE
"""Weights of a block: 128 KB."""


class Covered:
    """A sheet of covers, zero at first, in blocks that are made when a stroke first reaches them.

    One array for all of it would be twice as large as the tensor, and the system clears new memory of that size in
    pages of 2 MB: where a row of the sheet is as long as a few of them are, a dot that reaches a hundred rows had
    20 MB cleared, and the hand waited.

    Args:
        height: of the sheet, in weights.
        width: the same.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        down = max(min(height, _SIDE), min(height, _AREA // min(width, _SIDE)))
        self._side = down, max(1, min(width, _AREA // down))
        self._blocks: dict[tuple[int, int], Cover] = {}

    @property
    def nbytes(self) -> int:
        """Bytes that are held."""
        return sum(block.nbytes for block in self._blocks.values())

    def at(self, rect: Rect) -> Cover:
        """A rectangle of it, as it is now: a copy."""
        found = np.zeros((rect.height, rect.width))
        for key, here, there in self._parts(rect):
            block = self._blocks.get(key)
            if block is not None:
                found[here] = block[there]
        return found

    def adds(self, rect: Rect, cover: Cover) -> bool:
        """Whether a cover of a rectangle is more anywhere than what is there."""
        for key, here, there in self._parts(rect):
            block = self._blocks.get(key)
            if (cover[here] > (0.0 if block is None else block[there])).any():
                return True
        return False

    def add(self, rect: Rect, cover: Cover) -> None:
        """Keep at each place of a rectangle the larger of two covers."""
        for key, here, there in self._parts(rect):
            if key not in self._blocks:
                self._blocks[key] = np.zeros(self._side)
            known = self._blocks[key][there]
            np.maximum(known, cover[here], out=known)

    def _parts(self, rect: Rect) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
        """The blocks that a rectangle reaches: which, and where it lies in the rectangle and the rectangle in it."""
        height, width = self._side
        for row in range(rect.y // height, -(-(rect.y + rect.height) // height)):
            top, bottom = max(rect.y, row * height), min(rect.y + rect.height, (row + 1) * height)
            for column in range(rect.x // width, -(-(rect.x + rect.width) // width)):
                left, right = max(rect.x, column * width), min(rect.x + rect.width, (column + 1) * width)
                here = slice(top - rect.y, bottom - rect.y), slice(left - rect.x, right - rect.x)
                there = (
                    slice(top - row * height, bottom - row * height),
                    slice(left - column * width, right - column * width),
                )
                yield (row, column), here, there
