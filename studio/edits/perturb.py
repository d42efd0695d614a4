"""Every kernel shaken by its own measure: Perturb."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.errors import StudioError
from studio.model.declared.param import param, seed
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array


class Perturb(Edit):
    """Adds Gaussian noise to each selected kernel, in proportion to how much its own weights vary.

    Faint kernels stay faint, where Noise would drown them. A kernel of equal weights stays as it is; kernels of 1×1
    cannot vary and are refused.
    """

    label: ClassVar[str] = "Perturb"
    group: ClassVar[str] = "Chance"
    in_pieces: ClassVar[bool] = True

    amount: float = param(
        0.25, lo=0.0, hi=100.0, safe=(0.0, 1.0), doc="Standard deviation, relative to that of the kernel's weights"
    )
    seed: int = seed("Which noise")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        if kernel_grid(tensor.shape)[2:] == (1, 1):
            raise StudioError("Kernels of 1×1 do not vary in themselves; use Noise instead.")
        rng = np.random.default_rng(self.seed)
        return lambda piece: (
            piece.kernels
            + rng.standard_normal(piece.kernels.shape) * (piece.kernels.std(axis=(2, 3), keepdims=True) * self.amount)
        )
