"""Which kernels of a filter sheet an edit may change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Selection:
    """Which kernels of a weight an edit may change.

    Attributes:
        mask: (rows, columns) of the weight's kernel grid, true where selected; kept as a read-only copy.
    """

    mask: Mask

    def __post_init__(self) -> None:
        mask = np.array(self.mask, np.bool_)
        if mask.ndim != 2:
            raise ValueError(f"a selection has rows and columns, not {mask.ndim} axes")
        mask.flags.writeable = False
        object.__setattr__(self, "mask", mask)

    @classmethod
    def everything(cls, shape: tuple[int, ...]) -> Selection:
        """Every kernel of a tensor of this shape."""
        return cls(np.ones(kernel_grid(shape)[:2], np.bool_))

    @classmethod
    def rows(cls, shape: tuple[int, ...], indices: Iterable[int]) -> Selection:
        """Whole rows of the grid; StudioError for one that is not there."""
        rows, columns = kernel_grid(shape)[:2]
        mask = np.zeros((rows, columns), np.bool_)
        mask[_checked(indices, rows, "row"), :] = True
        return cls(mask)

    @classmethod
    def columns(cls, shape: tuple[int, ...], indices: Iterable[int]) -> Selection:
        """Whole columns of the grid; StudioError for one that is not there."""
        rows, columns = kernel_grid(shape)[:2]
        mask = np.zeros((rows, columns), np.bool_)
        mask[:, _checked(indices, columns, "column")] = True
        return cls(mask)

    @classmethod
    def rectangle(cls, shape: tuple[int, ...], top: int, left: int, height: int, width: int) -> Selection:
        """The kernels of a rectangle of the grid, its part outside cut off; StudioError where nothing is left."""
        mask = np.zeros(kernel_grid(shape)[:2], np.bool_)
        mask[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
        if not mask.any():
            rows, columns = mask.shape
            raise StudioError(
                f"The rectangle at row {top}, column {left}, of {height}×{width} kernels holds none of the "
                f"{rows}×{columns} that there are; draw it over some."
            )
        return cls(mask)

    @classmethod
    def kernels(cls, shape: tuple[int, ...], places: Iterable[tuple[int, int]]) -> Selection:
        """Single kernels by row and column of the grid; StudioError for one that is not there."""
        mask = np.zeros(kernel_grid(shape)[:2], np.bool_)
        found = list(places)
        rows = _checked((row for row, _ in found), mask.shape[0], "row")
        columns = _checked((column for _, column in found), mask.shape[1], "column")
        mask[rows, columns] = True
        return cls(mask)

    @classmethod
    def random(cls, shape: tuple[int, ...], n: int, seed: int) -> Selection:
        """``n`` kernels drawn by a seed; all where there are no more."""
        rows, columns = kernel_grid(shape)[:2]
        mask = np.zeros(rows * columns, np.bool_)
        mask[np.random.default_rng(seed).permutation(mask.size)[: _counted(n)]] = True
        return cls(mask.reshape(rows, columns))

    @classmethod
    def strongest(cls, tensor: Array, n: int) -> Selection:
        """The ``n`` kernels of largest L2 norm, the first ones among equals; all where there are no more."""
        return cls._by_norm(tensor, n, -1.0)

    @classmethod
    def weakest(cls, tensor: Array, n: int) -> Selection:
        """The ``n`` kernels of smallest L2 norm, the first ones among equals; all where there are no more."""
        return cls._by_norm(tensor, n, 1.0)

    @classmethod
    def _by_norm(cls, tensor: Array, n: int, sign: float) -> Selection:
        grid = kernel_grid(tensor.shape)
        norms = np.linalg.norm(tensor.reshape(grid[0] * grid[1], -1).astype(np.float64), axis=1)
        mask = np.zeros(grid[0] * grid[1], np.bool_)
        mask[np.argsort(sign * norms, kind="stable")[: _counted(n)]] = True
        return cls(mask.reshape(grid[:2]))

    def invert(self) -> Selection:
        """Every other kernel."""
        return Selection(~self.mask)

    def __or__(self, other: Selection) -> Selection:
        """The kernels of either; StudioError where the other is of another grid."""
        return Selection(self.mask | self._alike(other).mask)

    def __and__(self, other: Selection) -> Selection:
        """The kernels of both; StudioError where the other is of another grid."""
        return Selection(self.mask & self._alike(other).mask)

    def __sub__(self, other: Selection) -> Selection:
        """The kernels of this one that the other has not; StudioError where the other is of another grid."""
        return Selection(self.mask & ~self._alike(other).mask)

    def _alike(self, other: Selection) -> Selection:
        if self.mask.shape != other.mask.shape:
            a, b = ("×".join(map(str, mask.shape)) for mask in (self.mask, other.mask))
            raise StudioError(f"Selections of {a} and of {b} kernels cannot be combined; select in one tensor.")
        return other

    @property
    def count(self) -> int:
        """Kernels selected."""
        return int(self.mask.sum())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and np.array_equal(self.mask, other.mask)

    def __hash__(self) -> int:
        return hash((self.mask.shape, self.mask.tobytes()))

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise StudioError unless this selects at least one kernel of a tensor of such a shape."""
        grid = kernel_grid(shape)[:2]
        if self.mask.shape != grid:
            have = "×".join(map(str, self.mask.shape))
            raise StudioError(
                f"The selection is of a grid of {have} kernels, but this tensor has {grid[0]}×{grid[1]}; select anew."
            )
        if not self.mask.any():
            raise StudioError("No filter is selected; select at least one.")

    def bounds(self) -> tuple[slice, slice]:
        """The smallest block of rows and columns that holds all that is selected; something must be."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _checked(indices: Iterable[int], size: int, what: str) -> list[int]:
    found = list(indices)
    for index in found:
        if not 0 <= index < size:
            raise StudioError(f"There is no {what} {index} of kernels; they are numbered 0 to {size - 1}.")
    return found


def _counted(n: int) -> int:
    if n < 0:
        raise StudioError(f"{n} kernels cannot be selected; give 0 or more.")
    return n
