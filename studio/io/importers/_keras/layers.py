"""What Keras's layers with weights mean, and its pooling."""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._borders import Window, average_pool, max_pool, same
from studio.io.importers._flow import Flow, Pair
from studio.io.importers._keras.bends import activated
from studio.io.importers._keras.table import Held, KerasLayer, means, picked, turned
from studio.io.importers._views import Value, constant, reshaped


@means("Conv2D", "Convolution2D", "AtrousConvolution2D")
def _conv(f: Flow, n: KerasLayer) -> Held:
    # HWIO to OIHW.
    weight, groups = turned(n.need("kernel"), 3, 2, 0, 1), int(n.config.get("groups", 1))
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
    # HWOI to IOHW.
    weight = turned(n.need("kernel"), 3, 2, 0, 1)
    kernel, stride, dilation = weight.shape[2:], n.pair("strides"), n.pair("dilation_rate")
    extra = None if n.config.get("output_padding") is None else n.pair("output_padding")
    borders = []
    for axis in (1, 0):
        size, span = n.x.value.shape[2 + axis], dilation[axis] * (kernel[axis] - 1) + 1
        if extra is not None:
            made = (size - 1) * stride[axis] + span - 2 * (span // 2 if n.is_same else 0) + extra[axis]
        else:
            made = size * stride[axis] + (0 if n.is_same else max(span - stride[axis], 0))
        total = (size - 1) * stride[axis] + span - made
        before = max(total, 0) // 2 if n.is_same else 0
        borders += [before, total - before]
    return activated(f, n, f.conv_transpose(n.x.value, weight, n.get("bias"), stride, borders, (0, 0), dilation, 1))


@means("Dense")
def _dense(f: Flow, n: KerasLayer) -> Held:
    kernel, bias = n.need("kernel"), n.get("bias")
    if n.x.is_map:
        weight = reshaped(turned(kernel, 1, 0), (kernel.shape[1], kernel.shape[0], 1, 1))
        return activated(f, n, f.conv(n.x.value, weight, bias, (1, 1), [0] * 4, (1, 1), 1))
    weight = picked(picked(turned(kernel, 1, 0), n.x.order, 1), n.wanted)
    made = f.linear(n.x.value, weight, None if bias is None else picked(bias, n.wanted))
    return activated(f, n, made, n.wanted)


def _convolved(f: Flow, n: KerasLayer, value: Value, weight: Value, bias: Value | None, groups: int) -> Value:
    kernel: Pair = (weight.shape[2], weight.shape[3])
    stride = n.pair("strides", n.config.get("subsample", 1))
    dilation = n.pair("dilation_rate", n.config.get("atrous_rate", 1))
    if len(value.shape) != 4:
        raise StudioError(f"it convolves values of shape {value.shape}; only maps are convolved.")
    borders = same(value.shape[2:], kernel, stride, dilation) if n.is_same else [0] * 4
    return f.conv(value, weight, bias, stride, borders, dilation, groups)


def _one_group_a_channel(kernel: Value) -> tuple[Value, int]:
    """(H, W, C, M) as (C · M, 1, H, W), and C."""
    height, width, channels, times = kernel.shape
    return reshaped(turned(kernel, 2, 3, 0, 1), (channels * times, 1, height, width)), channels


# -- norms -----------------------------------------------------------------------------------------------------------


@means("BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2")
def _batch_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n, n.config.get("axis", -1))
    x, eps = n.x, float(n.config.get("epsilon", 1e-3))
    weight, bias = (_ordered(n.get(name), x) for name in ("gamma", "beta"))
    mean, variance = (picked(n.need(name), x.order) for name in ("moving_mean", "moving_variance"))
    return Held(f.norm("BatchNorm2d", x.value, weight, bias, eps, (mean, variance)), x.order)


@means("InstanceNormalization")
def _instance_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n, n.config.get("axis", -1))
    return Held(
        f.norm("InstanceNorm2d", n.x.value, n.get("gamma"), n.get("beta"), float(n.config.get("epsilon", 1e-3)))
    )


@means("GroupNormalization")
def _group_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n, n.config.get("axis", -1))
    value, groups = n.x.value, int(n.config.get("groups", 32))
    groups = value.shape[1] if groups == -1 else groups
    eps = float(n.config.get("epsilon", 1e-3))
    return Held(f.norm("GroupNorm", value, n.get("gamma"), n.get("beta"), eps, groups=groups))


@means("LayerNormalization")
def _layer_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n, n.config.get("axis", -1))
    if n.config.get("rms_scaling"):
        raise StudioError("it scales by root mean squares, which is not supported.")
    x, eps = n.x, float(n.config.get("epsilon", 1e-3))
    weight, bias = (_ordered(n.get(name), x) for name in ("gamma", "beta"))
    return Held(f.norm("LayerNorm2d", x.value, weight, bias, eps), x.order)


@means("Normalization")
def _normalisation(f: Flow, n: KerasLayer) -> Held:
    found = []
    for name in ("mean", "variance"):
        said, held = n.config.get(name), n.get(name)
        found.append(np.asarray(said if said is not None else held.constant if held is not None else 0.0, np.float64))
    mean, deviation = found[0].reshape(-1, 1, 1), np.maximum(np.sqrt(found[1]), 1e-7).reshape(-1, 1, 1)
    if n.config.get("invert"):
        return Held(f.binary("Add", f.binary("Mul", n.x.value, constant(deviation)), constant(mean)))
    return Held(f.binary("Div", f.binary("Sub", n.x.value, constant(mean)), constant(deviation)))


def _ordered(tensor: Value | None, x: Held) -> Value | None:
    return None if tensor is None else picked(tensor, x.order)


def _require_channels(n: KerasLayer, axis: object) -> None:
    (only,) = axis if isinstance(axis, (list, tuple)) and len(axis) == 1 else (axis,)
    if only not in (-1, len(n.x.value.shape) - 1):
        raise StudioError(f"it normalises axis {axis}; only the channels, which come last, are supported.")


# -- pooling ---------------------------------------------------------------------------------------------------------


@means("MaxPooling2D", "MaxPool2D")
def _max_pool(f: Flow, n: KerasLayer) -> Held:
    return Held(max_pool(f, n.x.value, _window(n)))


@means("AveragePooling2D", "AvgPool2D")
def _average_pool(f: Flow, n: KerasLayer) -> Held:
    return Held(average_pool(f, n.x.value, _window(n), counted=False))


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
