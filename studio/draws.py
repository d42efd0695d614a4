"""Random numbers that depend on a seed and a place alone: the same in PyTorch and in `shaders/lib/random.glsl`.

The hash is PCG's output function of one step. Source: M. Jarzynski and M. Olano, "Hash functions for GPU rendering",
Journal of Computer Graphics Techniques 9(3), 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.lanes import FLOAT, FLOATS, NUMBER, WORDS, Function, Routine, Rows, Value, suits, where
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor

    from studio.model.networks.shape import Array

Bits = TypeVar("Bits", "Tensor", Value, NDArray[np.int64])
"""32 bits each: of tensors and arrays in int64; of loops that LLVM compiles in 32."""

Drawn = TypeVar("Drawn", "Tensor", Value)

Kind = Literal["uniform", "gaussian"]

_MASK = 0xFFFFFFFF

FRAMES = 1 << 24
"""Frames after which draws come again: shaders are told no larger numbers."""


def seed_numbers(seed: int) -> dict[str, float]:
    """A seed as two numbers that float32 holds."""
    return {"SEED_LOW": float(seed & 0xFFFF), "SEED_HIGH": float(seed >> 16)}


def hashed(bits: Bits) -> Bits:
    """32 bits from 32 bits."""
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


def uniform(bits: Drawn) -> Drawn:
    """Numbers from 0 up to 1, of 24 bits."""
    return (bits >> 8).float() / 16777216.0


def gaussian(bits: Drawn) -> Drawn:
    """Numbers of mean 0 and deviation 1: the sum of twelve random bytes, which is bell-shaped and ends at ±6."""
    # Two bytes at a time, each in sixteen bits of its own.
    pairs = bits * 0
    for _ in range(3):
        bits = hashed(bits)
        pairs = pairs + (bits & 0xFF00FF) + ((bits >> 8) & 0xFF00FF)
    total = (pairs & 0xFFFF) + (pairs >> 16)
    return (total - 1530).float() / _BELL


_BELL = 255.998046867549
"""The deviation of the sum of twelve random bytes."""


def around_zero(kind: Kind, bits: Drawn) -> Drawn:
    """`gaussian` numbers, or `uniform` ones of twice their width."""
    return gaussian(bits) if kind == "gaussian" else uniform(bits) * 2.0 - 1.0


def drawn(x: Tensor, seed: int, frame: int, kind: Kind) -> Tensor:
    """`uniform` or `gaussian` numbers (C, H, W) of a map's `places`."""
    if not suits(x):
        bits = places(x, seed, frame)
        return uniform(bits) if kind == "uniform" else gaussian(bits)
    # Of the map only the shape counts.
    pixels = x.new_empty((1, *x.shape[2:], x.shape[1])).permute(0, 3, 1, 2)
    return _by_rows(_DRAWN[kind], pixels, seed, frame)[0]


def noisy(x: Tensor, seed: int, frame: int, kind: Kind, strength: float) -> Tensor:
    """A map (N, C, H, W) with a number `around_zero` added to each value, as large as this strength says."""
    if not suits(x):
        return x + around_zero(kind, places(x, seed, frame)) * strength
    return _by_rows(_NOISY[kind], x, seed, frame, strength=strength)


def dropped(x: Tensor, seed: int, frame: int, share: float) -> Tensor:
    """A map (N, C, H, W) with zero where `uniform` numbers are below a share."""
    import torch

    if not suits(x):
        below = uniform(places(x, seed, frame)) < float(np.float32(share))
        return torch.where(below, 0.0, x)
    return _by_rows(_DROPPED, x, seed, frame, strength=share)


def _by_rows(routine: Routine, x: Tensor, seed: int, frame: int, **how: float) -> Tensor:
    """What a loop makes of a map, which is told the random word of each row, and what changes it along a row.

    A place's bits are those of its channel and of ``y << 16 | x``, which can be put together in any order.
    """
    own = places(x, seed, frame, per_pixel=False).flatten().numpy().astype(np.uint32)
    down, across = (np.arange(size, dtype=np.uint32) for size in x.shape[2:])
    down <<= np.uint32(16)
    rows = Rows.of(x)
    if rows.in_planes:
        words, along = (own[:, None] ^ down).reshape(-1), across
    else:
        words, along = down, (across[:, None] ^ own).reshape(-1)
    words = np.tile(words, rows.images * rows.height // len(words))
    found = rows.empty()
    routine(len(words), x.numel(), x=rows.numbers, out=found, words=words, along=along, length=rows.length, **how)
    return rows.map(found, x)


def _loop(make: Callable[[Function, Value, Value], Value], **more: str) -> Routine:
    """A loop that makes each number of a row from its random bits, and from its place in memory."""

    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as row:
            word = f.one("words", row)
            with f.blocks(f["length"]) as at:
                place = row * f["length"] + at
                f.store("out", place, make(f, hashed(f.load("along", at) ^ word), place))

    return Routine(body, x=FLOATS, out=FLOATS, words=WORDS, along=WORDS, length=NUMBER, **more)


def _noise(kind: Kind) -> Routine:
    return _loop(lambda f, bits, at: f.load("x", at) + around_zero(kind, bits) * f["strength"], strength=FLOAT)


_KINDS: tuple[Kind, ...] = ("uniform", "gaussian")
_NOISY = {kind: _noise(kind) for kind in _KINDS}
_DRAWN: dict[Kind, Routine] = {
    "uniform": _loop(lambda _f, bits, _at: uniform(bits)),
    "gaussian": _loop(lambda _f, bits, _at: gaussian(bits)),
}
_DROPPED = _loop(lambda f, bits, at: where(uniform(bits) < f["strength"], f.real(0.0), f.load("x", at)), strength=FLOAT)


def smooth_fields(x: Tensor, cells: float, when: float, seed: int, count: int) -> Tensor:
    """(count, H, W) fields from -1 to 1 that are random at whole places and times, and smooth between.

    Args:
        x: (N, C, H, W), of which the fields have the size and the device.
        cells: how many whole places lie along a side.
        when: the time.
        seed: which fields.
        count: how many.
    """
    import torch

    moment = np.float32(when)
    first = int(np.floor(moment))
    in_t = _eased(moment - np.float32(first))
    frames = hashed(np.array([[first], [first + 1]]) & 0xFFFFFF)
    fields = hashed(hashed(frames ^ seed) ^ np.arange(count))
    down, across = (_between(length, cells) for length in x.shape[2:])
    at = np.arange(down.shape[1])[:, None] << 16 | np.arange(across.shape[1])
    known = (hashed(fields[..., None, None] ^ at) >> 8).astype(np.float32) / np.float32(8388608.0) - np.float32(1.0)
    now = torch.from_numpy(known[0] * (np.float32(1.0) - in_t) + known[1] * in_t).to(x.device)
    # Of a large map most numbers are made on its device.
    return torch.matmul(torch.matmul(on_device(down, x.device), now), on_device(across, x.device).T)


def _between(size: int, cells: float) -> Array:
    """(size, whole places): how much each counts for every pixel along a side."""
    at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) * np.float32(cells)
    before = np.floor(at)
    share, places = _eased(at - before), before.astype(np.int64)
    found = np.zeros((size, int(places[-1]) + 2), np.float32)
    rows = np.arange(size)
    found[rows, places], found[rows, places + 1] = np.float32(1.0) - share, share
    return found


def _eased(part: Array | np.float32) -> Any:
    return part * part * (np.float32(3.0) - np.float32(2.0) * part)
