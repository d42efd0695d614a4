"""Softer kernels: Blur."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from studio.edits._linear import separable
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array


class Blur(Edit):
    """Smooths each selected kernel with a small Gaussian that stays within it."""

    label: ClassVar[str] = "Blur"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True

    sigma: float = param(0.7, lo=0.1, hi=16.0, safe=(0.1, 2.0), unit="px", doc="Standard deviation of the Gaussian")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        blurred = blurring(tensor.shape, self.sigma)
        return lambda piece: blurred(piece.kernels)


def blurring(shape: tuple[int, ...], sigma: float) -> Callable[[Kernels], Kernels]:
    """What blurs kernels of a tensor of this shape.

    The Gaussian is renormalised at the border of a kernel, so that a flat one stays as it is.
    """
    _, _, kh, kw = kernel_grid(shape)
    return separable(_gaussian(kh, sigma), _gaussian(kw, sigma))


def _gaussian(size: int, sigma: float) -> Kernels:
    places = np.arange(size)
    weights = np.exp(-0.5 * ((places[:, None] - places) / sigma) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
