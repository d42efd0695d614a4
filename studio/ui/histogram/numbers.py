"""What a histogram tells in numbers, and the statistics of an array in memory."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from studio.engine.base import BINS, Stats
from studio.model.networks.shape import Array
from studio.ui.kit.quantiles import quantile

MOST = 40_000
"""Values that are looked at of an array."""
_BARS = 80
_OUTSIDE = 0.005
_ROOM = 0.02


class Sample:
    """Some values, evenly spaced, of a map or a tensor: those that are finite, in order.

    Attributes:
        values: (n,) float64, the smallest first.
        zeros: the share of them that are exactly zero.
    """

    def __init__(self, values: Array) -> None:
        # A copy: each of them lies in a page of its own, and every further pass would go through as many.
        flat = self._of = _few(values).copy()
        # In order, so that a quantile is looked up: seven of them, each found by itself, held the window up for 20 ms.
        self.values = np.sort(flat[np.isfinite(flat)]).astype(np.float64)
        self.zeros = float(np.count_nonzero(self.values == 0)) / max(1, self.values.size)

    def is_of(self, values: Array) -> bool:
        """Whether a sample of these values would be this one."""
        return np.array_equal(self._of, _few(values), equal_nan=True)

    @property
    def has_zeros(self) -> bool:
        """Whether so many are exactly zero that they would hide the others."""
        return self.zeros > 0.02

    def quantile(self, share: float) -> float:
        """The value below which this share lies; NaN where there is none."""
        return quantile(self.values, share) if self.values.size else math.nan

    @cached_property
    def _others(self) -> NDArray[np.float64]:
        """What is drawn: zeros have a bar of their own where there are many."""
        return self.values[self.values != 0] if self.has_zeros else self.values

    def span(self) -> tuple[float, float] | None:
        """All but a hundredth of the values that are not zero, with some room, and zero where there are many."""
        if not self._others.size:
            return (-0.5, 0.5) if self.values.size else None
        low, high = (quantile(self._others, share) for share in (_OUTSIDE, 1 - _OUTSIDE))
        if self.has_zeros:
            low, high = min(low, 0.0), max(high, 0.0)
        room = _ROOM * (high - low) if high > low else abs(low) / 2 or 0.5
        return low - room, high + room

    def bars(self, span: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Edges (n + 1) and counts (n) within a span; what is zero is left out where it has a bar of its own."""
        edges = np.linspace(*span, _BARS + 1)
        below = np.searchsorted(self._others, edges)
        below[-1] = np.searchsorted(self._others, edges[-1], "right")
        return edges, np.diff(below).astype(np.float64)


def _few(values: Array) -> Array:
    flat = values.ravel()
    return flat[:: max(1, flat.size // MOST)]


def percentile(stats: Stats, percent: float, sample: Sample | None = None) -> float:
    """The value below which so many hundredths of the finite values lie.

    Args:
        stats: of any values.
        percent: 0..100.
        sample: of the same values. Without it this is an estimate: values are taken as spread evenly within each bin,
            so it is a bin's width off at most.

    Returns:
        A value; NaN where there is no finite one.
    """
    if sample is not None and sample.values.size:
        return sample.quantile(percent / 100)
    total = int(stats.histogram.sum())
    if not total:
        return math.nan
    below = np.concatenate(([0], np.cumsum(stats.histogram))) / total
    return float(np.interp(percent / 100, below, stats.edges))


def deviation(stats: Stats, sample: Sample | None = None) -> float:
    """Standard deviation, estimated as `percentile` is; NaN where there is no finite value."""
    if sample is not None and sample.values.size:
        return float(sample.values.std())
    total = int(stats.histogram.sum())
    if not total:
        return math.nan
    width = (stats.maximum - stats.minimum) / BINS
    centres = stats.edges[:-1] + width / 2
    if not width:
        return 0.0
    return math.sqrt(float((stats.histogram * (centres - stats.mean) ** 2).sum()) / total)


def number_text(value: float, digits: int = 4) -> str:
    """So many digits, a true minus sign: "−0.01235"; one less beside a power of ten; NaN as "–"."""
    if math.isnan(value):
        return "–"
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{value:.{digits - 1}g}"
    return text.replace("-", "−").replace("e+", "e")


def measure(values: Array) -> Stats:
    """Statistics of an array, as the engines make them; releases the GIL for most of its time."""
    flat = values.ravel()
    finite = flat[np.isfinite(flat)]
    nan = int(np.isnan(flat).sum())
    infinite = flat.size - finite.size - nan
    if not finite.size:
        return Stats(math.nan, math.nan, math.nan, nan, infinite, np.zeros(BINS, np.int64))
    low, high = float(finite.min()), float(finite.max())
    counts = np.zeros(BINS, np.int64)
    if low < high:
        counts[:] = np.histogram(finite.astype(np.float64), BINS, (low, high))[0]
    else:
        counts[0] = finite.size
    return Stats(low, high, float(finite.mean(dtype=np.float64)), nan, infinite, counts)
