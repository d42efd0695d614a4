"""Posterise by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.model.bend import Bend, Given, Span
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Posterise(Bend):
    """The channels of every place ranked, and the ranks cut into steps between the smallest and the largest of them."""

    label = "Posterise by rank"
    group = "Values"
    shader = "posterise"

    steps: int = param(3, lo=2, hi=256, live=True, safe=(2, 16), doc="How many different values are left at a place")

    def span(self) -> Span:
        """See `Bend.span`: channels that are ranked among the same others."""
        return Span(8, "tiles")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        rank = _ranks_on_cpu(x) if x.device.type == "cpu" else x.sort(dim=1, stable=True).indices.argsort(dim=1)
        step = (rank * self.steps).div(x.shape[1], rounding_mode="floor")
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        return low + (high - low) * (step.to(x.dtype) / (self.steps - 1))


def _ranks_on_cpu(x: Tensor) -> Tensor:
    """(N, C, H, W) int64: how many channels come before each at its place; of equal ones the first comes first.

    A value and its channel make one whole number, of which a CPU sorts many at once.
    """
    import torch

    number, channels, height, width = x.shape
    values = x.detach().numpy().transpose(0, 2, 3, 1).reshape(-1, channels) + np.float32(0.0)  # of both zeros one
    values = np.ascontiguousarray(values)
    bits = values.view(np.int32)
    # Rising with the values: of negative ones the bits fall.
    keys = (bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))).astype(np.int64)
    keys = (keys << 32) | np.arange(channels)
    keys.sort(axis=1)
    ranks = np.empty(keys.shape, np.int64)
    np.put_along_axis(ranks, keys & 0xFFFFFFFF, np.broadcast_to(np.arange(channels), keys.shape), 1)
    return torch.from_numpy(ranks).reshape(number, height, width, channels).permute(0, 3, 1, 2)
