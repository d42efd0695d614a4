"""Cutting off the extremes: Clamp."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.errors import StudioError
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Clamp(Edit):
    """Holds every selected weight between two values."""

    label: ClassVar[str] = "Clamp"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    low: float = param(
        -0.1, lo=-100.0, hi=100.0, safe=(-0.5, 0.5), drawn=(-1.0, -0.1), in_deviations=True, doc="Smallest value left"
    )
    high: float = param(
        0.1, lo=-100.0, hi=100.0, safe=(-0.5, 0.5), drawn=(0.1, 1.0), in_deviations=True, doc="Largest value left"
    )

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        if self.low > self.high:
            raise StudioError(f"Nothing lies between {self.low:g} and {self.high:g}; low must not be above high.")
        return np.clip(kernels, self.low, self.high)
