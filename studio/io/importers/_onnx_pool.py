"""What ONNX's operators mean that pool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.io.importers._flow import Flow, Pair
from studio.io.importers._onnx_table import OnnxNode, borders_of, means, two
from studio.io.importers._views import Value, constant

_LEAST = -3e38  # a border that never wins a maximum


@means("MaxPool")
def _max_pool(f: Flow, n: OnnxNode) -> Value:
    kernel, stride, dilation, borders = _window(n)
    sizes: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "dilation": dilation}
    if _is_even(kernel, borders):
        left, _, top, _ = borders
        return f.layer("MaxPool2d", n.x, **sizes, padding=(top, left), ceil_mode=_rounds_up(n))
    whole = [border + more for border, more in zip(borders, _overhang(n), strict=True)]
    return f.layer("MaxPool2d", f.pad(n.x, whole, "constant", _LEAST), **sizes)


@means("AveragePool")
def _average_pool(f: Flow, n: OnnxNode) -> Value:
    kernel, stride, dilation, borders = _window(n)
    counted = bool(n.attributes.get("count_include_pad", 0))
    if dilation == (1, 1) and _is_even(kernel, borders):
        left, _, top, _ = borders
        sizes: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": (top, left)}
        return f.layer("AvgPool2d", n.x, **sizes, ceil_mode=_rounds_up(n), count_include_pad=counted)
    inner, over = f.pad(n.x, borders, "constant"), _overhang(n)
    mean = _mean(f, inner, kernel, stride, dilation, over)
    if (counted or not any(borders)) and not any(over):
        return mean
    # What share of each window counts, found by pooling ones.
    ones = _ones(f, inner if counted else n.x)
    shares = f.pad(ones, [0] * 4 if counted else borders, "constant")
    return f.binary("Div", mean, _mean(f, shares, kernel, stride, dilation, over))


@means("LpPool")
def _lp_pool(f: Flow, n: OnnxNode) -> Value:
    kernel, stride, dilation, borders = _window(n)
    value = f.pad(_powers(f, n.x, n), borders, "constant")
    mean = _mean(f, value, kernel, stride, dilation, _overhang(n))
    return _root(f, f.binary("Mul", mean, constant(np.float32(math.prod(kernel)))), n)


@means("GlobalLpPool")
def _global_lp_pool(f: Flow, n: OnnxNode) -> Value:
    return _root(f, f.total(_powers(f, n.x, n), (2, 3), keepdim=True), n)


@means("GlobalAveragePool")
def _global_average_pool(f: Flow, n: OnnxNode) -> Value:
    return f.mean(n.x, (2, 3), keepdim=True)


@means("GlobalMaxPool")
def _global_max_pool(f: Flow, n: OnnxNode) -> Value:
    return f.layer("AdaptiveMaxPool2d", n.x, output_size=(1, 1))


def _window(n: OnnxNode) -> tuple[Pair, Pair, Pair, list[int]]:
    """Kernel, stride, dilation, and the borders left, right, top, bottom."""
    kernel, stride = two(n.attributes.get("kernel_shape")), two(n.attributes.get("strides"))
    dilation = two(n.attributes.get("dilations"))
    return kernel, stride, dilation, borders_of(n, kernel, stride, dilation)


def _is_even(kernel: Pair, borders: Sequence[int]) -> bool:
    left, right, top, bottom = borders
    return (left, top) == (right, bottom) and 2 * left <= kernel[1] and 2 * top <= kernel[0]


def _rounds_up(n: OnnxNode) -> bool:
    return bool(n.attributes.get("ceil_mode", 0))


def _overhang(n: OnnxNode) -> list[int]:
    """How far the last windows hang over the edge of the bordered map, as borders."""
    if not _rounds_up(n):
        return [0, 0, 0, 0]
    kernel, stride, dilation, (left, right, top, bottom) = _window(n)
    over = []
    for axis, before, after in ((1, left, right), (0, top, bottom)):
        size, span = n.x.shape[2 + axis] + before, dilation[axis] * (kernel[axis] - 1) + 1
        steps = -(-(size + after - span) // stride[axis])
        if steps * stride[axis] >= size:  # a window that would begin behind the map is none
            steps -= 1
        over += [0, max(steps * stride[axis] + span - size - after, 0)]
    return over


def _mean(f: Flow, value: Value, kernel: Pair, stride: Pair, dilation: Pair, over: Sequence[int]) -> Value:
    """Sum of each window over its whole size, of a map that has its borders."""
    value = f.pad(value, over, "constant")
    if dilation == (1, 1):
        return f.layer("AvgPool2d", value, kernel_size=kernel, stride=stride)
    channels = value.shape[1]
    shares = constant(np.full((channels, 1, *kernel), 1 / math.prod(kernel), np.float32))
    return f.conv(value, shares, None, stride, [0] * 4, dilation, channels)


def _ones(f: Flow, value: Value) -> Value:
    """A map of one channel and that size, of ones."""
    one = f.move(value, lambda x: x[:, :1])
    return f.each("Affine", one, scale=0.0, shift=1.0)


def _powers(f: Flow, value: Value, n: OnnxNode) -> Value:
    p = n.attributes.get("p", 2)
    size = f.each("Abs", value)
    return size if p == 1 else f.each("Pow", size, exponent=float(p))


def _root(f: Flow, value: Value, n: OnnxNode) -> Value:
    p = n.attributes.get("p", 2)
    return value if p == 1 else f.each("Sqrt", value) if p == 2 else f.each("Pow", value, exponent=1 / p)
