"""Random numbers that depend on a seed and a place alone: the same in PyTorch and in `shaders/lib/random.glsl`.

The hash is PCG's output function of one step. Source: M. Jarzynski and M. Olano, "Hash functions for GPU rendering",
Journal of Computer Graphics Techniques 9(3), 2020.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from studio.model.op import Array

if TYPE_CHECKING:
    from torch import Tensor

_MASK = 0xFFFFFFFF

FRAMES = 1 << 24
"""Frames after which draws come again: shaders are told no larger numbers."""


def seed_numbers(seed: int) -> dict[str, float]:
    """A seed as two numbers that float32 holds."""
    return {"SEED_LOW": float(seed & 0xFFFF), "SEED_HIGH": float(seed >> 16)}


def hashed(bits: Tensor) -> Tensor:
    """32 bits from 32 bits, in int64."""
    state = (bits * 747796405 + 2891336453) & _MASK
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & _MASK
    return (word >> 22) ^ word


def places(x: Tensor, seed: int, frame: int, *, per_pixel: bool = True) -> Tensor:
    """32 random bits in int64 for each value of a map (C, H, W), or for each channel (C, 1, 1)."""
    import torch

    channels = torch.arange(x.shape[1], device=x.device)[:, None, None]
    found = hashed(torch.full_like(channels, seed) ^ hashed(torch.full_like(channels, frame & 0xFFFFFF)))
    found = hashed(found ^ channels)
    if not per_pixel:
        return found
    ys = torch.arange(x.shape[2], device=x.device)[:, None]
    xs = torch.arange(x.shape[3], device=x.device)
    return hashed(found ^ (ys << 16 | xs))


def uniform(bits: Tensor) -> Tensor:
    """Numbers from 0 up to 1, of 24 bits."""
    return (bits >> 8).float() / 16777216.0


def gaussian(bits: Tensor) -> Tensor:
    """Numbers of mean 0 and deviation 1: the sum of twelve random bytes, which is bell-shaped and ends at ±6."""
    # Two bytes at a time, each in sixteen bits of its own.
    pairs = bits * 0
    for _ in range(3):
        bits = hashed(bits)
        pairs += (bits & 0xFF00FF) + ((bits >> 8) & 0xFF00FF)
    total = (pairs & 0xFFFF) + (pairs >> 16)
    return (total - 1530).float() / _BELL


_BELL = 255.998046867549
"""The deviation of the sum of twelve random bytes."""


def drawn(x: Tensor, seed: int, frame: int, kind: Literal["uniform", "gaussian"], *, per_pixel: bool = True) -> Tensor:
    """`uniform` or `gaussian` numbers of a map's `places`; on a CPU by numpy, which has words of 32 bits.

    All channels of a pixel lie side by side, as in an engine's maps; a few pixels at a time stay in the processor's
    cache.
    """
    import torch

    if x.device.type != "cpu" or not per_pixel:
        bits = places(x, seed, frame, per_pixel=per_pixel)
        return uniform(bits) if kind == "uniform" else gaussian(bits)
    found = np.empty((x.shape[2] * x.shape[3], x.shape[1]), np.float32)
    for part, words in _drawn_words(x, seed, frame):
        found[part] = _uniform(words) if kind == "uniform" else _gaussian(words)
    return torch.from_numpy(found).reshape(*x.shape[2:], x.shape[1]).permute(2, 0, 1)


def dropped(x: Tensor, seed: int, frame: int, share: float) -> Tensor:
    """A map (N, C, H, W) with zero where `uniform` numbers are below a share."""
    import torch

    if x.device.type != "cpu":
        below = uniform(places(x, seed, frame)) < torch.tensor(share, dtype=torch.float32).to(x.device)
        return torch.where(below, 0.0, x)
    pixels = np.ascontiguousarray(x.detach().permute(0, 2, 3, 1).numpy()).view(np.uint32)
    lines = pixels.reshape(len(x), -1, x.shape[1])
    found = np.empty_like(lines)
    # A share of one is more than any word.
    limit = math.ceil(float(np.float32(share)) * 16777216.0) << 8
    for part, words in _drawn_words(x, seed, frame):
        # As bits: a processor cannot foresee which of two values it is to take.
        kept = (words >= np.uint32(limit)).astype(np.uint32) if limit <= _MASK else np.zeros_like(words)
        np.bitwise_and(lines[:, part], np.negative(kept, kept), found[:, part])
    return torch.from_numpy(found.view(np.float32)).reshape(pixels.shape).permute(0, 3, 1, 2)


def _drawn_words(x: Tensor, seed: int, frame: int) -> Iterator[tuple[slice, Words]]:
    """`places` of a map, some pixels at a time: which, and (pixels, channels)."""
    begin = _hashed(_words(seed) ^ _hashed(_words(frame & 0xFFFFFF)))
    each = _hashed(begin ^ np.arange(x.shape[1], dtype=np.uint32))
    at = np.arange(x.shape[2], dtype=np.uint32)[:, None] << _words(16) | np.arange(x.shape[3], dtype=np.uint32)
    at = at.reshape(-1, 1)
    few = max(1, _CACHED // max(1, x.shape[1]))
    for first in range(0, len(at), few):
        part = slice(first, first + few)
        yield part, _hashed(each ^ at[part])


_CACHED = 1 << 15
"""Numbers that are drawn at a time."""

Words = NDArray[np.uint32]


def _words(value: int) -> Words:
    return np.full(1, value & _MASK, np.uint32)


def _hashed(bits: Words) -> Words:
    state = bits * np.uint32(747796405)
    state += np.uint32(2891336453)
    word = state >> np.uint32(28)
    word += np.uint32(4)
    np.right_shift(state, word, out=word)
    word ^= state
    word *= np.uint32(277803737)
    found: Words = (word >> np.uint32(22)) ^ word
    return found


def _uniform(bits: Words) -> Array:
    found: Array = (bits >> np.uint32(8)).astype(np.float32)
    found /= np.float32(16777216.0)
    return found


def _gaussian(bits: Words) -> Array:
    pairs, low = np.zeros_like(bits), np.uint32(0xFF00FF)
    for _ in range(3):
        bits = _hashed(bits)
        pairs += bits & low
        pairs += (bits >> np.uint32(8)) & low
    total = (pairs & np.uint32(0xFFFF)) + (pairs >> np.uint32(16))
    found: Array = total.astype(np.float32)
    found -= np.float32(1530.0)
    found /= np.float32(_BELL)
    return found


def smooth_field(down: Tensor, across: Tensor, when: Tensor, seed: int, part: int) -> Tensor:
    """A field from -1 to 1 that is random at whole places and times, and smooth between.

    Args:
        down: (H, 1) places.
        across: (1, W) places.
        when: the time, one number.
        seed: which field.
        part: which of several fields of this seed.
    """
    import torch

    at = [each.floor() for each in (down, across, when)]
    top, left, first = (each.long() for each in at)
    between = [each - whole for each, whole in zip((down, across, when), at, strict=True)]
    in_y, in_x, in_t = (each * each * (3.0 - 2.0 * each) for each in between)
    found = []
    for t in (0, 1):
        frame = hashed((first + t) & 0xFFFFFF)
        own = hashed(hashed(torch.full_like(frame, seed) ^ frame) ^ part)
        upper, lower = (a * (1.0 - in_x) + b * in_x for a, b in _corners(own, top, left))
        found.append(upper * (1.0 - in_y) + lower * in_y)
    return found[0] * (1.0 - in_t) + found[1] * in_t


def _corners(own: Tensor, ys: Tensor, xs: Tensor) -> list[list[Tensor]]:
    """Of each cell with its first corner at these rising (H, 1) and (1, W) the upper two and the lower two, (H, W)."""
    import torch

    if ys.device.type != "cpu":
        return [[_corner(own, ys + y, xs + x) for x in (0, 1)] for y in (0, 1)]
    # Each corner is drawn once, not for each pixel of the four cells around it.
    first, left = int(ys[0, 0]), int(xs[0, 0])
    rows, columns = torch.arange(first, int(ys[-1, 0]) + 2), torch.arange(left, int(xs[0, -1]) + 2)
    known = _corner(own, rows[:, None], columns)
    down, across = ys.flatten() - first, xs.flatten() - left
    return [[known.index_select(0, down + y).index_select(1, across + x) for x in (0, 1)] for y in (0, 1)]


def _corner(own: Tensor, ys: Tensor, xs: Tensor) -> Tensor:
    return uniform(hashed(own ^ (ys << 16 | xs))) * 2.0 - 1.0
