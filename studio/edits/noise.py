"""Random changes of weights: Noise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.edits._sums import spread
from studio.model.declared.param import param, seed
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.shape import Array


class Noise(Edit):
    """Adds Gaussian noise in proportion to how much the selected weights vary.

    The same seed, selection and weights give the same result. Where all selected weights are equal, none is added.
    """

    label: ClassVar[str] = "Noise"
    group: ClassVar[str] = "Chance"
    in_pieces: ClassVar[bool] = True

    amount: float = param(
        0.25, lo=0.0, hi=100.0, safe=(0.0, 1.0), doc="Standard deviation, relative to that of the selected weights"
    )
    seed: int = seed("Which noise")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        size, rng = spread(tensor, selection) * self.amount, np.random.default_rng(self.seed)
        return lambda piece: piece.kernels + rng.standard_normal(piece.kernels.shape) * size
