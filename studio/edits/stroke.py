"""A stroke of the brush while it is being drawn."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from studio.edits._cover import Cover, Point, strips
from studio.edits._covered import Covered
from studio.edits._modes import gaussian, neighbourhoods, painted
from studio.model.filters.edit import Kernels, Patch, Selection, bands, lay, saturated
from studio.model.networks.layout import Rect, around, kernel_grid, kernels_touched, sheet_size
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush


class Blocks(Protocol):
    """What gives blocks of kernels."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Rows and columns of kernels, height and width of a kernel."""

    def __getitem__(self, at: tuple[slice, slice]) -> Array:
        """Those of some rows and columns, not to be written to."""


class Stroke:
    """One stroke that grows point by point; it covers no weight twice, however often it crosses itself.

    All its patches, applied in order to the tensor as it was at the start, make what `Paint` with the same brush and
    points makes at once, bit for bit. A patch costs what its newest segment reaches. Belongs to one thread.
    """

    def __init__(self, brush: Brush, tensor: Array | Blocks, selection: Selection) -> None:
        """Start a stroke.

        Args:
            brush: kept for the whole stroke.
            tensor: float32 of one, two or four axes as it is now, or its kernels; must not change until the stroke
                ends.
            selection: over its kernel grid; other kernels keep their weights.

        Raises:
            StudioError: where nothing is selected or the selection is of another grid.
        """
        selection.check(tensor.shape)
        self._brush, self._mask, self._bounds = brush, selection.mask, selection.bounds()
        grid = kernel_grid(tensor.shape)
        self._kernels: Array | Blocks = tensor.reshape(grid) if isinstance(tensor, np.ndarray) else tensor
        rows, columns, kh, kw = grid
        # What is repeated along the rows is known by one column, and the other way round.
        self._over_rows = brush.repeat in ("column", "all")
        self._over_columns = brush.repeat in ("row", "all")
        self._covered = Covered(kh if self._over_rows else rows * kh, kw if self._over_columns else columns * kw)
        self._last: Point | None = None

    def to(self, y: float, x: float, pressure: float = 1.0) -> Patch | None:
        """Draw on to a point; the first one makes a dot.

        Args:
            y: row on the sheet in weights, the centre of row ``i`` being ``i + 0.5``; may lie outside.
            x: column on the sheet, in the same way.
            pressure: of the pen, 0 to 1; scales the brush's opacity, evenly from point to point.

        Returns:
            New values where this segment changes anything, relative to the tensor at the start; None where it does
            not.
        """
        reached = self.extend(y, x, pressure)
        return None if reached is None else self.patch(reached)

    def extend(self, y: float, x: float, pressure: float = 1.0) -> Rect | None:
        """Like `to`, without working out the weights: the smallest rectangle in which they may have changed."""
        end = (y, x, min(max(pressure, 0.0), 1.0))
        start = end if self._last is None else self._last
        self._last = end
        kept = [
            self._keep(rect, cover) for rect, cover in strips(self._brush, start, end, sheet_size(self._kernels.shape))
        ]
        return around(rect for rect in kept if rect is not None)

    def patch(self, rect: Rect) -> Patch:
        """The weights of a rectangle of the sheet as the stroke so far leaves them."""
        rows, columns = kernels_touched(rect, self._kernels.shape)
        _, width, kh, kw = self._kernels[rows, columns].shape
        sheet = np.empty(((rows.stop - rows.start) * kh, width * kw), np.float32)
        for some in bands(rows, width * kh * kw):
            lay(self._painted(some, columns), sheet[(some.start - rows.start) * kh : (some.stop - rows.start) * kh])
        y, x = rect.y - rows.start * kh, rect.x - columns.start * kw
        return Patch(rect, np.ascontiguousarray(sheet[y : y + rect.height, x : x + rect.width]))

    def _painted(self, rows: slice, columns: slice) -> Array:
        """Whole kernels, (rows, columns, kh, kw), as the stroke so far leaves them."""
        old, selected = self._kernels[rows, columns], self._mask[rows, columns]
        weights = old.astype(np.float64)
        aim: Kernels | float = self._brush.value
        if self._brush.mode == "smooth":
            aim = neighbourhoods(weights)
        elif self._brush.mode == "noise":
            aim = gaussian(self._brush.seed, rows, columns, old.shape[2:])
        cover = self._cover_of(rows, columns)
        new = saturated(painted(self._brush, weights, cover, aim))
        return np.where((cover > 0) & selected[:, :, None, None], new, old)

    def _cover_of(self, rows: slice, columns: slice) -> Cover:
        """The cover of whole kernels, (rows, columns, kh, kw); one for all those that repeat it."""
        _, _, kh, kw = self._kernels.shape
        down, across = slice(0, 1) if self._over_rows else rows, slice(0, 1) if self._over_columns else columns
        count, wide = down.stop - down.start, across.stop - across.start
        cover = self._covered.at(Rect(down.start * kh, across.start * kw, count * kh, wide * kw))
        return cover.reshape(count, kh, wide, kw).transpose(0, 2, 1, 3)

    def _keep(self, rect: Rect, cover: Cover) -> Rect | None:
        """Note the cover of a rectangle; returns where on the sheet it adds to what was covered before."""
        rows, columns = kernels_touched(rect, self._kernels.shape)
        if self._brush.repeat != "none" or self._brush.mirror != "none":
            rect, cover = self._folded(rows, columns, rect, cover)
        height, width = cover.shape
        top, left = 0 if self._over_rows else rect.y, 0 if self._over_columns else rect.x
        place = Rect(top, left, height, width)
        touched = kernels_touched(rect, self._kernels.shape)
        if not self._covered.adds(place, cover) or not self._mask[touched].any():
            return None
        self._covered.add(place, cover)
        return rect

    def _folded(self, rows: slice, columns: slice, rect: Rect, cover: Cover) -> tuple[Rect, Cover]:
        """Whole kernels: what the brush covers in one, with its mirror images, as all those that repeat it have it."""
        _, _, kh, kw = self._kernels.shape
        whole = np.zeros(((rows.stop - rows.start) * kh, (columns.stop - columns.start) * kw))
        y, x = rect.y - rows.start * kh, rect.x - columns.start * kw
        whole[y : y + rect.height, x : x + rect.width] = cover
        grid = whole.reshape(-1, kh, whole.shape[1] // kw, kw)
        if self._brush.mirror in ("vertical", "both"):
            grid = np.maximum(grid, grid[:, ::-1])
        if self._brush.mirror in ("horizontal", "both"):
            grid = np.maximum(grid, grid[..., ::-1])
        if self._over_rows:
            rows, grid = self._bounds[0], grid.max(axis=0, keepdims=True)
        if self._over_columns:
            columns, grid = self._bounds[1], grid.max(axis=2, keepdims=True)
        reached = Rect(
            rows.start * kh, columns.start * kw, (rows.stop - rows.start) * kh, (columns.stop - columns.start) * kw
        )
        return reached, grid.reshape(grid.shape[0] * kh, -1)
