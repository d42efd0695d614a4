"""Statistics of values that lie in a PyTorch tensor, worked out where they lie."""

from __future__ import annotations

import math

import numpy as np
import torch

from studio.engine.base import BINS, Stats


def stats_of(values: torch.Tensor) -> Stats:
    """Range, mean, histogram, and how many are no numbers."""
    with torch.inference_mode():
        # In the order in which they lie in memory: a map of channels-last else takes twice the time.
        values = values.permute(sorted(range(values.ndim), key=values.stride, reverse=True)).flatten()
        nan = infinite = 0
        lo, hi = (float(v) for v in torch.aminmax(values))
        if not math.isfinite(hi - lo):
            nan, infinite = int(values.isnan().sum()), int(values.isinf().sum())
            values = values[values.isfinite()]
            if not values.numel():
                return Stats(np.nan, np.nan, np.nan, nan, infinite, np.zeros(BINS, np.int64))
            lo, hi = (float(v) for v in torch.aminmax(values))
        # histc overflows in a range near float32's own, but smaller values fall into the same bins.
        small = 1.0 if hi - lo < 1e30 else 2.0**-8
        # Of a single value it would widen the range by itself.
        scaled = values if small == 1.0 else values * small
        counts = torch.histc(scaled, BINS, lo * small, hi * small) if hi > lo else torch.zeros(BINS)
        if hi <= lo:
            counts[0] = values.numel()
        # A float32 sum of a large map loses digits; the mean is taken in float64 where the device has it.
        mean = float(values.mean() if values.device.type == "mps" else values.mean(dtype=torch.float64))
        return Stats(lo, hi, mean, nan, infinite, counts.cpu().numpy().astype(np.int64))
