"""A tensor laid out as an arrangement says, in colours, kept up to date where it is seen, a few rows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from studio.model.filters.edit import Mask
from studio.model.networks.layout import Rect
from studio.model.networks.shape import Array
from studio.model.views.view import Colours, Scaling
from studio.ui.filters import sheet_colours
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.sheet_colours import TABLES, UNIT, Indices
from studio.ui.kit.images import Format, image_over

_AT_ONCE = 1 << 18
"""Weights that get their colours in one paint: about 4 ms."""

_SAMPLE = 1 << 18
"""Weights by which the scale of kernels as a whole is found at most."""


class LaidSheet:
    """The colours of every weight, and of every kernel as a whole; and which kernels are not as they were trained.

    Of a tensor with millions of weights they are found where it is seen, some rows in every paint, so that none takes
    long; `refresh` says whether all is there.

    Args:
        kernels: (rows, columns, kh, kw), as it is now.
        trained: the same, as it was trained.
        arrangement: where they lie.
        colours: how values become colours.
        scaling: "tile" for a scale of its own for each kernel.

    Attributes:
        bent: (rows, columns) of the tensor, true for kernels that are not as they were trained.
    """

    def __init__(
        self, kernels: Array, trained: Array, arrangement: Arrangement, colours: Colours, scaling: Scaling
    ) -> None:
        self.arrangement = arrangement
        self.bent: Mask = np.zeros(kernels.shape[:2], np.bool_)
        self._trained = trained
        self.colours, self.scaling = colours, scaling
        self.scale = sheet_colours.scale_of(kernels)
        own = scaling == "tile" and kernels.shape[2] * kernels.shape[3] > 1
        self._table = sheet_colours.table_of(UNIT if own else self.scale, colours)
        self._own = own
        rows, columns = arrangement.cells
        _, _, kh, kw = arrangement.grid
        self._weights: Indices = np.full((rows, columns, kh, kw), 127, np.uint8)
        some = kernels[:: max(1, round(kernels.size / _SAMPLE))]
        self._size_table = sheet_colours.table_of(sheet_colours.scale_of_sizes(_sizes(some), some), colours)
        self._cells: Indices = np.full((rows, columns), 127, np.uint8)
        # Rows of the tensor whose colours are not those of its weights.
        self._stale = np.ones(len(kernels), np.bool_)

    def changed(self, kernels: Array, rect: Rect) -> None:
        """A rectangle of the tensor's own sheet has other values; much of it waits for `refresh`."""
        _, _, kh, kw = self.arrangement.grid
        down = slice(rect.y // kh, -(-(rect.y + rect.height) // kh))
        right = slice(rect.x // kw, -(-(rect.x + rect.width) // kw))
        if rect.height * rect.width <= _AT_ONCE // 8:
            self._take(kernels[down, right], down, right)
        else:
            self._stale[down] = True

    def refresh(self, kernels: Array, rows: slice, columns: slice) -> bool:
        """Bring some of these rows and columns of cells up to date; whether that is all that was to be done.

        Args:
            kernels: as in the constructor, as they are now.
            rows: of cells, that are about to be drawn.
            columns: the same across.
        """
        stale = np.flatnonzero(self._stale)
        if not len(stale):
            return True
        down, across = self.arrangement.cell_rows[stale], self.arrangement.cell_columns[stale]
        seen = (down >= rows.start) & (down < rows.stop) & (across >= columns.start) & (across < columns.stop)
        wanted = stale[seen.any(axis=1)]
        now = wanted[: max(1, _AT_ONCE * len(kernels) // max(kernels.size, 1))]
        if len(now):
            self._take(kernels[now], now, slice(None))
            self._stale[now] = False
        return len(now) == len(wanted)

    def _take(self, kernels: Array, down: slice | NDArray[np.int64], right: slice) -> None:
        scaled = sheet_colours.of_each(kernels) if self._own else kernels
        places = self.arrangement.cell_rows[down, right], self.arrangement.cell_columns[down, right]
        self._weights[places] = sheet_colours.indices(scaled, self._table)
        self._cells[places] = sheet_colours.indices(_sizes(kernels), self._size_table)
        # Bits rather than values: a NaN is equal to itself then.
        trained = self._trained[down, right]
        self.bent[down, right] = (kernels.view(np.uint32) != trained.view(np.uint32)).any(axis=(2, 3))

    def weights(self, rows: slice, columns: slice) -> QImage:
        """A pixel for each weight of these rows and columns of cells."""
        some = self._weights[rows, columns].transpose(0, 2, 1, 3)
        return self._image(some.reshape(some.shape[0] * some.shape[1], -1))

    def cells(self, rows: slice, columns: slice) -> QImage:
        """A pixel for each kernel of these rows and columns of cells: its size, with the sign of its mean."""
        return self._image(self._cells[rows, columns])

    def _image(self, places: Indices) -> QImage:
        places = np.ascontiguousarray(places)
        image = image_over(places, Format.Format_Indexed8)
        image.setColorTable(TABLES[self.colours])
        return image.copy()


def _sizes(kernels: Array) -> Array:
    """(rows, columns) root of the mean square of each kernel, with the sign of its mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.sqrt(np.mean(np.square(kernels, dtype=np.float32), axis=(2, 3)))
        mean = np.mean(kernels, axis=(2, 3), dtype=np.float32)
    return np.asarray(np.where(mean < 0, -size, size), np.float32)
