"""Which input pixels the taps of a convolution read, along one axis: what every convolution shader is driven by.

Output pixels repeat in phases. Pixel ``m * len(phases) + r`` of phase ``r`` reads, with its t-th cell, input pixel
``m * step + phases[r].first + t * spacing``; a cell is the sum of the kernel's taps that read that pixel::

    Conv2d, kernel 4, stride 2, padding 1           one phase; step 2, first -1: cells (0) (1) (2) (3)
    ConvTranspose2d, the same, step 1               phase 0: first -1, cells (3) (1)     phase 1: first 0, cells (2) (0)
    FractionalConv2d, kernel 4, factor 2, step 1    phase 0: first -1, cells (0) (1 2) (3)
                                                    phase 1: first  0, cells (0 1) (2 3)

So no zero between the pixels of a transposed convolution is multiplied, and no input pixel of an enlarged map twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Phase(NamedTuple):
    """The cells of one phase: the input pixel that the first reads at ``m = 0``, and each one's taps."""

    first: int
    cells: tuple[tuple[int, ...], ...]


class Taps(NamedTuple):
    """One axis of a kernel; the picture is in `studio.model.declared.taps`."""

    step: int
    spacing: int
    phases: tuple[Phase, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Cells of each phase."""
        return tuple(len(phase.cells) for phase in self.phases)

    @property
    def starts(self) -> tuple[int, ...]:
        """Cells of all phases before each one."""
        return tuple(sum(self.counts[:r]) for r in range(len(self.phases)))


def phase_of(reads: Iterable[tuple[int, int]]) -> Phase:
    """The phase in which each (tap, input pixel) is read; taps of one pixel are added up."""
    ordered = sorted(reads, key=lambda read: read[1])
    cells = tuple(tuple(tap for tap, _ in group) for _, group in groupby(ordered, key=lambda read: read[1]))
    return Phase(ordered[0][1] if ordered else 0, cells)


def cell_order(taps: tuple[Taps, Taps]) -> list[tuple[int, int]]:
    """The cells of a kernel, (down, across), phase by phase: the order in which shaders read them."""
    down, across = taps
    return [
        (y0 + y, x0 + x)
        for y0, height in zip(down.starts, down.counts, strict=True)
        for x0, width in zip(across.starts, across.counts, strict=True)
        for y in range(height)
        for x in range(width)
    ]


class Cells:
    """Makes cells of kernels; what takes time is worked out once, because somebody may paint.

    Args:
        taps: down and across.

    Attributes:
        count: how many cells a kernel has.
    """

    def __init__(self, taps: tuple[Taps, Taps]) -> None:
        down, across = taps
        self._of_rows, self._of_columns = _cells(down), _cells(across)
        order = cell_order(taps)
        self.count = len(order)
        self._rows, self._columns = np.array(order, int).reshape(-1, 2).T
        # Where nothing is added up, a cell is a tap.
        self._is_plain = all(len(cell) == 1 for cell in (*self._of_rows, *self._of_columns))
        if self._is_plain:
            self._rows = np.array(self._of_rows, int).reshape(-1)[self._rows]
            self._columns = np.array(self._of_columns, int).reshape(-1)[self._columns]

    def sums(self, kernel: NDArray[np.generic]) -> NDArray[np.generic]:
        """A kernel of (O, I, kh, kw) as (O, I, cells): phases row by row, and within each its cells row by row."""
        if not self._is_plain:
            kernel = _summed(_summed(kernel, self._of_rows, 2), self._of_columns, 3)
        return kernel[:, :, self._rows, self._columns]


def _cells(taps: Taps) -> list[tuple[int, ...]]:
    """The cells of all phases, one phase after the other."""
    return [cell for phase in taps.phases for cell in phase.cells]


def _summed(kernel: NDArray[np.generic], cells: list[tuple[int, ...]], axis: int) -> NDArray[np.generic]:
    # Indexing, not a product with zeros and ones: a tap bent to NaN or infinity must stay in its own cells.
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of two signs: NaN is what the layer then makes
        parts = [kernel.take(cell, axis).sum(axis, kernel.dtype) for cell in cells]
    return np.stack(parts, axis) if parts else kernel.take((), axis)
