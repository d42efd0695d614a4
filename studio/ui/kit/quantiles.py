"""Quantiles without ``numpy.quantile``, which imports all of ``numpy.ma`` at its first call, in the window's thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quantile(values: NDArray[np.float64], share: float) -> float:
    """As ``numpy.quantile``.

    Args:
        values: (n,) in order, at least one, none of them NaN.
        share: 0..1 of them lie below.
    """
    place = share * (len(values) - 1)
    first = min(int(place), len(values) - 2) if len(values) > 1 else 0
    low, high = float(values[first]), float(values[min(first + 1, len(values) - 1)])
    return low + (high - low) * (place - first)
