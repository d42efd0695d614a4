"""Kernels moved within their frame: Shift."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Shift(Edit):
    """Moves the weights of each selected kernel, which moves what the filter draws."""

    label: ClassVar[str] = "Shift"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    dy: int = param(0, lo=-64, hi=64, safe=(-4, 4), unit="px", label="Down", doc="Weights to move down")
    dx: int = param(1, lo=-64, hi=64, safe=(-4, 4), unit="px", label="Right", doc="Weights to move right")
    border: Literal["wrap", "zero"] = param("wrap", doc="Whether what leaves comes in again, or zeros do")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        moved = np.roll(kernels, (self.dy, self.dx), axis=(2, 3))
        if self.border == "zero":
            for axis, by in ((2, self.dy), (3, self.dx)):
                places = np.arange(kernels.shape[axis])
                kept = (places >= by) & (places < kernels.shape[axis] + by)
                moved = np.where(kept[:, None] if axis == 2 else kept, moved, 0.0)
        return moved
