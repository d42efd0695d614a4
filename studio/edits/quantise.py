"""Few values in place of many: Quantise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.edits._sums import peak
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.shape import Array


class Quantise(Edit):
    """Rounds every selected weight to one of a few evenly spaced levels.

    They span ± the largest selected weight, sign aside. An odd number of levels has zero among them.
    """

    label: ClassVar[str] = "Quantise"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True

    levels: int = param(3, lo=2, hi=256, doc="How many different values are left")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        top = peak(tensor, selection)
        if top == 0.0:
            return lambda piece: piece.kernels
        step = 2.0 * top / (self.levels - 1)
        return lambda piece: np.rint((piece.kernels + top) / step) * step - top
