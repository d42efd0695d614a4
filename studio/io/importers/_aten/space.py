"""PyTorch's operators that pool, resize, shuffle and pad."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number, operand, pair
from studio.io.importers._meanings.dynamic import taps
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._meanings.unpool import spots, unpooled
from studio.io.importers._values.views import Value, constant, reshaped
from studio.model.declared.size import Size

_LARGEST_WINDOW = 64


def _is_global(kernel: tuple[int, int], a: Args, value: Value) -> bool:
    """Whether a window is the whole map, and larger than windows may be."""
    return max(kernel) > _LARGEST_WINDOW and kernel == value.shape[-2:] and pair(a.get("padding"), 0) == (0, 0)


@means("max_pool2d")
def _max_pool2d(f: Flow, a: Args) -> Value:
    kernel = pair(a["kernel_size"])
    if _is_global(kernel, a, operand(a)):
        return f.reduced("Amax", operand(a), [-2, -1], keepdim=True)
    return f.layer("MaxPool2d", operand(a), **_window(a))


def _window(a: Args) -> dict[str, Any]:
    kernel = pair(a["kernel_size"])
    return {
        "kernel_size": kernel,
        "stride": pair(a.get("stride") or kernel),
        "padding": pair(a.get("padding"), 0),
        "dilation": pair(a.get("dilation")),
        "ceil_mode": a.get("ceil_mode", False),
    }


@means("max_pool2d_with_indices")
def _max_pool2d_with_places(f: Flow, a: Args) -> list[Value]:
    made = _max_pool2d(f, a)
    return [made, spots(made, operand(a), _window(a))] if pair(a.get("dilation")) == (1, 1) else [made]


@means("max_unpool2d")
def _max_unpool2d(f: Flow, a: Args) -> Value:
    return unpooled(f, operand(a), a["indices"], a["output_size"])


@means("avg_pool2d")
def _avg_pool2d(f: Flow, a: Args) -> Value:
    kernel = pair(a["kernel_size"])
    if (by := a.get("divisor_override")) is not None:
        means_ = _avg_pool2d(f, {**a, "divisor_override": None, "count_include_pad": True})
        if a.get("ceil_mode"):
            raise StudioError("it pools with a divisor of its own and ceil_mode, which is not supported.")
        return f.each("Affine", means_, scale=math.prod(kernel) / by, shift=0.0)
    if _is_global(kernel, a, operand(a)):
        return f.mean(operand(a), [-2, -1], keepdim=True)
    return f.layer(
        "AvgPool2d",
        operand(a),
        kernel_size=kernel,
        stride=pair(a.get("stride") or kernel),
        padding=pair(a.get("padding"), 0),
        ceil_mode=a.get("ceil_mode", False),
        count_include_pad=a.get("count_include_pad", True),
    )


@means("adaptive_avg_pool2d", "_adaptive_avg_pool2d")
def _adaptive_avg_pool2d(f: Flow, a: Args) -> Value:
    value, size = operand(a), Size(*pair(a["output_size"]))
    if (side := _whole_side(value, size)) is not None:
        return f.mean(value, [side], keepdim=True)
    return f.layer("AdaptiveAvgPool2d", value, output_size=size)


@means("adaptive_max_pool2d")
def _adaptive_max_pool2d(f: Flow, a: Args) -> list[Value]:
    value, size = operand(a), Size(*pair(a["output_size"]))
    if (side := _whole_side(value, size)) is not None:
        return [f.reduced("Amax", value, [side], keepdim=True)]
    return [f.layer("AdaptiveMaxPool2d", value, output_size=size)]


def _whole_side(value: Value, size: Size) -> int | None:
    """The side that is pooled to one while the other stays as it is, as by ``(None, 1)``."""
    stays = [made == have for made, have in zip(size, value.shape[-2:], strict=True)]
    if min(value.shape[-2:]) > 1 and sum(stays) == 1 and size[stays.index(False)] == 1:
        return -2 + stays.index(False)
    return None


def _upsample(mode: str) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, given = operand(a), a.get("scale_factors")
        if given is None and a.get("scales_h") and a.get("scales_w"):
            given = [a["scales_h"], a["scales_w"]]
        factor = (float(given[0]), float(given[1])) if given else None
        size = a.get("output_size") or [math.floor(s * k) for s, k in zip(value.shape[2:], given or (), strict=True)]
        return f.resize(value, Size(*pair(size)), mode, bool(a.get("align_corners")), factor)

    return handle


@means("_upsample_nearest_exact2d", "upsample_nearest_exact2d")
def _upsample_nearest_exact(f: Flow, a: Args) -> Value:
    """From the pixel whose middle is nearest; by whole factors that is what plain ``nearest`` takes."""
    value, given = operand(a), a.get("scale_factors")
    if given is None and a.get("scales_h") and a.get("scales_w"):
        given = [a["scales_h"], a["scales_w"]]
    if given is None:
        size = pair(a["output_size"])
        parts = [made / have for made, have in zip(size, value.shape[2:], strict=True)]
        given = parts if all(part.is_integer() for part in parts) else None
    settings: dict[str, Any] = {"size": size} if given is None else {"scale_factor": tuple(map(float, given))}
    if given is not None and all(float(part).is_integer() for part in given):
        return f.layer("Upsample", value, scale_factor=tuple(map(int, given)), mode="nearest")
    return f.layer("Resize", value, coordinates="half_pixel", rounding="round_prefer_ceil", **settings)


means("upsample_nearest2d")(_upsample("nearest"))
means("upsample_bilinear2d")(_upsample("bilinear"))
means("upsample_bicubic2d")(_upsample("bicubic"))


@means("pixel_shuffle")
def _pixel_shuffle(f: Flow, a: Args) -> Value:
    return f.layer("PixelShuffle", operand(a), upscale_factor=a["upscale_factor"])


@means("pixel_unshuffle")
def _pixel_unshuffle(f: Flow, a: Args) -> Value:
    return f.layer("PixelUnshuffle", operand(a), downscale_factor=a["downscale_factor"])


@means("pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "reflection_pad1d", "replication_pad1d")
def _pad(f: Flow, a: Args) -> Value:
    given = list(a["pad"] if "pad" in a else a["padding"])
    mode, fill = a.get("mode", "constant"), a.get("value")
    value = operand(a)
    # Pairs from the last axis on.
    rank, borders = len(value.shape), {}
    for k in range(len(given) // 2):
        if any(given[2 * k : 2 * k + 2]):
            borders[rank - 1 - k] = given[2 * k : 2 * k + 2]
    return padded(f, value, borders, mode, 0.0 if fill is None else number(fill))


def padded(f: Flow, value: Value, borders: dict[int, list[int]], mode: str, fill: float) -> Value:
    """Borders along any axes, each before and behind; the last two of them together."""
    borders = dict(borders)
    for axis in sorted(borders) if mode == "constant" and len(value.shape) > 4 else ():
        # An axis of one is where zeros are put between the rows or columns of a map.
        if value.shape[axis] == 1 and min(borders[axis]) >= 0:
            shapes = [(*value.shape[:axis], count, *value.shape[axis + 1 :]) for count in borders.pop(axis)]
            first, last = (constant(np.full(shape, fill, np.float32)) for shape in shapes)
            value = f.concat([part for part in (first, value, last) if part.shape[axis]], axis)
    while borders:
        behind = sorted(borders)[-2:]
        value = _bordered(f, value, {axis: borders[axis] for axis in behind}, mode, fill)
        borders = {axis: border for axis, border in borders.items() if axis not in behind}
    return value


def _bordered(f: Flow, value: Value, borders: dict[int, list[int]], mode: str, fill: float) -> Value:
    """One axis or two are brought to the end of a map, get their borders, and are brought back."""
    rank = len(value.shape)
    others = [axis for axis in range(rank) if axis not in borders]
    if len(borders) == 1 and others:
        beside = max(others, key=lambda axis: (value.shape[axis] > 1, axis))
        borders = {axis: borders.get(axis, [0, 0]) for axis in sorted([beside, *borders])}
        others.remove(beside)
    order = [*others, *borders]
    turned = value if order == sorted(order) else f.move(value, lambda n: n.transpose(order))
    sides = (1, 1, *turned.shape)[-2:]
    laid = reshaped(turned, (1, math.prod(turned.shape) // math.prod(sides), *sides))
    (top, bottom), (left, right) = ([0, 0], *borders.values())[-2:]
    made = f.pad(laid, [left, right, top, bottom], mode, fill)
    made = reshaped(made, (*turned.shape[:-2], *made.shape[-2:])[-rank:])
    return made if order == sorted(order) else f.move(made, lambda n: n.transpose(np.argsort(order)))


@means("im2col")
def _im2col(f: Flow, a: Args) -> Value:
    """Every window's values as channels: a convolution with kernels of a single 1."""
    value = operand(a)
    if len(value.shape) != 4 or value.shape[0] != 1:
        raise StudioError("only maps of one picture can be unfolded.")
    (height, width), channels = pair(a["kernel_size"]), value.shape[1]
    top, left = pair(a.get("padding"), 0)
    borders, each = [left, left, top, top], taps(channels, (height, width))
    made = f.conv(value, each, None, pair(a.get("stride")), borders, pair(a.get("dilation")), channels)
    return reshaped(made, (1, made.shape[1], made.shape[2] * made.shape[3]))
