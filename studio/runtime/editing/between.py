"""What lies between two values: weights, kernels and channels, found by a histogram."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask
from studio.model.networks.shape import Array

_MOST = 0.5


class ScaleBetween(Edit):
    """Multiplies the selected weights that lie between two values, themselves among them; others stay."""

    label: ClassVar[str] = "Scale between"
    in_pieces: ClassVar[bool] = True

    low: float = param(-0.1, doc="Smallest value that is scaled")
    high: float = param(0.1, doc="Largest value that is scaled")
    factor: float = param(2.0, lo=-100.0, hi=100.0, unit="×", doc="What each of them is multiplied by")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return np.where((kernels >= self.low) & (kernels <= self.high), kernels * self.factor, kernels)


def kernels_between(kernels: Array, low: float, high: float) -> Mask:
    """(rows, columns): kernels most of whose weights lie there; where there is none, those with the most that do.

    Args:
        kernels: (rows, columns, kh, kw).
        low: smallest value.
        high: largest value.
    """
    return _chosen(((kernels >= low) & (kernels <= high)).mean(axis=(2, 3)))


def channels_between(values: Array, low: float, high: float) -> NDArray[np.int64]:
    """The channels most of whose values lie there; where there is none, those with the most that do.

    Args:
        values: (C, n).
        low: smallest value.
        high: largest value.
    """
    return np.flatnonzero(_chosen(((values >= low) & (values <= high)).mean(axis=1)))


def _chosen(shares: NDArray[np.floating]) -> Mask:
    if not (shares > 0).any():
        return np.zeros(shares.shape, np.bool_)
    return np.asarray(shares > _MOST if (shares > _MOST).any() else shares == shares.max())
