"""What a brush makes of the weights that it covers."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from studio.edits._cover import Cover
from studio.model.filters.edit import Kernels
from studio.model.views.brush import Brush

_GOLDEN = 0x9E3779B97F4A7C15
_LEVELS = 4096


def painted(brush: Brush, weights: Kernels, cover: Cover, aim: Kernels | float) -> Kernels:
    """The new weights, each from its own old one, its cover and its aim alone.

    Args:
        brush: mode and value count.
        weights: (rows, columns, kh, kw), float64.
        cover: 0 to 1, of a shape that goes with the weights'.
        aim: for mode "smooth" `neighbourhoods`, for "noise" `gaussian`, else the brush's value.
    """
    if brush.mode == "add":
        return weights + cover * brush.value
    if brush.mode == "multiply":
        return weights * (1 + cover * (brush.value - 1))
    if brush.mode == "erase":
        return weights * (1 - cover)
    if brush.mode == "noise":
        return weights + cover * brush.value * aim
    # Not w + cover * (aim - w), which would lose the aim's last bits at full cover.
    return weights * (1 - cover) + cover * aim


def neighbourhoods(kernels: Kernels) -> Kernels:
    """The mean of each weight's 3×3 neighbourhood, as far as it lies in the weight's own kernel.

    Args:
        kernels: (rows, columns, kh, kw), float64.
    """
    return _sums(_sums(kernels, 2), 3) / _sums(_sums(np.ones((1, 1, *kernels.shape[2:])), 2), 3)


def _sums(kernels: Kernels, axis: int) -> Kernels:
    near = np.moveaxis(kernels, axis, 0)
    sums = near.copy()
    sums[1:] += near[:-1]
    sums[:-1] += near[1:]
    return np.moveaxis(sums, 0, axis)


def gaussian(seed: int, rows: slice, columns: slice, kernel: tuple[int, int]) -> Kernels:
    """(rows, columns, kh, kw) of normal noise that belongs to a weight's place on the sheet.

    Sums of quantiles that a hash of seed, row and column picks: unlike logarithms and cosines, these come out the same
    bit for bit on every processor.

    Args:
        seed: 0 or more.
        rows: of kernels.
        columns: the same across.
        kernel: its height and width.
    """
    kh, kw = kernel
    down = np.arange(rows.start * kh, rows.stop * kh, dtype=np.uint64)
    across = np.arange(columns.start * kw, columns.stop * kw, dtype=np.uint64) * np.uint64(_GOLDEN)
    key = _mixed(np.full(1, seed, np.uint64) + np.uint64(_GOLDEN))
    bits = _mixed(_mixed(down ^ key).reshape(-1, 1, kh, 1) + across.reshape(1, -1, 1, kw))
    quantiles, last = _quantiles(), np.uint64(_LEVELS - 1)
    total = quantiles[bits & last]
    for shift in (12, 24, 36):
        total += quantiles[(bits >> np.uint64(shift)) & last]
    return np.asarray(total / 2)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: a small change of any bit changes half of all."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@cache
def _quantiles() -> NDArray[np.float64]:
    normal = NormalDist()
    table = np.array([normal.inv_cdf((level + 0.5) / _LEVELS) for level in range(_LEVELS)])
    table /= table.std()
    table.flags.writeable = False
    return table
