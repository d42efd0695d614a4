"""Numbers about all selected weights, which some edits need before they begin."""

from __future__ import annotations

import math

import numpy as np

from studio.model.filters.edit import Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array

_PIECE = 65536


def peak(tensor: Array, selection: Selection) -> float:
    """The largest selected weight, sign aside."""
    weights = _selected(tensor, selection)
    return max(float(weights.max()), -float(weights.min()))


def spread(tensor: Array, selection: Selection) -> float:
    """Standard deviation of the selected weights, summed in float64."""
    weights = _selected(tensor, selection)
    mean, total = float(weights.mean(dtype=np.float64)), 0.0
    for start in range(0, weights.size, _PIECE):
        away = weights[start : start + _PIECE].astype(np.float64) - mean
        total += float(away @ away)
    return math.sqrt(total / weights.size)


def _selected(tensor: Array, selection: Selection) -> Array:
    kernels = tensor.reshape(kernel_grid(tensor.shape))
    return (kernels if selection.mask.all() else kernels[selection.mask]).ravel()
