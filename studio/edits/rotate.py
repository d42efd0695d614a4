"""Turned kernels: Rotate."""

from __future__ import annotations

import math
from functools import partial
from itertools import product
from typing import ClassVar

import numpy as np

from studio.edits._linear import linear
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array


class Rotate(Edit):
    """Turns each selected kernel about its centre.

    Quarter turns of square kernels, and half turns of all, move weights exactly; any other angle interpolates
    bilinearly, and what turns in from outside the kernel is zero.
    """

    label: ClassVar[str] = "Rotate"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True

    degrees: float = param(90.0, lo=-360.0, hi=360.0, safe=(-180.0, 180.0), unit="°", doc="Angle, counter-clockwise")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        turns, rest = divmod(self.degrees, 90.0)
        _, _, kh, kw = kernel_grid(tensor.shape)
        if rest == 0.0 and (kh == kw or turns % 2 == 0):
            return lambda piece: np.rot90(piece.kernels, int(turns), axes=(2, 3))
        turned = linear(kh, kw, partial(_resampled, angle=math.radians(self.degrees)))
        return lambda piece: turned(piece.kernels)


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
