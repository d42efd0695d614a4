"""Few values in place of many: Quantise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Quantise(Edit):
    """Rounds every selected weight to one of a few evenly spaced levels.

    They span ± the largest selected weight, sign aside. An odd number of levels has zero among them.
    """

    label: ClassVar[str] = "Quantise"

    levels: int = param(3, lo=2, hi=256, doc="How many different values are left")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        peak = float(np.abs(kernels[selected]).max())
        if peak == 0.0:
            return kernels
        step = 2.0 * peak / (self.levels - 1)
        return np.rint((kernels + peak) / step) * step - peak
