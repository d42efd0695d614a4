"""Channels of a map put in another order, and mixed, in PyTorch."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.lanes import FLOATS, NUMBER, NUMBERS, Function, PlainRoutine, Routine, Value, in_planes, suits
from studio.model.networks.shape import Array
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor


def channels_at(x: Tensor, numbers: NDArray[np.int64]) -> Tensor:
    """The channels of (N, C, H, W) with these numbers, in their order."""
    if in_planes(x) or not suits(x):
        return x.index_select(1, on_device(numbers, x.device))
    return _by_pixels(_taken(), x, numbers=numbers)


def mixed_channels(x: Tensor, numbers: NDArray[np.int64], own: Array, theirs: Array) -> Tensor:
    """Each channel of (N, C, H, W) times its own factor, and the one with its number times another, added up."""
    if in_planes(x) or not suits(x):
        mixed = x * on_device(own, x.device, x.dtype)[:, None, None]
        return mixed.addcmul_(channels_at(x, numbers), on_device(theirs, x.device, x.dtype)[:, None, None])
    return _by_pixels(_mixed(), x, numbers=numbers, own=own, theirs=theirs)


def _by_pixels(routine: Routine, x: Tensor, **given: Array | NDArray[np.int64]) -> Tensor:
    """What a loop makes of every pixel, whose channels lie side by side."""
    pixels = x.detach().permute(0, 2, 3, 1).contiguous()
    found, count = pixels.new_empty(pixels.shape), pixels.shape[3]
    routine(pixels.numel() // count, pixels.numel(), x=pixels, out=found, length=count, **given)
    return found.permute(0, 3, 1, 2)


@cache
def _taken() -> Routine:
    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as pixel, f.loop(0, f["length"]) as at:
            begin = pixel * f["length"]
            f.store("out", begin + at, f.load("x", begin + f.one("numbers", at)))

    return PlainRoutine(body, x=FLOATS, out=FLOATS, numbers=NUMBERS, length=NUMBER)


@cache
def _mixed() -> Routine:
    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as pixel, f.loop(0, f["length"]) as at:
            begin = pixel * f["length"]
            own, theirs = f.load("x", begin + at), f.load("x", begin + f.one("numbers", at))
            f.store("out", begin + at, (own * f.load("own", at)).plus_product(theirs, f.load("theirs", at)))

    return PlainRoutine(body, x=FLOATS, out=FLOATS, numbers=NUMBERS, own=FLOATS, theirs=FLOATS, length=NUMBER)
