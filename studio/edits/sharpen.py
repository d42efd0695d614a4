"""Crisper kernels: Sharpen."""

from __future__ import annotations

from typing import ClassVar

from studio.edits.blur import blurring
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.shape import Array


class Sharpen(Edit):
    """Exaggerates what a small Gaussian blur would take from each selected kernel (unsharp masking)."""

    label: ClassVar[str] = "Sharpen"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True

    amount: float = param(1.0, lo=0.0, hi=100.0, safe=(0.0, 4.0), unit="×", doc="How much of the difference is added")
    sigma: float = param(0.7, lo=0.1, hi=16.0, safe=(0.1, 2.0), unit="px", doc="Standard deviation of the Gaussian")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        blurred = blurring(tensor.shape, self.sigma)
        return lambda piece: piece.kernels + self.amount * (piece.kernels - blurred(piece.kernels))
