"""What an edit of filters is: declared parameters, and a pure function from weights and a selection to a patch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.layout import Rect, kernel_grid, put, to_sheet
from studio.model.op import Array
from studio.model.param import Declared

Kernels = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LARGEST = float(np.finfo(np.float32).max)


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
    def strongest(cls, tensor: Array, n: int) -> Selection:
        """The ``n`` kernels of largest L2 norm, the first ones among equals; all where there are no more."""
        return cls._by_norm(tensor, n, -1.0)

    @classmethod
    def weakest(cls, tensor: Array, n: int) -> Selection:
        """The ``n`` kernels of smallest L2 norm, the first ones among equals; all where there are no more."""
        return cls._by_norm(tensor, n, 1.0)

    @classmethod
    def _by_norm(cls, tensor: Array, n: int, sign: float) -> Selection:
        if n < 0:
            raise StudioError(f"{n} kernels cannot be selected; give 0 or more.")
        grid = kernel_grid(tensor.shape)
        norms = np.linalg.norm(tensor.reshape(grid[0] * grid[1], -1).astype(np.float64), axis=1)
        mask = np.zeros(grid[0] * grid[1], np.bool_)
        mask[np.argsort(sign * norms, kind="stable")[:n]] = True
        return cls(mask.reshape(grid[:2]))

    def invert(self) -> Selection:
        """Every other kernel."""
        return Selection(~self.mask)

    @property
    def count(self) -> int:
        """Kernels selected."""
        return int(self.mask.sum())

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


@dataclass(frozen=True, eq=False)
class Patch:
    """New values for a rectangle of a filter sheet.

    Attributes:
        rect: where, in weights.
        values: (rect.height, rect.width) float32.
    """

    rect: Rect
    values: Array

    def applied(self, tensor: Array) -> Array:
        """A copy of the tensor, C-contiguous, with this patch in it."""
        changed = np.array(tensor, order="C")
        put(changed, self.rect, self.values)
        return changed


class Edit(Declared):
    """One edit of filters, with its parameters.

    A subclass in ``studio/edits`` is all there is to an edit: its label and docstring make the menu entry, its
    parameters the form, and a generated test runs it on every kind of tensor. Vectors (biases) are edited as one row
    of 1×1 kernels.
    """

    label: ClassVar[str]
    """What menus and the undo list call it."""

    def apply(self, tensor: Array, selection: Selection) -> Patch:
        """What the edit makes of the selected kernels; all others keep their weights bit for bit.

        Args:
            tensor: float32 of one, two or four axes; not changed.
            selection: over the tensor's kernel grid.

        Returns:
            The smallest block of whole kernels that holds the selection. Results beyond float32's range become its
            largest values: finite weights stay finite.

        Raises:
            StudioError: where nothing is selected, the selection is of another grid, or the edit cannot work on
                kernels of this size.
        """
        selection.check(tensor.shape)
        rows, columns = selection.bounds()
        _, _, kh, kw = grid = kernel_grid(tensor.shape)
        block, selected = tensor.reshape(grid)[rows, columns], selection.mask[rows, columns]
        changed = saturated(self.change(block.astype(np.float64), selected))
        values = to_sheet(np.where(selected[:, :, None, None], changed, block))
        return Patch(Rect(rows.start * kh, columns.start * kw, *values.shape), values)

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """The rule of the edit.

        Args:
            kernels: (rows, columns, kh, kw), a copy of the block around the selection, in float64.
            selected: (rows, columns) of that block; what is returned for the other kernels is ignored.

        Returns:
            The new kernels, of the same shape; may be ``kernels``, changed in place.
        """
        raise NotImplementedError


def saturated(values: NDArray[np.float64]) -> Array:
    """To float32, what lies beyond its range becoming its largest finite values."""
    return np.clip(values, -_LARGEST, _LARGEST).astype(np.float32)
