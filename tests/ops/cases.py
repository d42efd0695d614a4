"""For every operator, generated parameters and inputs, and what plain PyTorch makes of them.

Nothing here uses `Op.torch`: the references are torch.nn modules and functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

Reference = Callable[[Sequence[Tensor], dict[str, Tensor]], Tensor]
Shape3 = tuple[int, int, int]
Draw = Callable[[st.SearchStrategy], object]


@dataclass
class Case:
    shapes: tuple[Shape3, ...]
    reference: Reference = field(repr=False)
    params: dict[str, object] = field(default_factory=dict)
    domain: Callable[[Tensor], Tensor] = field(default=lambda x: x, repr=False)
    """Brings any numbers to where the function has a finite value."""


CASES: dict[str, st.SearchStrategy[Case]] = {}


def case_of(name: str) -> Callable[[Callable[[Draw], Case]], Callable[[Draw], Case]]:
    def register(build: Callable[[Draw], Case]) -> Callable[[Draw], Case]:
        CASES[name] = st.composite(build)()
        return build

    return register


def module(made: nn.Module) -> Reference:
    def run(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        missing, unexpected = made.load_state_dict(tensors, strict=False)
        assert not unexpected
        assert set(missing) <= {"num_batches_tracked"}
        return made.eval()(*inputs)

    return run


def pairs(lo: int, hi: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(lo, hi), st.integers(lo, hi))


channel_counts = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 13])
sizes = pairs(1, 17)


def grouped_channels(draw: Draw) -> tuple[int, int, int]:
    """Input channels, output channels, groups; every group of its own size, and depthwise among them."""
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 5]))
    if groups > 1 and draw(st.booleans()):
        return groups, groups * draw(st.integers(1, 3)), groups
    return groups * draw(st.integers(1, 6)), groups * draw(st.integers(1, 6)), groups


@case_of("Conv2d")
def _conv2d(draw: Draw) -> Case:
    i, o, groups = grouped_channels(draw)
    kernel, dilation = draw(pairs(1, 5)), draw(pairs(1, 3))
    padding, mode = draw(pairs(0, 3)), draw(st.sampled_from(["zeros", "reflect", "replicate"]))
    least = [
        max(1, d * (k - 1) + 1 - 2 * p, p + 1 if mode == "reflect" else 1)
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    ]
    extra = draw(pairs(0, 9))
    params = {
        "in_channels": i,
        "out_channels": o,
        "kernel_size": kernel,
        "stride": draw(pairs(1, 3)),
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding_mode": mode,
    }
    return Case(((i, least[0] + extra[0], least[1] + extra[1]),), module(nn.Conv2d(**params)), params)


@case_of("ConvTranspose2d")
def _conv_transpose2d(draw: Draw) -> Case:
    i, o, groups = grouped_channels(draw)
    kernel, stride, dilation = draw(pairs(1, 5)), draw(pairs(1, 4)), draw(pairs(1, 2))
    output_padding = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    size = draw(pairs(1, 8))
    whole = [
        (n - 1) * s + d * (k - 1) + 1 + more
        for n, s, d, k, more in zip(size, stride, dilation, kernel, output_padding, strict=True)
    ]
    params = {
        "in_channels": i,
        "out_channels": o,
        "kernel_size": kernel,
        "stride": stride,
        "padding": tuple(draw(st.integers(0, min(3, (length - 1) // 2))) for length in whole),
        "output_padding": output_padding,
        "dilation": dilation,
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    return Case(((i, *size),), module(nn.ConvTranspose2d(**params)), params)


@case_of("FractionalConv2d")
def _fractional_conv2d(draw: Draw) -> Case:
    i, o = draw(channel_counts), draw(channel_counts)
    (kh, kw), scale = draw(pairs(1, 6)), draw(pairs(1, 4))
    sampling, bias = draw(st.sampled_from(["nearest", "linear"])), draw(st.booleans())

    def reference(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        if sampling == "nearest":
            up = F.interpolate(inputs[0], scale_factor=scale, mode="nearest")
        else:
            up = F.interpolate(inputs[0], scale_factor=scale, mode="bilinear", align_corners=False)
        bordered = F.pad(up, ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2))
        return F.conv2d(bordered, tensors["weight"], tensors.get("bias"))

    params = {
        "in_channels": i,
        "out_channels": o,
        "kernel_size": (kh, kw),
        "scale_factor": scale,
        "sampling": sampling,
        "bias": bias,
    }
    return Case(((i, *draw(pairs(1, 9))),), reference, params)


@case_of("BatchNorm2d")
def _batch_norm2d(draw: Draw) -> Case:
    channels, eps = draw(channel_counts), draw(st.sampled_from([1e-5, 1e-3, 0.5]))
    params = {"num_features": channels, "eps": eps, "affine": draw(st.booleans())}
    params["momentum"] = draw(st.sampled_from([0.1, 0.01, 1.0]))
    return Case(((channels, *draw(sizes)),), module(nn.BatchNorm2d(**params)), params)


@case_of("MaxPool2d")
def _max_pool2d(draw: Draw) -> Case:
    kernel, dilation = draw(pairs(1, 4)), draw(pairs(1, 3))
    params = {**_window(draw, kernel), "dilation": dilation}
    return Case((_pooled(draw, kernel, dilation),), module(nn.MaxPool2d(**params)), params)


@case_of("MaxUnpool2d")
def _max_unpool2d(draw: Draw) -> Case:
    kernel = draw(pairs(1, 4))
    params = _window(draw, kernel)
    params["stride"] = tuple(k + draw(st.integers(0, 1)) for k in kernel)
    shape = _pooled(draw, kernel, (1, 1))
    pool = nn.MaxPool2d(**params, return_indices=True)
    values = tuple(pool(torch.zeros(1, *shape))[0].shape[1:])

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        made, places = torch.zeros(shape), pool(inputs[0])[1][0]
        return made.flatten(1).scatter(1, places.flatten(1), inputs[1][0].flatten(1)).view(1, *shape)

    return Case((shape, values), reference, params, _of_few)


def _of_few(x: Tensor) -> Tensor:
    """Numbers of which many are the same: the first of a window's largest counts."""
    return (x / x.abs().max().clamp(min=1e-30) * 2).round()


@case_of("AvgPool2d")
def _avg_pool2d(draw: Draw) -> Case:
    kernel = draw(pairs(1, 4))
    params = {**_window(draw, kernel), "count_include_pad": draw(st.booleans())}
    return Case((_pooled(draw, kernel, (1, 1)),), module(nn.AvgPool2d(**params)), params)


def _window(draw: Draw, kernel: tuple[int, int]) -> dict[str, object]:
    return {
        "kernel_size": kernel,
        "stride": draw(st.none() | pairs(1, 4)),
        "padding": tuple(draw(st.integers(0, k // 2)) for k in kernel),
        "ceil_mode": draw(st.booleans()),
    }


def _pooled(draw: Draw, kernel: tuple[int, int], dilation: tuple[int, int]) -> Shape3:
    height, width = ((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    extra = draw(pairs(0, 9))
    return draw(channel_counts), height + extra[0], width + extra[1]


@case_of("Pad")
def _pad(draw: Draw) -> Case:
    channels, height, width = draw(channel_counts), *draw(sizes)
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular", "symmetric"]))
    inside = {"reflect": 1, "circular": 0, "symmetric": 0}.get(mode)
    most = (5, 5) if inside is None else (min(5, width - inside), min(5, height - inside))
    border = tuple(draw(st.integers(0, most[side // 2])) for side in range(4))
    value = draw(st.sampled_from([0.0, -3.5, 7e4, 1e-9])) if mode == "constant" else 0.0
    params = {"padding": border, "mode": mode, "value": value}
    if mode == "symmetric":
        return Case(((channels, height, width),), lambda inputs, _: _symmetric(inputs[0], border), params)
    return Case(((channels, height, width),), lambda inputs, _: F.pad(inputs[0], border, mode, value or None), params)


def _symmetric(x: torch.Tensor, border: tuple[int, ...]) -> torch.Tensor:
    left, right, top, bottom = border
    around = [x[..., :left].flip(3), x, x[..., x.shape[3] - right :].flip(3)]
    wide = torch.cat(around, 3)
    return torch.cat([wide[:, :, :top].flip(2), wide, wide[:, :, x.shape[2] - bottom :].flip(2)], 2)


@case_of("LeakyReLU")
def _leaky_relu(draw: Draw) -> Case:
    params = {"negative_slope": draw(st.sampled_from([0.01, 0.2, 0.0, 1.0, -0.5, 1e-7, 3.0]))}
    return Case(_map(draw), module(nn.LeakyReLU(**params)), params)


def _plain(made: nn.Module) -> Callable[[Draw], Case]:
    return lambda draw: Case(_map(draw), module(made))


def _map(draw: Draw) -> tuple[Shape3]:
    return ((draw(channel_counts), *draw(sizes)),)


for _name, _module in (("ReLU", nn.ReLU()), ("Sigmoid", nn.Sigmoid()), ("Tanh", nn.Tanh())):
    case_of(_name)(_plain(_module))


@case_of("Concat")
def _concat(draw: Draw) -> Case:
    size, counts = draw(sizes), draw(st.lists(channel_counts, min_size=2, max_size=5))
    return Case(tuple((count, *size) for count in counts), lambda inputs, _: torch.cat(list(inputs), 1))
