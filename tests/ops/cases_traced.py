"""Cases of the operators that traced PyTorch modules bring; `cases` says what a case is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import cases_places  # noqa: F401 - registers its cases
import einops
import torch
from cases import Case, Draw, case_of, channel_counts, pairs, sizes
from cases_more import AXES, _broadcast, _map
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from studio import draws

HOWS = ["gt", "ge", "lt", "le", "eq", "ne"]
NORMS = ("backward", "ortho", "forward")


def _steps(x: Tensor) -> Tensor:
    """Numbers of which some are the same, whatever they were."""
    return (x / x.abs().max().clamp(min=1e-30) * 3).round()


@case_of("Compare")
def _compare(draw: Draw) -> Case:
    params = {"how": draw(st.sampled_from(HOWS)), "value": draw(st.sampled_from([0.0, 1.0, -2.0, 0.5]))}
    compared = getattr(torch, params["how"])
    return Case((_map(draw),), lambda inputs, _: compared(inputs[0], params["value"]).float(), params, _steps)


@case_of("CompareMaps")
def _compare_maps(draw: Draw) -> Case:
    params = {"how": draw(st.sampled_from(HOWS))}
    compared = getattr(torch, params["how"])
    return Case(_broadcast(draw, 2), lambda inputs, _: compared(*inputs).float(), params, _steps)


@case_of("Where")
def _where(draw: Draw) -> Case:
    return Case(_broadcast(draw, 3), lambda inputs, _: torch.where(inputs[0].bool(), *inputs[1:]), {}, _steps)


def _few_turns(x: Tensor) -> Tensor:
    return x.clamp(-3000, 3000)


case_of("Sin")(lambda draw: Case((_map(draw),), lambda inputs, _: torch.sin(inputs[0]), domain=_few_turns))
case_of("Cos")(lambda draw: Case((_map(draw),), lambda inputs, _: torch.cos(inputs[0]), domain=_few_turns))
case_of("Log")(lambda draw: Case((_map(draw),), lambda inputs, _: inputs[0].log(), domain=lambda x: x.abs() + 1e-3))


@case_of("Round")
def _round(draw: Draw) -> Case:
    params = {"how": draw(st.sampled_from(["floor", "ceil", "trunc", "round"]))}
    halves = draw(st.booleans())
    domain = (lambda x: (x * 4).round() / 2) if halves else (lambda x: x)
    return Case((_map(draw),), lambda inputs, _: getattr(torch, params["how"])(inputs[0]), params, domain)


@case_of("Amax")
def _amax(draw: Draw) -> Case:
    params = {"dim": draw(st.sampled_from(list(AXES)))}
    return Case((_map(draw),), lambda inputs, _: inputs[0].amax(AXES[params["dim"]], keepdim=True), params)


@case_of("Amin")
def _amin(draw: Draw) -> Case:
    params = {"dim": draw(st.sampled_from(list(AXES)))}
    return Case((_map(draw),), lambda inputs, _: inputs[0].amin(AXES[params["dim"]], keepdim=True), params)


@case_of("ChannelShuffle")
def _channel_shuffle(draw: Draw) -> Case:
    groups, each = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    made = nn.ChannelShuffle(groups)
    return Case(((groups * each, *draw(sizes)),), lambda inputs, _: made(inputs[0]), {"groups": groups})


@case_of("Roll")
def _roll(draw: Draw) -> Case:
    shifts = draw(pairs(-20, 20))
    return Case((_map(draw),), lambda inputs, _: inputs[0].roll(shifts, (2, 3)), {"shifts": shifts})


@case_of("Flip")
def _flip(draw: Draw) -> Case:
    params = {"vertical": draw(st.booleans()), "horizontal": draw(st.booleans())}
    axes = [axis for axis, name in ((2, "vertical"), (3, "horizontal")) if params[name]]
    return Case((_map(draw),), lambda inputs, _: inputs[0].flip(axes), params)


PATTERNS = {
    "c (y i) (x j) -> c (y x) (i j)": ("i", "j"),
    "c (y i) (x j) -> (c i j) y x": ("i", "j"),
    "(h d) (y i) (x j) -> d (y x h) (i j)": ("h", "i", "j"),
    "(h d) y x -> (y x) h d": ("h",),
    "c y x -> c 1 (y x)": (),
    "c y x -> x y c": (),
    "(a b) y x -> (b a) (y r) (x s)": ("a", "r", "s"),
    "c (y i) x -> c (i y) x": ("i",),
}


@case_of("Rearrange")
def _rearrange(draw: Draw) -> Case:
    pattern = draw(st.sampled_from(sorted(PATTERNS)))
    known = {axis: draw(st.integers(1, 4)) for axis in PATTERNS[pattern]}
    shape = _shape_for(draw, pattern, known)
    return Case((shape,), _einops(pattern, known), {"pattern": with_lengths(pattern, known)})


def with_lengths(pattern: str, known: dict[str, int]) -> str:
    """The pattern with the lengths of these axes, where each stands first."""
    for axis, length in known.items():
        pattern = re.sub(rf"\b{axis}\b", f"{axis}={length}", pattern, count=1)
    return pattern


def _einops(pattern: str, known: dict[str, int]) -> object:
    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        left, right = pattern.split("->")
        return einops.repeat(inputs[0], f"n {left} -> n {right}", **known)

    return reference


def _shape_for(draw: Draw, pattern: str, known: dict[str, int]) -> tuple[int, ...]:
    left = pattern.partition("->")[0].strip()
    groups = [g.strip("() ").split() for g in re.findall(r"\([^)]*\)|\S+", left)]
    return tuple(math.prod(known.get(axis) or draw(st.integers(1, 5)) for axis in group) for group in groups)


@case_of("RearrangeLike")
def _rearrange_like(draw: Draw) -> Case:
    i, j, h = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    (y, x), d = draw(pairs(1, 4)), draw(st.integers(1, 5))
    params = {"pattern": with_lengths("d (y x h) (i j) -> (h d) (y i) (x j)", {"i": i, "j": j, "h": h})}
    like = (draw(channel_counts), y * i, x * j)

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        return einops.rearrange(inputs[0], "n d (y x h) (i j) -> n (h d) (y i) (x j)", y=y, x=x, i=i, j=j, h=h)

    return Case(((d, y * x * h, i * j), like), reference, params)


@case_of("MatMul")
def _matmul(draw: Draw) -> Case:
    depth, rows, across, made = draw(st.integers(1, 90)), *draw(pairs(1, 5)), draw(st.integers(1, 19))
    second = draw(st.sampled_from([1, rows]))

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        a, b = inputs
        return torch.einsum("zkyx,zkyn->znyx", a, b.expand(-1, -1, rows, -1))

    return Case(((depth, rows, across), (depth, second, made)), reference, {}, lambda x: x.abs())


@case_of("GivenMap")
def _given_map(draw: Draw) -> Case:
    channels, (height, width), repeat = draw(channel_counts), draw(pairs(1, 7)), draw(st.booleans())
    params = {"channels": channels, "height": height, "width": width, "repeat": repeat}

    def reference(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        held, size = tensors["map"][:, 0], inputs[0].shape[2:] if repeat else (height, width)
        rows, columns = (torch.arange(side) % own for side, own in zip(size, (height, width), strict=True))
        return held[:, rows][:, :, columns][None]

    return Case((_map(draw),), reference, params)


@case_of("Coordinates")
def _coordinates(draw: Draw) -> Case:
    axis, per = draw(st.sampled_from(["height", "width"])), draw(st.sampled_from(["pixel", "side", "gap"]))
    start, step = draw(st.sampled_from([0.0, -1.0, 0.5])), draw(st.sampled_from([1.0, 2.0, -0.25]))
    shape, offset = (
        (draw(channel_counts), *draw(pairs(2, 17))),
        0.0 if per == "gap" else draw(st.sampled_from([0, 0.5])),
    )

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        count = inputs[0].shape[2 if axis == "height" else 3]
        if per == "gap":
            line = torch.linspace(start, start + step, count)
        else:
            line = start + step * (torch.arange(count) + offset) / (count if per == "side" else 1)
        line = line[:, None] if axis == "height" else line[None]
        return line.expand(1, 1, *inputs[0].shape[2:])

    return Case((shape,), reference, {"axis": axis, "per": per, "start": start, "step": step, "offset": offset})


@case_of("RandomMap")
def _random_map(draw: Draw) -> Case:
    kind, channels = draw(st.sampled_from(["uniform", "gaussian"])), draw(channel_counts)

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        bits = draws.places(torch.zeros(1, channels, *inputs[0].shape[2:]), 0, 0)
        return (draws.uniform(bits) if kind == "uniform" else draws.gaussian(bits))[None]

    return Case((_map(draw),), reference, {"kind": kind, "channels": channels})


@case_of("SizeOf")
def _size_of(draw: Draw) -> Case:
    what = draw(st.sampled_from(["height", "width", "pixels"]))

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        height, width = inputs[0].shape[2:]
        count = {"height": height, "width": width, "pixels": height * width}[what]
        return torch.full((1, 1, 1, 1), float(count))

    return Case((_map(draw),), reference, {"what": what})


@case_of("UpsampleLike")
def _upsample_like(draw: Draw) -> Case:
    params = {"mode": draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))}
    if params["mode"] != "nearest":
        params["align_corners"] = draw(st.booleans())
    shape, like = (draw(channel_counts), *draw(pairs(4, 13))), _map(draw)
    size = like[1:]
    return Case((shape, like), lambda inputs, _: F.interpolate(inputs[0], size, **params), params)


@case_of("WindowMask")
def _window_mask(draw: Draw) -> Case:
    (h, w), (down, across), heads = draw(pairs(2, 5)), draw(pairs(1, 3)), draw(st.integers(1, 3))
    shift = (draw(st.integers(0, h - 1)), draw(st.integers(0, w - 1)))
    repeats = draw(st.integers(1, 2))
    params = {"window": (h, w), "shift": shift, "heads": heads, "value": -100.0, "repeats": repeats}

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        """As the authors of Swin write it."""
        size, mark = inputs[0].shape[2:], 0
        regions = torch.zeros(1, *size, 1)
        cuts = [
            (slice(0, -n), slice(-n, -moved if moved else None), slice(-moved, None) if moved else slice(0, 0))
            for n, moved in zip((h, w), shift, strict=True)
        ]
        for rows in cuts[0]:
            for columns in cuts[1]:
                regions[:, rows, columns] = mark
                mark += 1
        windows = einops.rearrange(regions, "1 (y i) (x j) 1 -> (y x) (i j)", i=h, j=w)
        mask = (windows[:, None] != windows[:, :, None]).float() * -100.0
        return einops.repeat(mask, "n q k -> 1 k (r n h) q", h=heads, r=repeats)

    return Case(((draw(channel_counts), h * down, w * across),), reference, params)


def _far_from_none(x: Tensor) -> Tensor:
    return torch.where(x < 0, -1, 1) * (x.abs() + 0.05)


case_of("Atan2")(lambda draw: Case(_broadcast(draw, 2), lambda inputs, _: torch.atan2(*inputs), domain=_far_from_none))


def _line(draw: Draw) -> tuple[tuple[int, int, int], dict[str, str], int]:
    """A map, along which side of it, by which norm, and which axis that is of (N, C, H, W)."""
    params = {"axis": draw(st.sampled_from(["height", "width"])), "norm": draw(st.sampled_from(NORMS))}
    return _map(draw), params, 2 if params["axis"] == "height" else 3


def _apart(z: Tensor) -> Tensor:
    return torch.stack([z.real, z.imag], 2).flatten(1, 2)


def _together(x: Tensor) -> Tensor:
    return torch.complex(x[:, 0::2].contiguous(), x[:, 1::2].contiguous())


@case_of("Fft")
def _fft(draw: Draw) -> Case:
    (channels, *side), params, axis = _line(draw)
    inverse = draw(st.booleans())
    work = torch.fft.ifft if inverse else torch.fft.fft

    def apply(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        del tensors
        return _apart(work(_together(inputs[0]), dim=axis, norm=params["norm"]))

    return Case(((2 * channels, *side),), apply, params | {"inverse": inverse})


@case_of("Rfft")
def _rfft(draw: Draw) -> Case:
    shape, params, axis = _line(draw)
    return Case((shape,), lambda inputs, _: _apart(torch.fft.rfft(inputs[0], dim=axis, norm=params["norm"])), params)


@case_of("Irfft")
def _irfft(draw: Draw) -> Case:
    (channels, *side), params, axis = _line(draw)
    count, like = side[axis - 2], list(side)
    side[axis - 2] = count // 2 + 1

    def apply(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        del tensors
        return torch.fft.irfft(_together(inputs[0]), n=count, dim=axis, norm=params["norm"])

    return Case(((2 * channels, *side), (1, *like)), apply, params)
