"""Forgetting what was learnt: Reinitialise."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from studio.errors import StudioError
from studio.model.declared.param import param, seed
from studio.model.filters.edit import Edit, Kernels, Piece, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array


class Reinitialise(Edit):
    """Draws every selected weight anew, as networks are before training (``torch.nn.init``).

    The size follows the tensor's fan as PyTorch counts it: second axis times kernel area in, first axis times kernel
    area out. Kaiming takes the fan in and assumes ReLU, Xavier takes both. Vectors have no fan and are refused.
    """

    label: ClassVar[str] = "Re-initialise"
    group: ClassVar[str] = "Chance"
    in_pieces: ClassVar[bool] = True

    scheme: Literal["kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal"] = param(
        "kaiming_normal", doc="Whose rule gives the size, and the distribution"
    )
    gain: float = param(
        1.0, lo=0.0, hi=100.0, safe=(0.0, 2.0), unit="×", doc="What the drawn weights are multiplied by"
    )
    seed: int = seed("Which weights")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        if tensor.ndim < 2:
            raise StudioError("A vector has no fan to draw it by; re-initialise weights, or use Noise or Gain.")
        deviation, rng = self._deviation(tensor.shape), np.random.default_rng(self.seed)

        def drawn(piece: Piece) -> Kernels:
            if self.scheme.endswith("normal"):
                return rng.standard_normal(piece.kernels.shape) * deviation
            return rng.uniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation, piece.kernels.shape)

        return drawn

    def _deviation(self, shape: tuple[int, ...]) -> float:
        rows, columns, kh, kw = kernel_grid(shape)
        fan_in, fan_out = columns * kh * kw, rows * kh * kw
        variance = 2 / fan_in if self.scheme.startswith("kaiming") else 2 / (fan_in + fan_out)
        return self.gain * math.sqrt(variance)
