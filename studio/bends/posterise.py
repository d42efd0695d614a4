"""Posterise by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.model.bend import Bend, Given, Span
from studio.model.op import Array
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
        if x.device.type == "cpu":
            return posterised_on_cpu(x, self.steps)
        rank = x.sort(dim=1, stable=True).indices.argsort(dim=1)
        step = (rank * self.steps).div(x.shape[1], rounding_mode="floor")
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        return low + (high - low) * (step.to(x.dtype) / (self.steps - 1))


def posterised_on_cpu(x: Tensor, steps: int) -> Tensor:
    """`Posterise` of (N, C, H, W); of equal values that of the first channel comes first.

    A value and its channel make one whole number, of which a CPU sorts many at once: what is at a place of the order
    goes to the channel that is found there.
    """
    import torch

    number, channels, height, width = x.shape
    pixels = np.ascontiguousarray(x.detach().numpy().transpose(0, 2, 3, 1)).reshape(-1, channels)
    share = (np.arange(channels) * steps // channels).astype(np.float32) / np.float32(steps - 1)
    found = np.empty_like(pixels)
    few = max(1, _CACHED // channels)
    for first in range(0, len(pixels), few):
        _posterise(pixels[first : first + few], share, found[first : first + few])
    return torch.from_numpy(found).reshape(number, height, width, channels).permute(0, 3, 1, 2)


_CACHED = 1 << 15
"""Values that are sorted at a time: they stay in the processor's cache."""


def _posterise(pixels: Array, share: Array, found: Array) -> None:
    """(places, channels) into what is found, by the share of the way that each rank stands for."""
    channels = len(share)
    values = pixels + np.float32(0.0)  # of both zeros one
    bits = values.view(np.int32)
    # Rising with the values: of negative ones the bits fall.
    keys = (bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))).astype(np.int64)
    keys <<= 32
    keys |= np.arange(channels)
    keys.sort(axis=1)
    keys &= 0xFFFFFFFF
    ends = np.take_along_axis(values, keys[:, [0, -1]], 1)
    low, high = ends[:, :1], ends[:, 1:]
    keys += np.arange(len(keys))[:, None] * channels
    found.reshape(-1)[keys] = low + (high - low) * share
