"""Where the kernels of a tensor lie on the stage: in which order, and folded to the shape of the panel.

A sheet of 256 × 64 kernels is four times as high as wide. Folded once it lies in two blocks side by side, a blank
column of cells between them, and each kernel is drawn twice as large::

    0 ......... 63            0 ......... 63    0 ......... 63
    row 0                     row 0             row 128
    row 1                     row 1             row 129
    ...                ->     ...               ...
    row 255                   row 127           row 255

Wide sheets are folded the other way, one block below the other. A cell holds one kernel or is blank. What is painted
in cells side by side, though their kernels lie far apart in the tensor, is one stroke.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size
from studio.model.filters.edit import Mask, Patch
from studio.model.networks.layout import Rect
from studio.model.networks.shape import Array

Grid = tuple[int, int, int, int]
"""Rows and columns of kernels, height and width of a kernel."""
Numbers = NDArray[np.int32]
Box = tuple[int, int, int, int]
"""First row of cells, the one after the last, and the same of columns."""

_MOST_BLOCKS = 48
_WORTH = 1.2
"""So many times as large as unfolded a kernel must become for a sheet to be folded."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Cells in rows and columns; each knows the row and the column of its kernel, -1 where it is blank.

    Attributes:
        grid: of the tensor.
        rows: (R, C) the row of the kernel in each cell.
        columns: (R, C) its column.
        blocks: how many blocks there are.
        across: whether blocks lie side by side; else one below the other.
    """

    grid: Grid
    rows: Numbers
    columns: Numbers
    blocks: int = 1
    across: bool = True

    @cached_property
    def is_plain(self) -> bool:
        """Whether every kernel lies where it lies in the tensor."""
        return self.blocks == 1 and bool((self.rows[:, 0] == np.arange(self.grid[0])).all())

    @cached_property
    def blank(self) -> Mask:
        """(R, C), true for cells without a kernel."""
        return np.asarray(self.rows < 0)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return self.rows.shape[0], self.rows.shape[1]

    @property
    def size(self) -> Size:
        """Of all of it, in weights."""
        return Size(self.cells[0] * self.grid[2], self.cells[1] * self.grid[3])

    @property
    def cell_rows(self) -> Numbers:
        """(rows, columns) the row of the cell in which each kernel lies."""
        return self._cell_of[0]

    @property
    def cell_columns(self) -> Numbers:
        """(rows, columns) the column of the cell in which each kernel lies."""
        return self._cell_of[1]

    @cached_property
    def _cell_of(self) -> tuple[Numbers, Numbers]:
        rows, columns, *_ = self.grid
        # One number for each cell's kernel, and one behind the last for blanks: no list of a million places is made.
        kernel = np.multiply(self.rows, columns, dtype=np.intp)
        kernel += self.columns
        kernel[self.blank] = rows * columns
        down, across = np.ogrid[: self.cells[0], : self.cells[1]]
        found = []
        for line in (down, across):
            into = np.zeros(rows * columns + 1, np.int32)
            into[kernel] = line
            found.append(into[:-1].reshape(rows, columns))
        return found[0], found[1]

    # -- places ---------------------------------------------------------------------------------------------------

    def to_sheet(self, y: float, x: float) -> tuple[float, float] | None:
        """The place on the tensor's own sheet, in weights, of a place here; None beside the kernels."""
        cell = self.cell_at(y, x)
        if cell is None or self.blank[cell]:
            return None
        _, _, kh, kw = self.grid
        return (
            y + (int(self.rows[cell]) - cell[0]) * kh,
            x + (int(self.columns[cell]) - cell[1]) * kw,
        )

    def from_sheet(self, y: float, x: float) -> tuple[float, float]:
        """The inverse of `to_sheet`; places beside the sheet go with the nearest kernel."""
        rows, columns, kh, kw = self.grid
        row, column = (
            min(max(math.floor(at / size), 0), count - 1) for at, size, count in ((y, kh, rows), (x, kw, columns))
        )
        down, right = (int(found[row, column]) for found in self._cell_of)
        return y + (down - row) * kh, x + (right - column) * kw

    def cell_at(self, y: float, x: float) -> tuple[int, int] | None:
        """Row and column of the cell at a place, in weights; None where there is none."""
        cell = math.floor(y / self.grid[2]), math.floor(x / self.grid[3])
        inside = 0 <= cell[0] < self.cells[0] and 0 <= cell[1] < self.cells[1]
        return cell if inside else None

    # -- arrays ---------------------------------------------------------------------------------------------------

    def lay(self, kernels: Array) -> Array:
        """(rows, columns, kh, kw) as cells, (R, C, kh, kw); blank ones are zero."""
        return Laid(self, kernels)[:, :]

    def lay_mask(self, mask: Mask, seen: tuple[slice, slice] = (slice(None), slice(None))) -> Mask:
        """Something true or false of each kernel as cells, of these rows and columns; false of blank ones."""
        if self.is_plain:
            return mask[seen]
        if mask.all():
            # A million places are not looked up one by one for what is true of all.
            return ~self.blank[seen]
        return np.asarray(mask[self.rows[seen], self.columns[seen]] & ~self.blank[seen])

    def kernels_of(self, cells: Mask) -> Mask:
        """The kernels in cells, (rows, columns); the inverse of `lay_mask`."""
        found = np.zeros(self.grid[:2], np.bool_)
        there = np.nonzero(cells & ~self.blank)
        found[self.rows[there], self.columns[there]] = True
        return found

    def rects_of(self, rect: Rect) -> Iterator[tuple[Rect, Rect]]:
        """The parts of a rectangle of cells' weights that lie together in the tensor: (here, on its sheet)."""
        if self.is_plain:
            yield rect, rect
            return
        _, _, kh, kw = self.grid
        down = slice(rect.y // kh, -(-(rect.y + rect.height) // kh))
        right = slice(rect.x // kw, -(-(rect.x + rect.width) // kw))
        rows, columns = self.rows[down, right], self.columns[down, right]
        for top, bottom, left, stop in _runs(rows, columns):
            y, x = max(rect.y, (down.start + top) * kh), max(rect.x, (right.start + left) * kw)
            height = min(rect.y + rect.height, (down.start + bottom) * kh) - y
            width = min(rect.x + rect.width, (right.start + stop) * kw) - x
            up = (int(rows[top, left]) - down.start - top) * kh
            over = (int(columns[top, left]) - right.start - left) * kw
            yield Rect(y, x, height, width), Rect(y + up, x + over, height, width)

    def patches_of(self, patch: Patch) -> Iterator[Patch]:
        """What a patch of cells' weights is for the tensor."""
        for here, there in self.rects_of(patch.rect):
            y, x = here.y - patch.rect.y, here.x - patch.rect.x
            values = patch.values[y : y + here.height, x : x + here.width]
            yield Patch(there, np.ascontiguousarray(values))

    def cells_of(self, rect: Rect) -> tuple[Numbers, Numbers]:
        """Rows and columns of the cells whose kernels a rectangle of the tensor's own sheet touches."""
        _, _, kh, kw = self.grid
        down = slice(rect.y // kh, -(-(rect.y + rect.height) // kh))
        right = slice(rect.x // kw, -(-(rect.x + rect.width) // kw))
        return self._cell_of[0][down, right], self._cell_of[1][down, right]

    def around(self, rect: Rect) -> Box | None:
        """The cells around those; None where it touches none."""
        down, across = self.cells_of(rect)
        if not down.size:
            return None
        return int(down.min()), int(down.max()) + 1, int(across.min()), int(across.max()) + 1


@dataclass(frozen=True, eq=False)
class Laid:
    """The kernels of a tensor as cells, laid where they are asked for: a stroke reaches few of millions.

    Attributes:
        arrangement: says where they lie.
        kernels: (rows, columns, kh, kw).
    """

    arrangement: Arrangement
    kernels: Array

    @property
    def shape(self) -> Grid:
        """(R, C, kh, kw)."""
        return (*self.arrangement.cells, *self.arrangement.grid[2:])

    def __getitem__(self, at: tuple[slice, slice]) -> Array:
        """Those of some rows and columns of cells; blank ones are zero. A view where every kernel is in its place."""
        arrangement = self.arrangement
        if arrangement.is_plain:
            return self.kernels[at]
        laid: Array = self.kernels[arrangement.rows[at], arrangement.columns[at]]
        laid[arrangement.blank[at]] = 0
        return laid


def arranged(grid: Grid, view: Size, order: NDArray[np.int64] | None = None) -> Arrangement:
    """The arrangement in which kernels are largest in a view, folded only where that is worth it.

    Args:
        grid: rows and columns of kernels, height and width of a kernel.
        view: that of the view, in any unit.
        order: the rows of the tensor as they are to follow each other; None as they are.
    """
    rows, columns, _, _ = grid
    best, zoom = (1, True), _zoom(grid, view, 1, True)
    plain = zoom
    for across in (True, False):
        for blocks in range(2, min(rows if across else columns, _MOST_BLOCKS) + 1):
            larger = _zoom(grid, view, blocks, across)
            if larger > max(zoom, plain * _WORTH) * 1.001:
                best, zoom = (blocks, across), larger
    return folded(grid, *best, order)


def folded(grid: Grid, blocks: int, across: bool, order: NDArray[np.int64] | None = None) -> Arrangement:
    """The arrangement in so many blocks, side by side or one below the other."""
    rows, columns, _, _ = grid
    order = np.arange(rows) if order is None else order
    if across:
        each = -(-rows // blocks)
        numbers = np.concatenate([order, np.full(blocks * each - rows, -1)]).reshape(blocks, each)
        wide = columns + 1
        row_of = np.full((each, blocks * wide - 1), -1, np.int32)
        column_of = np.zeros_like(row_of)
        for block in range(blocks):
            place = slice(block * wide, block * wide + columns)
            row_of[:, place] = numbers[block][:, None]
            column_of[:, place] = np.arange(columns)
    else:
        each = -(-columns // blocks)
        row_of = np.full((blocks * (rows + 1) - 1, each), -1, np.int32)
        column_of = np.zeros_like(row_of)
        for block in range(blocks):
            # Of more blocks than are needed the last are blank.
            count = max(0, min(each, columns - block * each))
            down = slice(block * (rows + 1), block * (rows + 1) + rows)
            row_of[down, :count] = order[:, None]
            column_of[down, :count] = block * each + np.arange(count)
    return Arrangement(grid, row_of, column_of, blocks, across)


def _zoom(grid: Grid, view: Size, blocks: int, across: bool) -> float:
    rows, columns, kh, kw = grid
    if across:
        tall, wide = -(-rows // blocks), blocks * (columns + 1) - 1
    else:
        tall, wide = blocks * (rows + 1) - 1, -(-columns // blocks)
    return min(view.width / (wide * kw), view.height / (tall * kh))


def _runs(rows: Numbers, columns: Numbers) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles of cells, (top, bottom, left, right), within which both numbers go on by one from cell to cell."""
    # Blocks are told by a row that has kernels in all of them.
    full = int(np.argmax((rows >= 0).sum(axis=1)))
    apart = (np.diff(columns, axis=1) != 1) | (np.diff(rows, axis=1) != 0)
    # Of cards, neighbours in that row need not be neighbours in the others.
    kernels = (rows[:, 1:] >= 0) & (rows[:, :-1] >= 0)
    edges = np.flatnonzero(apart[full] | (apart & kernels).any(axis=0)) + 1
    bounds = [0, *(int(edge) for edge in edges), rows.shape[1]]
    for left, right in pairwise(bounds):
        first, second = rows[:, left], columns[:, left]
        # A block that is not full ends sooner in its last row or column.
        breaks = (np.diff(first) != 1) | (np.diff(second) != 0) | (first[1:] < 0) | (first[:-1] < 0)
        tops = [0, *(int(k) + 1 for k in np.flatnonzero(breaks)), len(first)]
        for top, bottom in pairwise(tops):
            if first[top] < 0:
                continue
            stop = left + int((rows[top, left:right] >= 0).sum())
            yield top, bottom, left, stop
