"""Measured figures as the tables tell them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def quartiled(values: ArrayLike, digits: int = 2) -> str:
    """The median and, in brackets, the quartiles: "1.05 (0.99 to 1.21)"."""
    low, middle, high = np.percentile(np.asarray(values), [25, 50, 75])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
