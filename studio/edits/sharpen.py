"""Crisper kernels: Sharpen."""

from __future__ import annotations

from typing import ClassVar

from studio.edits.blur import blurred
from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Sharpen(Edit):
    """Exaggerates what a small Gaussian blur would take from each selected kernel (unsharp masking)."""

    label: ClassVar[str] = "Sharpen"

    amount: float = param(1.0, lo=0.0, hi=100.0, unit="×", doc="How much of the difference is added")
    sigma: float = param(0.7, lo=0.1, hi=16.0, unit="px", doc="Standard deviation of the Gaussian")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return kernels + self.amount * (kernels - blurred(kernels, self.sigma))
