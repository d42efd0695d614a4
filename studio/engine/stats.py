"""Statistics of values, as every engine gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 64


@dataclass(frozen=True)
class Stats:
    """Value statistics of a feature map or a tensor, reduced where it lives.

    Attributes:
        minimum: smallest finite value; NaN where there is none, as are the next two.
        maximum: largest finite value.
        mean: mean of the finite values.
        nan: how many values are not a number.
        infinite: how many are infinite.
        histogram: (64,) counts of the finite values, in equal bins from minimum to maximum.
    """

    minimum: float
    maximum: float
    mean: float
    nan: int
    infinite: int
    histogram: NDArray[np.int64]

    @property
    def edges(self) -> NDArray[np.float64]:
        """(65,) edges of the histogram's bins."""
        return np.linspace(self.minimum, self.maximum, BINS + 1)
