"""Kernels in each other's places, in order: Swap."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from studio.edits._lines import exchanged, lines
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Swap(Edit):
    """Moves each selected kernel to the place of another that is so many places on; the last come to the first.

    With whole rows selected, within columns, this swaps whole rows (channels), and the other way round.
    """

    label: ClassVar[str] = "Swap filters"
    group: ClassVar[str] = "Order"
    moves: ClassVar[bool] = True

    within: Literal["rows", "columns", "all"] = param("rows", doc="Whether kernels stay in their row or column")
    by: int = param(1, lo=-4096, hi=4096, safe=(-8, 8), doc="Places that each kernel moves on")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        return exchanged(kernels, ((line, np.roll(line, self.by)) for line in lines(selected, self.within)))
