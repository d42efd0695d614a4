"""A brush on the filter sheet: Paint."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from studio.model.edit import Edit, Patch, Selection, saturated
from studio.model.layout import Rect, kernel_grid, kernels_touched, sheet_size, to_sheet
from studio.model.op import Array
from studio.model.param import param

_Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
_Points = Annotated[tuple[tuple[_Coordinate, _Coordinate], ...], Field(min_length=1, max_length=65536)]
_Box = tuple[int, int, int, int]  # top, left, bottom, right; the last two exclusive


class Paint(Edit):
    """One stroke of a round brush over the sheet: it covers every selected weight within ``radius`` of its line.

    Coordinates count weights from the sheet's top left corner, so that the weight in row ``i``, column ``j`` has its
    centre at (i + 0.5, j + 0.5). A stroke covers no weight twice, however often it crosses itself::

        add        w + cover * value
        set        w + cover * (value - w)
        multiply   w * (1 + cover * (value - 1))
        erase      w * (1 - cover)
    """

    label: ClassVar[str] = "Paint"

    points: _Points = param(doc="The line that the brush follows: row and column of each point on the sheet")
    radius: float = param(2.0, lo=0.5, hi=1024.0, unit="px", doc="Radius of the brush")
    hardness: float = param(0.5, lo=0.0, hi=1.0, doc="Part of the radius that is covered fully; the rest fades out")
    opacity: float = param(1.0, lo=0.0, hi=1.0, doc="Cover at the brush's centre")
    value: float = param(0.1, lo=-100.0, hi=100.0, doc="What is added, set or multiplied by")
    mode: Literal["add", "set", "multiply", "erase"] = param("add", doc="What the brush does to a weight")

    def apply(self, tensor: Array, selection: Selection) -> Patch:
        """See `Edit.apply`: the patch is what the stroke reaches, one unchanged weight where it misses the sheet."""
        selection.check(tensor.shape)
        top, left, bottom, right = self._reach(sheet_size(tensor.shape))
        rect = Rect(top, left, bottom - top, right - left)
        rows, columns = kernels_touched(rect, tensor.shape)
        kernels = tensor.reshape(kernel_grid(tensor.shape))[rows, columns]
        kh, kw = kernels.shape[2:]
        y, x = rect.y - rows.start * kh, rect.x - columns.start * kw
        inner = slice(y, y + rect.height), slice(x, x + rect.width)
        old = to_sheet(kernels)[inner]
        selected = selection.mask[rows, columns].repeat(kh, axis=0).repeat(kw, axis=1)[inner]
        cover = self._cover(rect)
        painted = saturated(self._painted(old.astype(np.float64), cover))
        return Patch(rect, np.where(selected & (cover > 0), painted, old))

    def _painted(self, weights: NDArray[np.float64], cover: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.mode == "add":
            return weights + cover * self.value
        if self.mode == "set":
            # Not w + cover * (value - w), which would lose the value's last bits at full cover.
            return weights * (1 - cover) + cover * self.value
        return weights * (1 + cover * (self.value - 1)) if self.mode == "multiply" else weights * (1 - cover)

    def _reach(self, size: tuple[int, int]) -> _Box:
        (ys, xs), (height, width) = zip(*self.points, strict=True), size
        top, bottom = _span(min(ys), max(ys), self.radius, height)
        left, right = _span(min(xs), max(xs), self.radius, width)
        return (top, left, bottom, right) if top < bottom and left < right else (0, 0, 1, 1)

    def _cover(self, rect: Rect) -> NDArray[np.float64]:
        """(height, width): 0 at the radius and beyond, ``opacity`` on the line."""
        distance = np.full((rect.height, rect.width), np.inf)
        line = [(y - rect.y, x - rect.x) for y, x in self.points]
        # A segment looks at its own surroundings alone, so that a long stroke costs its length, not its square.
        for (y0, x0), (y1, x1) in pairwise(line) if len(line) > 1 else [(line[0], line[0])]:
            top, bottom = _span(min(y0, y1), max(y0, y1), self.radius, rect.height)
            left, right = _span(min(x0, x1), max(x0, x1), self.radius, rect.width)
            y, x = np.arange(top, bottom)[:, None] + 0.5, np.arange(left, right)[None, :] + 0.5
            dy, dx = y1 - y0, x1 - x0
            squared = dy * dy + dx * dx
            # How far along the segment its nearest point lies; too short a segment is a point.
            along = ((y - y0) * dy + (x - x0) * dx) / squared if squared > 1e-18 else np.zeros((1, 1))
            along = along.clip(0, 1)
            near = np.hypot(y - (y0 + along * dy), x - (x0 + along * dx))
            box = distance[top:bottom, left:right]
            np.minimum(box, near, out=box)
        soft = self.radius * (1 - self.hardness)
        if soft < 1e-9 * self.radius:
            return np.where(distance <= self.radius, self.opacity, 0.0)
        rise = np.clip((self.radius - distance) / soft, 0, 1)
        return np.asarray(rise * rise * (3 - 2 * rise) * self.opacity)


def _span(low: float, high: float, radius: float, size: int) -> tuple[int, int]:
    start, stop = math.floor(low - radius), math.ceil(high + radius)
    return min(max(0, start), size), max(0, min(stop, size))
