"""What a histogram tells in numbers, and the statistics of an array in memory."""

from __future__ import annotations

import math

import numpy as np

from studio.engine.base import BINS, Stats
from studio.model.op import Array


def percentile(stats: Stats, percent: float) -> float:
    """An estimate: values are taken as spread evenly within each bin, so it is a bin's width off at most.

    Args:
        stats: of any values.
        percent: 0..100, of the finite values that lie below.

    Returns:
        A value; NaN where there is no finite one.
    """
    total = int(stats.histogram.sum())
    if not total:
        return math.nan
    below = np.concatenate(([0], np.cumsum(stats.histogram))) / total
    return float(np.interp(percent / 100, below, stats.edges))


def deviation(stats: Stats) -> float:
    """Standard deviation, estimated as `percentile` is; NaN where there is no finite value."""
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
