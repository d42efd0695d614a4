"""What Keras's layers with weights mean, and its pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.bends import activated
from studio.io.importers._keras.table import Held, KerasLayer, means, picked, turned
from studio.io.importers._meanings.borders import Window, average_pool, max_pool, same
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._tensors.space import transposed_size
from studio.io.importers._values.views import Value, reshaped


@means("Conv2D", "Convolution2D", "AtrousConvolution2D")
def _conv(f: Flow, n: KerasLayer) -> Held:
    weight, groups = _kernel(n, (3, 2, 0, 1)), int(n.config.get("groups", 1))
    return activated(f, n, _convolved(f, n, n.x.value, weight, n.get("bias"), groups))


@means("DepthwiseConv2D")
def _depthwise(f: Flow, n: KerasLayer) -> Held:
    weight, channels = _one_group_a_channel(n.need("depthwise_kernel", "kernel"))
    return activated(f, n, _convolved(f, n, n.x.value, weight, n.get("bias"), channels))


@means("SeparableConv2D", "SeparableConvolution2D")
def _separable(f: Flow, n: KerasLayer) -> Held:
    weight, channels = _one_group_a_channel(n.need("depthwise_kernel"))
    own, f.name = f.name, f"{f.name}.depthwise"
    between = _convolved(f, n, n.x.value, weight, None, channels)
    f.name = f"{own}.pointwise"
    made = f.conv(between, turned(n.need("pointwise_kernel"), 3, 2, 0, 1), n.get("bias"), (1, 1), [0] * 4, (1, 1), 1)
    f.name = own
    return activated(f, n, made)


@means("Conv2DTranspose", "Deconvolution2D")
def _conv_transpose(f: Flow, n: KerasLayer) -> Held:
    weight = _transposed_kernel(n)
    kernel, stride, dilation = weight.shape[2:], n.pair("strides"), n.pair("dilation_rate")
    _require_map(n)
    extra = None if n.config.get("output_padding") is None else n.pair("output_padding")
    how, borders = "same" if n.is_same else "valid", []
    for axis in (1, 0):
        size, more = n.x.value.shape[2 + axis], None if extra is None else extra[axis]
        said = _said_size(n, axis)
        made = said or transposed_size(size, kernel[axis], stride[axis], dilation[axis], more, how)
        total = (size - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 - made
        before = max(total, 0) // 2 if n.is_same else 0
        borders += [before, total - before]
    return activated(f, n, f.conv_transpose(n.x.value, weight, n.get("bias"), stride, borders, (0, 0), dilation, 1))


@means("Dense")
def _dense(f: Flow, n: KerasLayer) -> Held:
    kernel, bias = n.need("kernel"), n.get("bias")
    if n.x.is_map and not n.channels_last:
        # Along Keras's last axis, which is the breadth.
        return activated(f, n, f.linear(n.x.value, turned(kernel, 1, 0), bias))
    if n.x.is_map:
        weight = reshaped(turned(kernel, 1, 0), (kernel.shape[1], kernel.shape[0], 1, 1))
        return activated(f, n, f.conv(n.x.value, weight, bias, (1, 1), [0] * 4, (1, 1), 1))
    weight = picked(picked(turned(kernel, 1, 0), n.x.order, 1), n.wanted)
    made = f.linear(n.x.value, weight, None if bias is None else picked(bias, n.wanted))
    return activated(f, n, made, n.wanted)


@means("Conv1D", "Convolution1D")
def _conv_of_lines(f: Flow, n: KerasLayer) -> Held:
    """A line as a map of one row."""
    _require_lines(n)
    kernel = turned(_straight(n, n.need("kernel"), 1), 2, 1, 0)
    out, channels, length = kernel.shape
    value, same_size = _row(f, n.x.value), n.config.get("padding", "valid")
    stride, apart = (_one(n.config.get(name)) for name in ("strides", "dilation_rate"))
    borders = [0] * 4
    if same_size == "same":
        borders = same(value.shape[2:], (1, length), (1, stride), (1, apart))
    elif same_size == "causal":
        borders = [apart * (length - 1), 0, 0, 0]
    weight, groups = reshaped(kernel, (out, channels, 1, length)), int(n.config.get("groups", 1))
    made = f.conv(value, weight, n.get("bias"), (1, stride), borders, (1, apart), groups)
    return activated(f, n, _line(f, made))


@means("MaxPooling1D", "MaxPool1D", "AveragePooling1D", "AvgPool1D")
def _pool_of_lines(f: Flow, n: KerasLayer) -> Held:
    _require_lines(n)
    value, length = _row(f, n.x.value), _one(n.config.get("pool_size", 2))
    stride = _one(n.config.get("strides") or length)
    borders = same(value.shape[2:], (1, length), (1, stride)) if n.is_same else [0] * 4
    window = Window((1, length), (1, stride), borders=tuple(borders))
    made = max_pool(f, value, window) if n.kind.startswith("Max") else average_pool(f, value, window, counted=False)
    return Held(_line(f, made))


@means("GlobalAveragePooling1D", "GlobalMaxPooling1D")
def _global_of_lines(f: Flow, n: KerasLayer) -> Held:
    _require_lines(n)
    op = "Amax" if "Max" in n.kind else "Mean"
    return Held(f.reduced(op, n.x.value, [1], keepdim=bool(n.config.get("keepdims"))))


def _row(f: Flow, value: Value) -> Value:
    """(1, N, C) as (1, C, 1, N)."""
    if len(value.shape) != 3:
        raise StudioError(f"it works along the lines of values of shape {value.shape}; they have none.")
    return reshaped(f.move(value, lambda x: x.swapaxes(1, 2)), (1, value.shape[2], 1, value.shape[1]))


def _line(f: Flow, value: Value) -> Value:
    return f.move(reshaped(value, (1, value.shape[1], value.shape[3])), lambda x: x.swapaxes(1, 2))


def _one(given: Any) -> int:
    return int(given[0] if isinstance(given, (list, tuple)) else given or 1)


def _convolved(f: Flow, n: KerasLayer, value: Value, weight: Value, bias: Value | None, groups: int) -> Value:
    kernel: Pair = (weight.shape[2], weight.shape[3])
    stride = n.pair("strides", n.config.get("subsample", 1))
    dilation = n.pair("dilation_rate", n.config.get("atrous_rate", 1))
    _require_map(n)
    borders = same(value.shape[2:], kernel, stride, dilation) if n.is_same else [0] * 4
    return f.conv(value, weight, bias, stride, borders, dilation, groups)


def _kernel(n: KerasLayer, axes: tuple[int, int, int, int]) -> Value:
    """OIHW of what is HWIO, unless Keras 1 says that it is OIHW."""
    kernel = n.need("kernel")
    if n.config.get("kernels") == "OIHW":
        return _straight(n, kernel, 2, last=True)
    return turned(_straight(n, kernel, 2), *axes)


def _transposed_kernel(n: KerasLayer) -> Value:
    """IOHW of what is HWOI, or of what Keras 1 has as those of its other convolutions."""
    if "kernels" not in n.config:
        return _kernel(n, (3, 2, 0, 1))
    return turned(_kernel(n, (3, 2, 0, 1)), 1, 0, 2, 3)


def _straight(n: KerasLayer, kernel: Value, sides: int, *, last: bool = False) -> Value:
    """A kernel as it is laid on the map: Theano turns it by half a turn."""
    if n.saved.backend != "theano":
        return kernel
    array = np.asarray(kernel.constant)
    axes = tuple(range(array.ndim))
    flipped = np.flip(array, axes[-sides:] if last else axes[:sides])
    return Value(kernel.shape, constant=flipped, origin=kernel.origin)


def _said_size(n: KerasLayer, axis: int) -> int:
    """The height or breadth that a transposed convolution of Keras 1 says it makes; 0 where it says none."""
    said = n.config.get("output_shape")
    sides = list(said)[1:] if isinstance(said, (list, tuple)) and len(said) == 4 else [0, 0, 0]
    sides = sides[:2] if n.channels_last else sides[1:]
    return int(sides[axis] or 0)


def _require_map(n: KerasLayer) -> None:
    if not n.x.is_map:
        raise StudioError(f"it convolves values of shape {n.x.value.shape}; only maps are convolved.")


def _require_lines(n: KerasLayer) -> None:
    if n.config.get("data_format") == "channels_first":
        raise StudioError("the channels of its lines come first, which is not supported; save it with channels_last.")


def _one_group_a_channel(kernel: Value) -> tuple[Value, int]:
    """(H, W, C, M) as (C · M, 1, H, W), and C."""
    height, width, channels, times = kernel.shape
    return reshaped(turned(kernel, 2, 3, 0, 1), (channels * times, 1, height, width)), channels


# -- pooling ---------------------------------------------------------------------------------------------------------


@means("MaxPooling2D", "MaxPool2D")
def _max_pool(f: Flow, n: KerasLayer) -> Held:
    return Held(max_pool(f, n.x.value, _window(n)))


@means("AveragePooling2D", "AvgPool2D")
def _average_pool(f: Flow, n: KerasLayer) -> Held:
    return Held(average_pool(f, n.x.value, _window(n), counted=False))


@means("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D")
def _adaptive(f: Flow, n: KerasLayer) -> Held:
    op = "AdaptiveMaxPool2d" if "Max" in n.kind else "AdaptiveAvgPool2d"
    return Held(f.layer(op, n.x.value, output_size=n.pair("output_size")))


@means("GlobalAveragePooling2D", "GlobalAvgPool2D")
def _global_average(f: Flow, n: KerasLayer) -> Held:
    return _vector(n, f.mean(n.x.value, (2, 3), keepdim=True))


@means("GlobalMaxPooling2D", "GlobalMaxPool2D")
def _global_max(f: Flow, n: KerasLayer) -> Held:
    return _vector(n, f.layer("AdaptiveMaxPool2d", n.x.value, output_size=(1, 1)))


def _vector(n: KerasLayer, value: Value) -> Held:
    return Held(value if n.config.get("keepdims") else reshaped(value, value.shape[:2]))


def _window(n: KerasLayer) -> Window:
    kernel = n.pair("pool_size", 2)
    stride = n.pair("strides", kernel)
    borders = same(n.x.value.shape[2:], kernel, stride) if n.is_same else [0] * 4
    return Window(kernel, stride, borders=tuple(borders))
