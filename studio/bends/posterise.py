"""Posterise by rank."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.lanes import FLOATS, NUMBER, NUMBERS, Function, PlainRoutine, Routine, Value, suits
from studio.model.bends.bend import Bend, Given, Span
from studio.model.declared.param import param
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from torch import Tensor


class Posterise(Bend):
    """The channels of every place ranked, and the ranks cut into steps between the smallest and the largest of them."""

    label = "Posterise by rank"
    group = "Values"
    shader = "posterise"
    in_tiles = True

    steps: int = param(3, lo=2, hi=256, live=True, safe=(2, 16), doc="How many different values are left at a place")

    def span(self) -> Span:
        """See `Bend.span`: channels that are ranked among the same others."""
        return Span(8, "tiles")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        if suits(x):
            return by_pixels(x, self.steps)
        rank = x.sort(dim=1, stable=True).indices.argsort(dim=1)
        step = (rank * self.steps).div(x.shape[1], rounding_mode="floor")
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        return low + (high - low) * (step.to(x.dtype) / (self.steps - 1))


def by_pixels(x: Tensor, steps: int) -> Tensor:
    """`Posterise` of (N, C, H, W); of equal values that of the first channel comes first.

    A value and its channel make one whole number, of which NumPy sorts many at once: what is at a place of the order
    goes to the channel that is found there.
    """
    pixels = x.detach().permute(0, 2, 3, 1).contiguous()
    found, channels = pixels.new_empty(pixels.shape), pixels.shape[3]
    share = (np.arange(channels) * steps // channels).astype(np.float32) / np.float32(steps - 1)
    lines, into = pixels.numpy().reshape(-1, channels), found.numpy().reshape(-1, channels)
    few = max(1, _CACHED // channels)
    for first in range(0, len(lines), few):
        part = lines[first : first + few]
        order = _order(part)
        _spread()(len(part), part.size, x=part, order=order, share=share, out=into[first:], length=channels)
    return found.permute(0, 3, 1, 2)


_CACHED = 1 << 15
"""Values that are sorted at a time: they stay in the processor's cache."""


def _order(pixels: Array) -> NDArray[np.int64]:
    """Channels of (places, channels) by their values, in the lower 32 bits."""
    values = pixels + np.float32(0.0)  # of both zeros one
    bits = values.view(np.int32)
    # Rising with the values: of negative ones the bits fall.
    keys = (bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))).astype(np.int64)
    keys <<= 32
    keys |= np.arange(pixels.shape[1])
    keys.sort(axis=1)
    return keys


@cache
def _spread() -> Routine:
    """To each channel of a pixel the share of the way between its smallest and largest that its rank stands for."""

    def body(f: Function, first: Value, last: Value) -> None:
        length = f["length"]
        with f.loop(first, last) as pixel:
            begin = pixel * length

            def channel(rank: Value | int) -> Value:
                return begin + (f.one("order", begin + rank) & 0xFFFFFFFF)

            low, high = f.one("x", channel(0)), f.one("x", channel(length - 1))
            with f.loop(0, length) as rank:
                f.store("out", channel(rank), low + (high - low) * f.one("share", rank))

    return PlainRoutine(body, x=FLOATS, order=NUMBERS, share=FLOATS, out=FLOATS, length=NUMBER)
