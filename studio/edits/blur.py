"""Softer kernels: Blur."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Blur(Edit):
    """Smooths each selected kernel with a small Gaussian that stays within it."""

    label: ClassVar[str] = "Blur"

    sigma: float = param(0.7, lo=0.1, hi=16.0, unit="px", doc="Standard deviation of the Gaussian")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return blurred(kernels, self.sigma)


def blurred(kernels: Kernels, sigma: float) -> Kernels:
    """Kernels (..., kh, kw), each under a Gaussian renormalised at its border, so that a flat kernel stays as it is."""
    kh, kw = kernels.shape[-2:]
    return _gaussian(kh, sigma) @ kernels @ _gaussian(kw, sigma).T


def _gaussian(size: int, sigma: float) -> Kernels:
    places = np.arange(size)
    weights = np.exp(-0.5 * ((places[:, None] - places) / sigma) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
