"""Turned kernels: Rotate."""

from __future__ import annotations

import math
from itertools import product
from typing import ClassVar

import numpy as np

from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Rotate(Edit):
    """Turns each selected kernel about its centre.

    Quarter turns of square kernels, and half turns of all, move weights exactly; any other angle interpolates
    bilinearly, and what turns in from outside the kernel is zero.
    """

    label: ClassVar[str] = "Rotate"

    degrees: float = param(90.0, lo=-360.0, hi=360.0, unit="°", doc="Angle, counter-clockwise")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        turns, rest = divmod(self.degrees, 90.0)
        kh, kw = kernels.shape[2:]
        if rest == 0.0 and (kh == kw or turns % 2 == 0):
            return np.rot90(kernels, int(turns), axes=(2, 3))
        return _resampled(kernels, math.radians(self.degrees))


def _resampled(kernels: Kernels, angle: float) -> Kernels:
    kh, kw = kernels.shape[2:]
    y = np.arange(kh)[:, None] - (kh - 1) / 2
    x = np.arange(kw)[None, :] - (kw - 1) / 2
    # Where each place comes from: rotated back, y pointing down.
    source_y = math.sin(angle) * x + math.cos(angle) * y + (kh - 1) / 2
    source_x = math.cos(angle) * x - math.sin(angle) * y + (kw - 1) / 2
    top, left = np.floor(source_y).astype(np.int64), np.floor(source_x).astype(np.int64)
    below, right = source_y - top, source_x - left
    turned = np.zeros_like(kernels)
    for dy, dx in product((0, 1), (0, 1)):
        row, column = top + dy, left + dx
        inside = (row >= 0) & (row < kh) & (column >= 0) & (column < kw)
        share = (below if dy else 1 - below) * (right if dx else 1 - right) * inside
        turned += share * kernels[:, :, row.clip(0, kh - 1), column.clip(0, kw - 1)]
    return turned
