"""How frameworks lay windows over a map: borders, and pooling with any of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._values.views import Value, constant

_LEAST = -3e38  # a border that never wins a maximum


def same(size: Sequence[int], kernel: Pair, stride: Pair, dilation: Pair = (1, 1), *, upper: bool = True) -> list[int]:
    """TensorFlow's SAME: left, right, top, bottom, the larger half behind, or before where not ``upper``."""
    found = []
    for axis in (1, 0):
        span = (-(-size[axis] // stride[axis]) - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
        total = max(span - size[axis], 0)
        small, large = total // 2, total - total // 2
        found += [small, large] if upper else [large, small]
    return found


@dataclass(frozen=True)
class Window:
    """How a window is laid over a map.

    Attributes:
        kernel: its height and width.
        stride: its steps.
        dilation: spacing of its taps.
        borders: left, right, top, bottom.
        ceil: whether a last one may hang over the edge.
    """

    kernel: Pair
    stride: Pair
    dilation: Pair = (1, 1)
    borders: tuple[int, ...] = (0, 0, 0, 0)
    ceil: bool = False

    @property
    def is_even(self) -> bool:
        """Whether PyTorch's pooling has such borders."""
        left, right, top, bottom = self.borders
        return (left, top) == (right, bottom) and 2 * left <= self.kernel[1] and 2 * top <= self.kernel[0]

    def overhang(self, size: Sequence[int]) -> list[int]:
        """How far the last windows hang over the edge of the bordered map, as borders."""
        if not self.ceil:
            return [0, 0, 0, 0]
        over, (left, right, top, bottom) = [], self.borders
        for axis, before, after in ((1, left, right), (0, top, bottom)):
            whole, span = size[axis] + before, self.dilation[axis] * (self.kernel[axis] - 1) + 1
            steps = -(-(whole + after - span) // self.stride[axis])
            if steps * self.stride[axis] >= whole:  # a window that would begin behind the map is none
                steps -= 1
            over += [0, max(steps * self.stride[axis] + span - whole - after, 0)]
        return over


def max_pool(f: Flow, value: Value, window: Window) -> Value:
    """The largest value of each window; borders never win."""
    sizes: dict[str, Any] = {"kernel_size": window.kernel, "stride": window.stride, "dilation": window.dilation}
    if window.is_even:
        left, _, top, _ = window.borders
        return f.layer("MaxPool2d", value, **sizes, padding=(top, left), ceil_mode=window.ceil)
    whole = [border + more for border, more in zip(window.borders, window.overhang(value.shape[2:]), strict=True)]
    return f.layer("MaxPool2d", f.pad(value, whole, "constant", _LEAST), **sizes)


def average_pool(f: Flow, value: Value, window: Window, *, counted: bool) -> Value:
    """The mean of each window, in which borders count as zeros where ``counted``."""
    if window.dilation == (1, 1) and window.is_even:
        left, _, top, _ = window.borders
        return f.layer(
            "AvgPool2d",
            value,
            kernel_size=window.kernel,
            stride=window.stride,
            padding=(top, left),
            ceil_mode=window.ceil,
            count_include_pad=counted,
        )
    inner, over = f.pad(value, window.borders, "constant"), window.overhang(value.shape[2:])
    mean = mean_of(f, inner, window, over)
    if (counted or not any(window.borders)) and not any(over):
        return mean
    # What share of each window counts, found by pooling ones.
    ones = _ones(f, inner if counted else value)
    shares = ones if counted else f.pad(ones, window.borders, "constant")
    return f.binary("Div", mean, mean_of(f, shares, window, over))


def p_norm_pool(f: Flow, powers: Value, window: Window) -> Value:
    """The sum of each window, of values that were raised to a power already."""
    value, over = f.pad(powers, window.borders, "constant"), window.overhang(powers.shape[2:])
    mean = mean_of(f, value, replace(window, borders=(0, 0, 0, 0)), over)
    return f.binary("Mul", mean, constant(np.float32(math.prod(window.kernel))))


def mean_of(f: Flow, value: Value, window: Window, over: Sequence[int]) -> Value:
    """Sum of each window over its whole size, of a map that has its borders."""
    value = f.pad(value, over, "constant")
    if window.dilation == (1, 1):
        return f.layer("AvgPool2d", value, kernel_size=window.kernel, stride=window.stride)
    channels = value.shape[1]
    shares = constant(np.full((channels, 1, *window.kernel), 1 / math.prod(window.kernel), np.float32))
    return f.conv(value, shares, None, window.stride, [0] * 4, window.dilation, channels)


def _ones(f: Flow, value: Value) -> Value:
    """A map of one channel and that size, of ones."""
    one = f.move(value, lambda x: x[:, :1])
    return f.each("Affine", one, scale=0.0, shift=1.0)
