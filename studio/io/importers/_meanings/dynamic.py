"""Convolutions whose kernels are worked out from the picture: windows as channels, and a matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._values.views import Value, constant, reshaped

if TYPE_CHECKING:
    from studio.io.importers._meanings.flow import Flow

Pair = tuple[int, int]

_MOST_GROUPS = 32


def taps(channels: int, kernel: Pair) -> Value:
    """Kernels of a single 1 each: (channels * kh * kw, 1, kh, kw)."""
    count = kernel[0] * kernel[1]
    return constant(np.tile(np.eye(count, dtype=np.float32), (channels, 1)).reshape(-1, 1, *kernel))


def convolved(
    f: Flow,
    value: Value,
    weight: Value,
    bias: Value | None,
    stride: Pair,
    borders: Sequence[int],
    dilation: Pair,
    groups: int,
) -> Value:
    """``conv2d`` with a map as its weight, (O, C, kh, kw); every window's values become channels first."""
    if groups > 1:
        return _in_groups(f, value, weight, bias, stride, borders, dilation, groups)
    out, channels, kernel = _sizes(value, weight, groups)
    seen = value
    if kernel != (1, 1) or stride != (1, 1) or any(borders):
        seen = f.conv(value, taps(channels, kernel), None, stride, borders, dilation, channels)
    return _with_bias(f, _multiplied(f, seen, reshaped(weight, (out, channels * kernel[0] * kernel[1]))), bias)


def _in_groups(
    f: Flow,
    value: Value,
    weight: Value,
    bias: Value | None,
    stride: Pair,
    borders: Sequence[int],
    dilation: Pair,
    groups: int,
) -> Value:
    """Each group by itself; where each is one channel, every tap times its number, and a sum over the taps."""
    out, per_group, high, wide = weight.shape
    count = high * wide
    if out == groups and per_group == 1:
        seen = f.conv(value, taps(groups, (high, wide)), None, stride, borders, dilation, groups)
        parts = f.binary("Mul", seen, reshaped(weight, (1, groups * count, 1, 1)))
        ones = constant(np.ones((groups, count, 1, 1), np.float32))
        return _with_bias(f, f.conv(parts, ones, None, (1, 1), [0] * 4, (1, 1), groups), bias)
    if groups > _MOST_GROUPS:
        raise StudioError(
            f"its weights are computed from its input, in {groups} groups of several channels; {_MOST_GROUPS} at "
            "most, or groups of one channel, are supported."
        )
    each = out // groups
    made = []
    for k in range(groups):
        part = f.move(value, lambda n, k=k: n[:, k * per_group : (k + 1) * per_group])  # type: ignore[misc]
        own = f.move(weight, lambda n, k=k: n[k * each : (k + 1) * each])  # type: ignore[misc]
        made.append(convolved(f, part, own, None, stride, borders, dilation, 1))
    return _with_bias(f, f.concat(made, 1), bias)


def transposed(
    f: Flow,
    value: Value,
    weight: Value,
    bias: Value | None,
    stride: Pair,
    borders: Sequence[int],
    extra: Pair,
    dilation: Pair,
    groups: int,
) -> Value:
    """``conv_transpose2d`` with a map as its weight, (C, O, kh, kw): each tap's share, and then where it goes."""
    turned = f.move(weight, lambda n: np.swapaxes(n, 0, 1))
    out, channels, kernel = _sizes(value, turned, groups)
    count = kernel[0] * kernel[1]
    rows = f.move(turned, lambda n: n.transpose(0, 2, 3, 1).reshape(out * count, channels))
    shares = _multiplied(f, value, rows)
    made = f.conv_transpose(shares, taps(out, kernel), None, stride, borders, extra, dilation, out)
    return _with_bias(f, made, bias)


def _sizes(value: Value, weight: Value, groups: int) -> tuple[int, int, Pair]:
    if groups != 1 or len(weight.shape) != 4 or len(value.shape) != 4 or value.shape[0] != 1:
        raise StudioError(
            "its weights are computed from its input for several maps at once, or a transposed convolution has such "
            "weights in groups, which is not supported; give it one picture and one group."
        )
    out, channels, high, wide = weight.shape
    return out, channels, (high, wide)


def _multiplied(f: Flow, value: Value, rows: Value) -> Value:
    """A matrix (O, C) at every place of a map."""
    _, channels, height, width = value.shape
    places = f.move(reshaped(value, (1, channels, height * width)), lambda n: np.swapaxes(n, 1, 2))
    turned = f.move(reshaped(rows, (1, *rows.shape)), lambda n: np.swapaxes(n, 1, 2))
    made = f.move(f.product(places, turned), lambda n: np.swapaxes(n, 1, 2))
    return reshaped(made, (1, rows.shape[0], height, width))


def _with_bias(f: Flow, made: Value, bias: Value | None) -> Value:
    return made if bias is None else f.binary("Add", made, reshaped(bias, (1, *bias.shape, 1, 1)))
