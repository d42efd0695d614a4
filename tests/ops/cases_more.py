"""Cases of the operators that imported networks bring; `cases` says what a case is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import onnx.reference.ops.op_resize as onnx_resize
import torch
from cases import Case, Draw, case_of, channel_counts, module, pairs, sizes
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

AXES = {"space": (2, 3), "channels": (1,), "height": (2,), "width": (3,)}
EPSILONS = [1e-5, 1e-3, 0.5]

_several_pixels = sizes.filter(lambda size: size != (1, 1))  # the norms' modules refuse a single one


def _map(draw: Draw) -> tuple[int, int, int]:
    return draw(channel_counts), *draw(sizes)


def _one_map(made: Callable[..., nn.Module], **params: st.SearchStrategy) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        drawn = {name: draw(values) for name, values in params.items()}
        return Case((_map(draw),), module(made(**drawn)), drawn)

    return build


for _made in (nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.SiLU, nn.Softmax2d, nn.Identity):
    case_of(_made.__name__)(_one_map(_made))

_bounds = {"min_val": st.sampled_from([-1.0, 0.0, -0.25, -3e38]), "max_val": st.sampled_from([1.0, 0.5, 6.0, 3e38])}
case_of("Hardtanh")(_one_map(nn.Hardtanh, **_bounds))
case_of("ELU")(_one_map(nn.ELU, alpha=st.sampled_from([1.0, 0.1, 2.5, -0.5])))
case_of("GELU")(_one_map(nn.GELU, approximate=st.sampled_from(["none", "tanh"])))
case_of("Softplus")(
    _one_map(nn.Softplus, beta=st.sampled_from([1.0, 0.3, 20.0]), threshold=st.sampled_from([20.0, 5.0, 0.0]))
)


@case_of("PReLU")
def _prelu(draw: Draw) -> Case:
    shape = _map(draw)
    params = {"num_parameters": draw(st.sampled_from([1, shape[0]]))}
    return Case((shape,), module(nn.PReLU(**params)), params)


@case_of("InstanceNorm2d")
def _instance_norm2d(draw: Draw) -> Case:
    channels, eps = draw(channel_counts), draw(st.sampled_from(EPSILONS))
    params = {"num_features": channels, "eps": eps, "affine": draw(st.booleans())}
    return Case(((channels, *draw(_several_pixels)),), module(nn.InstanceNorm2d(**params)), params)


@case_of("GroupNorm")
def _group_norm(draw: Draw) -> Case:
    groups, size = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    params = {
        "num_groups": groups,
        "num_channels": groups * size,
        "eps": draw(st.sampled_from(EPSILONS)),
        "affine": draw(st.booleans()),
    }
    return Case(((groups * size, *draw(_several_pixels)),), module(nn.GroupNorm(**params)), params)


@case_of("ScaleShift")
def _scale_shift(draw: Draw) -> Case:
    shape = _map(draw)

    def reference(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        return inputs[0] * tensors["weight"].reshape(1, -1, 1, 1) + tensors["bias"].reshape(1, -1, 1, 1)

    return Case((shape,), reference, {"num_features": shape[0]})


_output_sizes = st.tuples(st.none() | st.integers(1, 9), st.none() | st.integers(1, 9)) | st.integers(1, 9)


def _adaptive(function: Callable[..., Tensor]) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        asked, divisor = draw(_output_sizes), draw(pairs(1, 4))
        (shape,), rows, columns = (_map(draw),), *((asked, asked) if isinstance(asked, int) else asked)
        shape = (shape[0], shape[1] + 3, shape[2] + 3)
        size = (rows or shape[1] // divisor[0], columns or shape[2] // divisor[1])
        params = {"output_size": asked, "divisor": divisor}
        return Case((shape,), lambda inputs, _: function(inputs[0], size), params)

    return build


case_of("AdaptiveAvgPool2d")(_adaptive(F.adaptive_avg_pool2d))
case_of("AdaptiveMaxPool2d")(_adaptive(F.adaptive_max_pool2d))


@case_of("Mean")
def _mean(draw: Draw) -> Case:
    params = {"dim": draw(st.sampled_from(list(AXES))), "keepdim": draw(st.booleans())}
    axes = AXES[params["dim"]]
    return Case((_map(draw),), lambda inputs, _: inputs[0].mean(axes, keepdim=True), params)


@case_of("Sum")
def _sum(draw: Draw) -> Case:
    params = {"dim": draw(st.sampled_from(list(AXES)))}
    axes = AXES[params["dim"]]
    return Case((_map(draw),), lambda inputs, _: inputs[0].sum(axes, keepdim=True), params, lambda x: x.abs() + 0.1)


@case_of("LayerNorm2d")
def _layer_norm2d(draw: Draw) -> Case:
    channels = draw(st.sampled_from([2, 3, 4, 5, 7, 8, 9, 13]))
    params = {"num_channels": channels, "eps": draw(st.sampled_from(EPSILONS)), "affine": draw(st.booleans())}
    apply = module(nn.LayerNorm(channels, params["eps"], params["affine"]))
    return Case(
        ((channels, *draw(sizes)),),
        lambda inputs, tensors: apply([inputs[0].movedim(1, -1)], tensors).movedim(-1, 1),
        params,
    )


def _broadcast(draw: Draw, count: int) -> tuple[tuple[int, int, int], ...]:
    """Shapes of which each is the whole, or one along some of its axes."""
    whole = _map(draw)
    masks = [draw(st.sampled_from(["whole", "whole", "vector", "map", "any"])) for _ in range(count)]
    keep = {"whole": (True, True, True), "vector": (True, False, False), "map": (False, True, True)}
    kept = [keep.get(mask) or draw(st.tuples(*[st.booleans()] * 3)) for mask in masks]
    return tuple(tuple(n if k else 1 for n, k in zip(whole, each, strict=True)) for each in kept)


def _away_from_zero(x: Tensor) -> Tensor:
    return torch.where(x < 0, -1, 1) * (x.abs() + 0.01)


@case_of("Add")
def _add(draw: Draw) -> Case:
    return Case(_broadcast(draw, draw(st.integers(2, 4))), lambda inputs, _: functools.reduce(torch.add, inputs))


def _binary(function: Callable[[Tensor, Tensor], Tensor], **more: object) -> Callable[[Draw], Case]:
    return lambda draw: Case(_broadcast(draw, 2), lambda inputs, _: function(*inputs), **more)


for _name in ("Sub", "Mul", "Maximum", "Minimum"):
    case_of(_name)(_binary(getattr(torch, _name.lower())))
case_of("Div")(_binary(torch.div, domain=_away_from_zero))


@case_of("Affine")
def _affine(draw: Draw) -> Case:
    numbers = st.sampled_from([0.0, 1.0, -1.0, 0.1, 255.0, -3e-5])
    params = {"scale": draw(numbers), "shift": draw(numbers)}
    return Case((_map(draw),), lambda inputs, _: inputs[0] * params["scale"] + params["shift"], params)


@case_of("Pow")
def _pow(draw: Draw) -> Case:
    exponent = draw(st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 7.0, -1.0, -2.0, 0.5, -0.5, 1.5, 2.2, 1 / 2.2, -0.3]))
    domain = _away_from_zero if exponent.is_integer() else (lambda x: x.abs() + 0.01)
    return Case((_map(draw),), lambda inputs, _: inputs[0].pow(exponent), {"exponent": exponent}, domain)


case_of("Sqrt")(lambda draw: Case((_map(draw),), lambda inputs, _: inputs[0].sqrt(), domain=torch.abs))
case_of("Exp")(lambda draw: Case((_map(draw),), lambda inputs, _: inputs[0].exp(), domain=lambda x: x.clamp(-80, 80)))
case_of("Erf")(lambda draw: Case((_map(draw),), lambda inputs, _: torch.erf(inputs[0])))
case_of("Abs")(lambda draw: Case((_map(draw),), lambda inputs, _: inputs[0].abs()))


@case_of("PixelShuffle")
def _pixel_shuffle(draw: Draw) -> Case:
    factor, channels = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    made = nn.PixelShuffle(factor)
    return Case(((channels * factor**2, *draw(pairs(1, 7))),), module(made), {"upscale_factor": factor})


@case_of("PixelUnshuffle")
def _pixel_unshuffle(draw: Draw) -> Case:
    factor, (height, width) = draw(st.integers(1, 4)), draw(pairs(1, 5))
    shape = (draw(channel_counts), height * factor, width * factor)
    return Case((shape,), module(nn.PixelUnshuffle(factor)), {"downscale_factor": factor})


@case_of("Crop")
def _crop(draw: Draw) -> Case:
    border = draw(st.tuples(*[st.integers(0, 4)] * 4))
    left, right, top, bottom = border
    height, width = draw(sizes)
    params = {"left": left, "right": right, "top": top, "bottom": bottom}
    shape = (draw(channel_counts), height + top + bottom, width + left + right)
    return Case((shape,), lambda inputs, _: F.pad(inputs[0], [-n for n in border]), params)


@case_of("SliceChannels")
def _slice_channels(draw: Draw) -> Case:
    start, count, after = draw(st.integers(0, 9)), draw(channel_counts), draw(st.integers(0, 6))
    shape = (start + count + after, *draw(sizes))
    return Case((shape,), lambda inputs, _: inputs[0].narrow(1, start, count), {"start": start, "end": start + count})


@case_of("Linear")
def _linear(draw: Draw) -> Case:
    features = st.sampled_from([1, 3, 4, 7, 16, 65, 300])
    params = {"in_features": draw(features), "out_features": draw(features), "bias": draw(st.booleans())}
    apply = module(nn.Sequential(nn.Flatten(), nn.Linear(**params), nn.Unflatten(1, (params["out_features"], 1, 1))))
    return Case(
        ((params["in_features"], 1, 1),),
        lambda inputs, tensors: apply(inputs, {f"1.{name}": tensor for name, tensor in tensors.items()}),
        params,
    )


@case_of("Flatten")
def _flatten(draw: Draw) -> Case:
    return Case((_map(draw),), lambda inputs, _: nn.Flatten()(inputs[0])[..., None, None])


@case_of("Unflatten")
def _unflatten(draw: Draw) -> Case:
    channels, height, width = shape = _map(draw)
    params = {"channels": channels, "height": height, "width": width}
    made = nn.Unflatten(1, shape)
    return Case(((channels * height * width, 1, 1),), lambda inputs, _: made(inputs[0][..., 0, 0]), params)


@case_of("Upsample")
def _upsample(draw: Draw) -> Case:
    # Past 40, PyTorch's own reciprocal of some factors rounds a pixel to its neighbour.
    whole, broken = pairs(1, 5), st.tuples(*[st.sampled_from([0.5, 0.3, 1.5, 2.7, 3, 1 / 3])] * 2)
    shape = (draw(channel_counts), *draw(pairs(4, 13)))
    params = {"mode": draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))}
    params |= draw(st.fixed_dictionaries({"scale_factor": whole | broken}) | st.fixed_dictionaries({"size": sizes}))
    if params["mode"] != "nearest":
        params["align_corners"] = draw(st.booleans())
    return Case((shape,), module(nn.Upsample(**params)), params)


@case_of("Resize")
def _resize(draw: Draw) -> Case:
    shape = (draw(channel_counts), *draw(pairs(2, 11)))
    broken = st.sampled_from([0.5, 0.3, 1.5, 2.7, 3, 1, 1 / 3, 0.8])
    sizing = draw(
        st.fixed_dictionaries({"scale_factor": st.tuples(broken, broken)}) | st.fixed_dictionaries({"size": sizes})
    )
    params = {
        "mode": draw(st.sampled_from(["nearest", "bilinear", "bicubic"])),
        "coordinates": draw(
            st.sampled_from(["half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric", "pytorch_half_pixel"])
        ),
        "rounding": draw(st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])),
        "cubic_a": draw(st.sampled_from([-0.75, -0.5])),
        "exclude_outside": draw(st.booleans()),
        "antialias": draw(st.booleans()),
    }
    if params["mode"] == "nearest":
        params |= {"exclude_outside": False, "antialias": False}
    # Of a single pixel ONNX's text and its runtime say that it lies at 0, its reference at -0.5.
    least = 2 if params["coordinates"] == "pytorch_half_pixel" else 1
    by = sizing.get("scale_factor", (1.0, 1.0))
    made = sizing.get("size") or [side * factor for side, factor in zip(shape[1:], by, strict=True)]
    if min(made) < least:
        sizing = {"scale_factor": (1.5, 3.0)}
    return Case((shape,), functools.partial(_resized_by_onnx, {**params, **sizing}), {**params, **sizing})


def _resized_by_onnx(params: dict[str, Any], inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
    """ONNX's reference implementation of Resize."""
    del tensors
    widened = params["antialias"]
    coefficients = {
        "nearest": functools.partial(onnx_resize._nearest_coeffs, mode=params["rounding"]),
        "bilinear": onnx_resize._linear_coeffs_antialias if widened else onnx_resize._linear_coeffs,
        "bicubic": functools.partial(
            onnx_resize._cubic_coeffs_antialias if widened else onnx_resize._cubic_coeffs, A=params["cubic_a"]
        ),
    }[params["mode"]]
    places = onnx_resize._compute_x_ori

    def rounded(*args: Any) -> tuple[Any, Any]:
        found, outside = places(*args)
        return found.round(12), outside

    by = [float(Fraction(factor).limit_denominator(1000)) for factor in params.get("scale_factor", ())]
    # It takes the pixel before where a place is a whole number but for a rounding.
    with mock.patch.object(onnx_resize, "_compute_x_ori", rounded):
        made = onnx_resize._interpolate_nd(
            inputs[0].double().numpy(),
            (lambda ratio, _: coefficients(ratio)) if params["mode"] == "nearest" else coefficients,
            output_size=[*inputs[0].shape[:2], *params["size"]] if "size" in params else None,
            scale_factors=[1.0, 1.0, *by] if by else None,
            exclude_outside=params["exclude_outside"],
            coordinate_transformation_mode=params["coordinates"],
        )
    return torch.from_numpy(made.astype(np.float32))
