"""What ONNX's operators mean that pool, resize, shuffle and pad."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._flow import Flow, Pair
from studio.io.importers._onnx_table import OnnxNode, borders_of, means, two
from studio.io.importers._views import Value, constant

_LEAST = -3e38  # a border that never wins a maximum


@means("MaxPool", "AveragePool")
def _pool(f: Flow, n: OnnxNode) -> Value:
    kernel, stride = two(n.attributes.get("kernel_shape")), two(n.attributes.get("strides"))
    dilation, value = two(n.attributes.get("dilations")), n.x
    left, right, top, bottom = borders = borders_of(n, kernel, stride, dilation)
    counted = bool(n.attributes.get("count_include_pad", 0))
    if (left, top) != (right, bottom) or 2 * left > kernel[1] or 2 * top > kernel[0]:
        if n.kind == "AveragePool" and not counted:
            raise StudioError("uneven borders that do not count in the mean are not supported.")
        value, left, top = f.pad(value, borders, "constant", _LEAST if n.kind == "MaxPool" else 0.0), 0, 0
    sizes: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": (top, left)}
    rounded = bool(n.attributes.get("ceil_mode", 0))
    if n.kind == "MaxPool":
        return f.layer("MaxPool2d", value, **sizes, dilation=dilation, ceil_mode=rounded)
    if dilation != (1, 1):
        raise StudioError("a mean over spaced pixels is not supported.")
    return f.layer("AvgPool2d", value, **sizes, ceil_mode=rounded, count_include_pad=counted)


@means("Resize", "Upsample")
def _resize(f: Flow, n: OnnxNode) -> Value:
    plain = n.kind == "Upsample" or n.opset < 11
    scales = n.numbers(1 if plain else 2, "scales")
    sizes = None if plain else n.numbers(3)
    have = n.x.shape
    if len(have) != 4 or (scales is None) == (sizes is None):
        raise StudioError("it needs a map, and either scales or sizes.")
    if scales is not None:
        sizes = [math.floor(length * scale) for length, scale in zip(have, scales, strict=True)]
    if sizes is None or list(sizes[:2]) != list(have[:2]):
        raise StudioError("it resizes channels; only height and width are resized.")
    size = (int(sizes[2]), int(sizes[3]))
    factor = None if scales is None else (float(scales[2]), float(scales[3]))
    mode = {b"nearest": "nearest", b"linear": "bilinear", b"bilinear": "bilinear", b"cubic": "bicubic"}.get(
        n.attributes.get("mode", b"nearest"), ""
    )
    places = "asymmetric" if plain else n.attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    rounding = "floor" if plain else n.attributes.get("nearest_mode", b"round_prefer_floor").decode()
    _check_places(mode, places, rounding, n.attributes.get("cubic_coeff_a", -0.75), size, have[2:])
    return f.resize(n.x, size, mode, places == "align_corners", factor)


def _check_places(mode: str, places: str, rounding: str, cubic: float, size: Pair, have: Sequence[int]) -> None:
    whole = all(new % old == 0 for new, old in zip(size, have, strict=True))
    least = max(new // old for new, old in zip(size, have, strict=True)) if whole else 0
    if mode == "nearest":
        fits = places == "asymmetric" and (rounding == "floor" or (least <= 2 and rounding == "round_prefer_floor"))
        fits = fits or (whole and places in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round"))
    else:
        same = places in ("half_pixel", "align_corners") or (places == "pytorch_half_pixel" and min(size) > 1)
        fits = mode != "" and same and (mode != "bicubic" or cubic == -0.75)
    if not fits:
        raise StudioError(f"it resizes by {mode or 'an unknown mode'}, {places}, {rounding}, which PyTorch cannot do.")


@means("Pad")
def _pad(f: Flow, n: OnnxNode) -> Value:
    pads, rank = n.numbers(1, "pads") or [], len(n.x.shape)
    axes = n.numbers(3) or list(range(rank))
    before, after = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        before[axis], after[axis] = int(pads[place]), int(pads[place + len(axes)])
    if n.x.constant is not None:
        return constant(np.pad(n.x.constant, list(zip(before, after, strict=True))))
    if rank != 4 or any(before[:2] + after[:2]):
        raise StudioError("it pads channels; only height and width are padded.")
    mode = {b"constant": "constant", b"reflect": "reflect", b"edge": "replicate"}.get(
        n.attributes.get("mode", b"constant"), ""
    )
    fill = n.numbers(2, "value")
    value = float(fill[0]) if fill and mode == "constant" else 0.0
    return f.pad(n.x, (before[3], after[3], before[2], after[2]), mode, value)


@means("DepthToSpace")
def _depth_to_space(f: Flow, n: OnnxNode) -> Value:
    block, channels = n.attributes["blocksize"], n.x.shape[1]
    value = n.x
    if n.attributes.get("mode", b"DCR") == b"DCR":
        order = np.arange(channels).reshape(block * block, -1).T.ravel()
        value = f.move(value, lambda x: x[:, order])
    return f.layer("PixelShuffle", value, upscale_factor=block)


@means("SpaceToDepth")
def _space_to_depth(f: Flow, n: OnnxNode) -> Value:
    block, channels = n.attributes["blocksize"], n.x.shape[1]
    made = f.layer("PixelUnshuffle", n.x, downscale_factor=block)
    order = np.arange(channels * block * block).reshape(channels, -1).T.ravel()
    return f.move(made, lambda x: x[:, order])
