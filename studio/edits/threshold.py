"""Silencing the small: Threshold."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Threshold(Edit):
    """Sets every selected weight smaller than a level, sign aside, to zero."""

    label: ClassVar[str] = "Threshold"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    level: float = param(
        0.01,
        lo=0.0,
        hi=100.0,
        safe=(0.0, 0.2),
        drawn=(0.3, 2.0),
        in_deviations=True,
        doc="Weights closer to zero than this become zero",
    )

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return np.where(np.abs(kernels) < self.level, 0.0, kernels)
