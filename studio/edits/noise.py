"""A trembling hand: Noise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Noise(Edit):
    """Adds Gaussian noise in proportion to how much the selected weights vary.

    The same seed, selection and weights give the same result. Where all selected weights are equal, none is added.
    """

    label: ClassVar[str] = "Noise"

    amount: float = param(0.25, lo=0.0, hi=100.0, doc="Standard deviation, relative to that of the selected weights")
    seed: int = param(0, lo=0, hi=2**31 - 1, doc="Which noise")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        spread = float(kernels[selected].std())
        return kernels + np.random.default_rng(self.seed).standard_normal(kernels.shape) * (spread * self.amount)
