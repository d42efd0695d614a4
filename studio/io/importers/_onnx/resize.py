"""What ONNX's Resize and Upsample mean: PyTorch's Upsample where that does the same, else the studio's Resize."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.fixed import crop_and_resize
from studio.io.importers._onnx.table import OnnxNode, means
from studio.io.importers._values.views import Value, constant
from studio.model.declared.size import Size

_MODES = {b"nearest": "nearest", b"linear": "bilinear", b"bilinear": "bilinear", b"cubic": "bicubic"}
_PLACES = {"tf_half_pixel_for_nn": "tf_half_pixel"}
_KNOWN = ("half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric", "pytorch_half_pixel", "tf_half_pixel")
_MOST = 2**24  # numbers in a constant
_NEWER = 11
"""From this operator set on, Resize says how it places and rounds."""


@dataclass(frozen=True)
class _Wanted:
    """What is asked for along height and width.

    Attributes:
        size: of the output.
        factor: output pixels per input pixel, where the file gives them; None where it gives the size alone.
        exact: whether the factor and the size say the same.
    """

    size: Size
    factor: tuple[float, float] | None
    exact: bool


@means("Resize", "Upsample")
def _resize(f: Flow, n: OnnxNode) -> Value:
    rank = len(n.x.shape)
    if rank != 4:
        raise StudioError(f"it resizes values of {rank} dimensions; only maps are resized.")
    sizes, factors = _sizes_and_factors(n)
    moved = {axis for axis in range(rank) if sizes[axis] != n.x.shape[axis] or (factors or [1] * rank)[axis] != 1}
    if not moved and n.attributes.get("coordinate_transformation_mode") != b"tf_crop_and_resize":
        return n.x
    if (even := _even(n, sizes)) is not None:
        return even
    if moved <= {1, 2} and 3 not in moved and 1 in moved:
        # Channels last: height and width are axes 1 and 2.
        first = f.move(n.x, lambda a: a.transpose(0, 3, 1, 2))
        made = _resized(f, n, first, _wanted(first, sizes[1:3], factors and factors[1:3]))
        return f.move(made, lambda a: a.transpose(0, 2, 3, 1))
    if not moved <= {2, 3}:
        raise StudioError("it resizes channels; only height and width are resized.")
    return _resized(f, n, n.x, _wanted(n.x, sizes[2:], factors and factors[2:]))


def _even(n: OnnxNode, sizes: Sequence[int]) -> Value | None:
    """A constant of one number everywhere, at another size: it follows that of the map beside it."""
    held = n.x.constant
    beyond = n.attributes.get("coordinate_transformation_mode") == b"tf_crop_and_resize"
    if held is None or beyond or not 0 < math.prod(sizes) <= _MOST or not (held == held.flat[0]).all():
        return None
    return constant(np.full(sizes, held.flat[0], held.dtype))


def _sizes_and_factors(n: OnnxNode) -> tuple[list[int], list[float] | None]:
    """Size of the output along every axis, and its factors where they do not follow from that."""
    have, plain = n.x.shape, n.kind == "Upsample" or n.opset < _NEWER
    scales = n.numbers(1 if plain else 2, "scales")
    sizes = None if plain else n.numbers(3)
    if (scales is None) == (sizes is None):
        raise StudioError("it needs either scales or sizes.")
    axes = [axis % len(have) for axis in n.attributes.get("axes") or range(len(have))]
    if scales is not None:
        factors = [1.0] * len(have)
        for axis, scale in zip(axes, scales, strict=True):
            factors[axis] = float(scale)
        return [_rounded_down(length * scale) for length, scale in zip(have, factors, strict=True)], factors
    made = list(have)
    for axis, size in zip(axes, sizes or (), strict=True):
        made[axis] = int(size)
    policy = n.attributes.get("keep_aspect_ratio_policy", b"stretch")
    if policy == b"stretch":
        return made, None
    choose = {b"not_larger": min, b"not_smaller": max}[policy]
    scale = choose(made[axis] / have[axis] for axis in axes)
    factors = [scale if axis in axes else 1.0 for axis in range(len(have))]
    return [math.floor(length * scale + 0.5) for length, scale in zip(have, factors, strict=True)], factors


def _rounded_down(size: float) -> int:
    # A factor of float32, such as 1.3333334 or 0.99999994, is meant to come out whole where it nearly does.
    return round(size) if abs(size - round(size)) < 1e-4 else math.floor(size)


def _wanted(value: Value, sizes: list[int], factors: list[float] | None) -> _Wanted:
    have, size = value.shape[2:], Size(sizes[0], sizes[1])
    whole = [made / side for made, side in zip(size, have, strict=True)]
    if factors is None:
        return _Wanted(size, None, True)
    exact = all(abs(a - b) < 1e-6 * b for a, b in zip(factors, whole, strict=True))
    return _Wanted(size, (factors[0], factors[1]), exact)


def _resized(f: Flow, n: OnnxNode, value: Value, wanted: _Wanted) -> Value:
    plain, have = n.kind == "Upsample" or n.opset < _NEWER, value.shape[2:]
    ratios = [made / side for made, side in zip(wanted.size, have, strict=True)]
    if plain and min(ratios) < 1 < max(ratios):
        # One axis after the other: in these sets a pixel's place is rounded down where a map grows, else up.
        factor = wanted.factor or (ratios[0], ratios[1])
        rows = _resized(f, n, value, _Wanted(Size(wanted.size.height, have[1]), (factor[0], 1.0), wanted.exact))
        return _resized(f, n, rows, _Wanted(wanted.size, (1.0, factor[1]), wanted.exact))
    mode = _MODES.get(n.attributes.get("mode", b"nearest"), "")
    places = "asymmetric" if plain else n.attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    places = _PLACES.get(places, places)
    if places == "tf_crop_and_resize":
        return crop_and_resize(f, n, value, wanted.size)
    if not mode or places not in _KNOWN:
        raise StudioError(f"it resizes by {mode or 'an unknown mode'}, {places}, which is not supported.")
    shrinks = min(ratios) < 1
    rounding = "floor" if plain else n.attributes.get("nearest_mode", b"round_prefer_floor").decode()
    if plain and shrinks:
        rounding = "ceil"  # as onnxruntime reads these old operator sets, which leave it open
    settings: dict[str, Any] = {"mode": mode, "coordinates": places}
    if mode == "nearest":
        settings["rounding"] = rounding
    else:
        settings["antialias"] = bool(n.attributes.get("antialias", 0)) and shrinks
        settings["exclude_outside"] = bool(n.attributes.get("exclude_outside", 0))
    if mode == "bicubic":
        settings["cubic_a"] = n.attributes.get("cubic_coeff_a", -0.75)
    if _is_pytorchs(settings, wanted, have):
        return f.resize(value, wanted.size, mode, places == "align_corners", wanted.factor)
    return f.layer("Resize", value, **_sizing(wanted, have), **settings)


def _is_pytorchs(settings: dict[str, Any], wanted: _Wanted, have: tuple[int, ...]) -> bool:
    """Whether PyTorch's interpolation takes the same pixels."""
    places = settings["coordinates"]
    ratios = [made / side for made, side in zip(wanted.size, have, strict=True)]
    whole = wanted.exact and all(ratio.is_integer() for ratio in ratios)
    if settings["mode"] == "nearest":
        rounding = settings["rounding"]
        if places == "asymmetric":
            return rounding == "floor" or (whole and max(ratios) <= 2 and rounding == "round_prefer_floor")
        return whole and places in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round")
    if settings["antialias"] or settings["exclude_outside"] or settings.get("cubic_a", -0.75) != -0.75:
        return False
    if places == "align_corners":
        return wanted.exact
    centred = places == "half_pixel" or (places == "pytorch_half_pixel" and min(wanted.size) > 1)
    return centred or (places == "half_pixel_symmetric" and wanted.exact)


def _sizing(wanted: _Wanted, have: tuple[int, ...]) -> dict[str, Any]:
    """A whole factor where it is one, so that the layer goes with every input size."""
    down, across = (made / side for made, side in zip(wanted.size, have, strict=True))
    if wanted.exact and down.is_integer() and across.is_integer():
        return {"scale_factor": (down, across)}
    if wanted.factor is None:
        return {"size": wanted.size}
    floors = tuple(_rounded_down(side * factor) for side, factor in zip(have, wanted.factor, strict=True))
    return {"scale_factor": wanted.factor} | ({} if floors == wanted.size else {"size": wanted.size})
