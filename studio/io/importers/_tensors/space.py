"""Operations over height and width: convolutions, pooling, norms, resizing. Maps are (1, height, width, channels)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.borders import Window, average_pool, max_pool, same
from studio.io.importers._meanings.dynamic import convolved
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._tensors.table import by_torch, known, means, valued, whole
from studio.io.importers._values.views import Value, first, last, reshaped
from studio.model.declared.size import Size

_MODES = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


def pair(given: Any) -> Pair:
    """Height and width of one number, of two, or of four of which the outer ones are 1."""
    numbers = whole(given)
    numbers = numbers[1:3] if len(numbers) == 4 else numbers * 2 if len(numbers) == 1 else numbers
    if len(numbers) != 2:
        raise StudioError(f"it gives {len(numbers)} numbers where height and width are meant.")
    return numbers[0], numbers[1]


def _map(f: Flow, x: Value) -> Value:
    if len(x.shape) != 4:
        raise StudioError(f"it works over the height and width of values of shape {x.shape}; only maps have them.")
    return first(f.draft, x)


def _borders(x: Value, kernel: Pair, strides: Pair, dilation: Pair, padding: Any) -> list[int]:
    """Left, right, top, bottom, of a map with channels first."""
    if not isinstance(padding, str):
        pairs = np.reshape(whole(padding), (-1, 2))[-3:-1].tolist()
        (top, bottom), (left, right) = pairs
        return [left, right, top, bottom]
    if padding.lower() not in ("same", "valid"):
        raise StudioError(f'it pads by "{padding}", which is not supported.')
    return same(x.shape[2:], kernel, strides, dilation) if padding.lower() == "same" else [0] * 4


@means("conv", "conv2d")
def convolution(
    f: Flow,
    x: Value,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    bias: Value | None = None,
    **_: Any,
) -> Value:
    """By a kernel of (height, width, in, out)."""
    weight, value = valued(kernel), _map(f, x)
    if len(weight.shape) != 4 or value.shape[1] % max(weight.shape[2], 1):
        raise StudioError(f"its kernel of shape {weight.shape} does not fit {value.shape[1]} channels.")
    turned, stride, dilation = f.move(weight, lambda n: n.transpose(3, 2, 0, 1)), pair(strides), pair(dilation_rate)
    size: Pair = (weight.shape[0], weight.shape[1])
    borders, groups = _borders(value, size, stride, dilation, padding), value.shape[1] // weight.shape[2]
    if not weight.is_constant:
        return last(f.draft, convolved(f, value, turned, bias, stride, borders, dilation, groups))
    return last(f.draft, f.conv(value, turned, bias, stride, borders, dilation, groups))


@means("depthwise_conv", "depthwise_conv2d", "depthwise_conv2d_native")
def depthwise(
    f: Flow,
    x: Value,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    bias: Value | None = None,
    **_: Any,
) -> Value:
    """By kernels of (height, width, channels, times), each channel by itself."""
    weight, value = valued(kernel), _map(f, x)
    high, wide, channels, times = weight.shape
    turned = reshaped(f.move(weight, lambda n: n.transpose(2, 3, 0, 1)), (channels * times, 1, high, wide))
    stride, dilation = pair(strides), pair(dilation_rate)
    borders = _borders(value, (high, wide), stride, dilation, padding)
    return last(f.draft, f.conv(value, turned, bias, stride, borders, dilation, channels))


@means("separable_conv", "separable_conv2d")
def _separable(
    f: Flow,
    x: Value,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    **_: Any,
) -> Value:
    return convolution(f, depthwise(f, x, depthwise_kernel, strides, padding, dilation_rate), pointwise_kernel)


def backwards(
    f: Flow,
    x: Value,
    kernel: Any,
    shape: Sequence[int],
    strides: Any,
    padding: Any,
    dilation: Any = 1,
    bias: Value | None = None,
) -> Value:
    """A transposed convolution to a size that is named, by a kernel of (height, width, out, in)."""
    weight, value = valued(kernel), _map(f, x)
    turned, stride, apart = f.move(weight, lambda n: n.transpose(3, 2, 0, 1)), pair(strides), pair(dilation)
    borders: list[int] = []
    for axis in (1, 0):
        span = (value.shape[2 + axis] - 1) * stride[axis] + apart[axis] * (weight.shape[axis] - 1) + 1
        total = span - shape[axis]
        if isinstance(padding, str):
            before = max(total, 0) // 2 if padding.lower() == "same" else 0
        else:
            before = int(np.reshape(whole(padding), (-1, 2))[-3:-1][axis][0])
        borders += [before, total - before]
    return last(f.draft, f.conv_transpose(value, turned, bias, stride, borders, (0, 0), apart, 1))


@means("conv_transpose", "conv2d_transpose")
def _conv_transpose(
    f: Flow,
    x: Value,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
    output_shape: Any = None,
    **_: Any,
) -> Value:
    if output_shape is not None:
        named = whole(output_shape)
        return backwards(f, x, kernel, named[1:3] if len(named) == 4 else named[:2], strides, padding, dilation_rate)
    extra = (None, None) if output_padding is None else pair(output_padding)
    sides = zip(x.shape[1:3], valued(kernel).shape, pair(strides), pair(dilation_rate), extra, strict=False)
    size = [transposed_size(*side, padding) for side in sides]
    return backwards(f, x, kernel, size, strides, padding, dilation_rate)


def transposed_size(size: int, kernel: int, stride: int, dilation: int, extra: int | None, padding: str) -> int:
    """The length of one side after a transposed convolution, by Keras's rule."""
    span, is_same = dilation * (kernel - 1) + 1, padding.lower() == "same"
    if extra is not None:
        return (size - 1) * stride + span - 2 * (span // 2 if is_same else 0) + extra
    return size * stride + (0 if is_same else max(span - stride, 0))


@means("max_pool", "max_pool2d")
def _max_pool(f: Flow, x: Value, pool_size: Any, strides: Any = None, padding: Any = "valid", **_: Any) -> Value:
    value = _map(f, x)
    return last(f.draft, max_pool(f, value, _window(value, pool_size, strides, padding)))


@means("average_pool", "avg_pool", "avg_pool2d")
def _average_pool(f: Flow, x: Value, pool_size: Any, strides: Any = None, padding: Any = "valid", **_: Any) -> Value:
    value = _map(f, x)
    return last(f.draft, average_pool(f, value, _window(value, pool_size, strides, padding), counted=False))


def _window(value: Value, pool_size: Any, strides: Any, padding: Any) -> Window:
    kernel = pair(pool_size)
    stride = kernel if strides is None else pair(strides)
    return Window(kernel, stride, borders=tuple(_borders(value, kernel, stride, (1, 1), padding)))


@means("adaptive_average_pool")
def _adaptive_average(f: Flow, x: Value, output_size: Any, **_: Any) -> Value:
    return last(f.draft, f.layer("AdaptiveAvgPool2d", _map(f, x), output_size=pair(output_size)))


@means("adaptive_max_pool")
def _adaptive_max(f: Flow, x: Value, output_size: Any, **_: Any) -> Value:
    return last(f.draft, f.layer("AdaptiveMaxPool2d", _map(f, x), output_size=pair(output_size)))


@means("batch_norm", "batch_normalization")
def batch_norm(
    f: Flow, x: Value, mean: Any, variance: Any, offset: Any = None, scale: Any = None, epsilon: float = 1e-3, **_: Any
) -> Value:
    """By statistics that are known, over the channels."""
    weight, bias = (None if given is None else valued(given) for given in (scale, offset))
    made = f.norm("BatchNorm2d", _map(f, x), weight, bias, float(epsilon), (valued(mean), valued(variance)))
    return last(f.draft, made)


@means("depth_to_space")
def _depth_to_space(f: Flow, x: Value, block_size: Any, **_: Any) -> Value:
    return last(f.draft, f.depth_to_space(_map(f, x), whole(block_size)[0]))


@means("space_to_depth")
def _space_to_depth(f: Flow, x: Value, block_size: Any, **_: Any) -> Value:
    return last(f.draft, f.space_to_depth(_map(f, x), whole(block_size)[0]))


@means("extract_patches")
def patches(
    f: Flow,
    x: Value,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: Any = "valid",
    **_: Any,
) -> Value:
    """The pixels of every window as the channels of one place, row by row, each with its own channels."""
    value, kernel, apart = _map(f, x), pair(size), pair(dilation_rate)
    stride = kernel if strides is None else pair(strides)
    left, right, top, bottom = _borders(value, kernel, stride, apart, padding)
    value = f.pad(value, (left, right, top, bottom), "constant")
    made = by_torch(f, "im2col", self=value, kernel_size=kernel, dilation=apart, padding=(0, 0), stride=stride)
    high, wide = (
        (side - span * (taps - 1) - 1) // step + 1
        for side, taps, span, step in zip(value.shape[2:], kernel, apart, stride, strict=True)
    )
    taken = reshaped(made, (1, value.shape[1], kernel[0] * kernel[1], high, wide))
    return reshaped(f.move(taken, lambda n: n.transpose(0, 3, 4, 2, 1)), (1, high, wide, made.shape[1]))


# -- resizing ---------------------------------------------------------------------------------------------------------


@means("resize", "resize_images")
def _resize(
    f: Flow,
    x: Value,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    **_: Any,
) -> Value:
    if interpolation == "area":
        return smaller_by_areas(f, x, size)
    if crop_to_aspect_ratio or pad_to_aspect_ratio:
        raise StudioError("it crops or pads to an aspect ratio, which is not supported.")
    return last(f.draft, resized(f, _map(f, x), Size(*pair(size)), interpolation, antialias=bool(antialias)))


def resized(f: Flow, value: Value, size: Size, how: str, *, antialias: bool = False) -> Value:
    """A map with its channels first, as tf.image.resize does it since version 2: by the centres of pixels.

    Raises:
        StudioError: where it is done in a way that the studio's operators have not.
    """
    if how not in _MODES:
        raise StudioError(f'it resizes by "{how}", which is not supported; nearest, bilinear and bicubic are.')
    whole_ = [made / side for made, side in zip(size, value.shape[2:], strict=True)]
    exact, smooth = all(ratio.is_integer() for ratio in whole_), antialias and min(whole_) < 1
    if not smooth and (how == "bilinear" or (how == "nearest" and exact)):
        return f.resize(value, size, how, False, None)
    sizing: dict[str, Any] = {"scale_factor": (whole_[0], whole_[1])} if exact else {"size": size}
    if how == "nearest":
        return f.layer("Resize", value, **sizing, coordinates="tf_half_pixel", rounding="floor")
    if how == "bilinear":
        return f.layer("Resize", value, **sizing, mode="bilinear", antialias=True, exclude_outside=True)
    return f.layer("Resize", value, **sizing, mode="bicubic", cubic_a=-0.5, exclude_outside=True, antialias=smooth)


@means("resize_area")
def smaller_by_areas(f: Flow, x: Value, size: Any, **_: Any) -> Value:
    """Means of the pixels that become one.

    Raises:
        StudioError: where these are not whole pixels.
    """
    wanted, have = pair(size), x.shape[1:3]
    if any(side % made for side, made in zip(have, wanted, strict=True)):
        raise StudioError(f"it resizes {have[0]}×{have[1]} by areas to {wanted[0]}×{wanted[1]}, which cuts pixels.")
    kernel = have[0] // wanted[0], have[1] // wanted[1]
    return last(f.draft, average_pool(f, first(f.draft, x), Window(kernel, kernel, borders=(0,) * 4), counted=False))


@means("scale_and_translate")
def scaled(
    f: Flow, x: Value, size: Any, scale: Any, translation: Any, kernel_type: str = "lanczos3", antialias: bool = True
) -> Value:
    """As tf.image.resize has it with antialiasing.

    Raises:
        StudioError: where it does more than resize.
    """
    value, wanted = _map(f, x), Size(*pair(size))
    by = np.array(wanted) / value.shape[2:]
    if known(translation).any() or not np.allclose(known(scale), by, rtol=1e-4):
        raise StudioError("it moves or cuts what it resizes, which is not supported.")
    how = {"triangle": "bilinear", "keyscubic": "bicubic"}.get(kernel_type, kernel_type)
    return last(f.draft, resized(f, value, wanted, how, antialias=antialias))


@means("resize_nearest_neighbor")
def resize_nearest(
    f: Flow, x: Value, size: Any, align_corners: bool = False, half_pixel_centers: bool = False, **_: Any
) -> Value:
    """As TensorFlow's operation of that name: by the corners of pixels unless it says otherwise."""
    value, wanted = _map(f, x), Size(*pair(size))
    if half_pixel_centers:
        return last(f.draft, resized(f, value, wanted, "nearest"))
    if not align_corners:
        return last(f.draft, f.resize(value, wanted, "nearest", False, None))
    made = f.layer("Resize", value, size=wanted, coordinates="align_corners", rounding="round_prefer_ceil")
    return last(f.draft, made)


@means("resize_bilinear")
def resize_bilinear(
    f: Flow, x: Value, size: Any, align_corners: bool = False, half_pixel_centers: bool = False, **_: Any
) -> Value:
    """As TensorFlow's operation of that name: by the corners of pixels unless it says otherwise."""
    value, wanted = _map(f, x), Size(*pair(size))
    if half_pixel_centers or align_corners:
        return last(f.draft, f.resize(value, wanted, "bilinear", bool(align_corners), None))
    factors = [made / side for made, side in zip(wanted, value.shape[2:], strict=True)]
    sizing: dict[str, Any] = {"size": wanted}
    if all(factor.is_integer() for factor in factors):
        sizing = {"scale_factor": (factors[0], factors[1])}
    return last(f.draft, f.layer("Resize", value, **sizing, mode="bilinear", coordinates="asymmetric"))
