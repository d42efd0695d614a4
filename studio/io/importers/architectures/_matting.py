"""Robust Video Matting (S. Lin et al. 2021): people cut out of films, by what was seen before.

The authors' own names. Four maps of the step before are states. Beside the matte there is the colour of what it cuts
out, as `--output fgr`. Large pictures are looked at smaller, and the matte is refined at their own size.
"""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Weight
from studio.io.importers.architectures._resnet import block
from studio.io.importers.architectures.base import Sketch, Tensors
from studio.io.importers.architectures.mobile_masks import inverted, row
from studio.model.networks.shape import Shape

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_KEPT = (1, 3, 6)
"""The blocks of a MobileNetV3 whose maps the decoder reads."""


def matches(tensors: Tensors) -> bool:
    """Whether these are its tensors."""
    wanted = {"decoder.decode4.gru.ih.0.weight", "aspp.aspp2.1.weight", "project_mat.conv.weight"}
    return wanted <= tensors.keys()


def build(s: Sketch, smaller: int) -> str:
    """Its layers, which look at the picture so many times smaller."""
    picture = s.input(3)
    size = s.draft.shapes[picture].size
    states = []
    for k in (1, 2, 3, 4):
        channels = len(s.take(f"decoder.decode{k}.gru.hh.0.bias").values)
        sides = (side // (smaller * 2**k) for side in size)
        states.append(s.draft.add_input(f"r{k}i", Shape(channels, *sides)))
    s.draft.shrink_states()
    small = picture
    if smaller > 1:
        small = _resized(s, picture, "small", 1 / smaller)
    maps = _mobile_net(s, small) if s.has("backbone.features.0.0.weight") else _resnet(s, small)
    maps[3] = _pooled(s, maps[3])
    x, made = _decoded(s, small, maps, states)
    both = s.conv("project_mat.conv", x)
    s.used |= {name for name in s.tensors if name.startswith("project_seg.")}
    if smaller > 1:
        both = _refined(s, picture, small, both, x)
    s.used |= {name for name in s.tensors if name.startswith("refiner.")}
    colour = s.op("SliceChannels", both, name="fgr.rest", start=0, end=3)
    colour = _within(s, s.op("Add", colour, picture, name="fgr.sum"), "fgr")
    matte = _within(s, s.op("SliceChannels", both, name="pha.rest", start=3, end=4), "pha")
    picked, other = (colour, matte) if s.asked == "fgr" else (matte, colour)
    if s.asked not in ("", "pha", "fgr"):
        raise StudioError(f'it has no output "{s.asked}"; it has pha, the matte, and fgr, the colour')
    s.draft.others = [other, *made]
    return picked


def _within(s: Sketch, x: str, name: str) -> str:
    return s.op("Hardtanh", x, name=name, min_val=0.0, max_val=1.0)


def _normed(s: Sketch, x: str) -> str:
    scale, mean = (np.array(each, np.float32) for each in (_DEVIATION, _MEAN))
    tensors = {"weight": Weight(np.float32(1) / scale), "bias": Weight(-mean / scale)}
    return s.draft.add("ScaleShift", x, name="normalised", tensors=tensors, num_features=3)


def _mobile_net(s: Sketch, x: str) -> list[str]:
    at, kept = "backbone.features", []
    x = row(s, f"{at}.0", _normed(s, x), "Hardswish", stride=2)
    for k in range(1, 16):
        x = inverted(s, at, k, x)
        kept += [x] if k in _KEPT else []
    return [*kept, row(s, f"{at}.16", x, "Hardswish")]


def _resnet(s: Sketch, x: str) -> list[str]:
    x = s.relu(s.norm("backbone.bn1", s.conv("backbone.conv1", _normed(s, x), stride=2)))
    kept = [x]
    x = s.op("MaxPool2d", x, name="backbone.maxpool", kernel_size=3, stride=2, padding=1)
    for group in (1, 2, 3, 4):
        number = 0
        while s.has(f"backbone.layer{group}.{number}.conv1.weight"):
            far = 2 if group == 4 and number else 1
            x = block(s, f"backbone.layer{group}.{number}", x, 2 if group in (2, 3) and not number else 1, far)
            number += 1
        kept.append(x)
    return [kept[0], kept[1], kept[2], kept[4]]


def _pooled(s: Sketch, x: str) -> str:
    wide = s.relu(s.norm("aspp.aspp1.1", s.conv("aspp.aspp1.0", x)))
    mean = s.op("Mean", x, name="aspp.aspp2.0", dim="space")
    shares = s.op("Sigmoid", s.conv("aspp.aspp2.1", mean), name="aspp.aspp2.2")
    return s.op("Mul", wide, shares, name="aspp")


def _decoded(s: Sketch, picture: str, maps: list[str], states: list[str]) -> tuple[str, list[str]]:
    """The last map, and the states of the next step."""
    smaller, x, made = [picture], "", [""] * 4
    for k in (1, 2, 3):
        pooled = s.op("AvgPool2d", smaller[-1], name=f"decoder.avgpool{k}", kernel_size=2, stride=2, ceil_mode=True)
        smaller.append(pooled)
    for k in (4, 3, 2, 1):
        at = f"decoder.decode{k}"
        if k == 4:
            x = maps[3]
        else:
            x = s.op("Concat", _twice(s, x, at, smaller[k]), maps[k - 1], smaller[k], name=f"{at}.join")
            x = s.relu(s.norm(f"{at}.conv.1", s.conv(f"{at}.conv.0", x)))
        half = s.draft.shapes[x].channels // 2
        first = s.op("SliceChannels", x, name=f"{at}.first", start=0, end=half)
        second = s.op("SliceChannels", x, name=f"{at}.second", start=half, end=2 * half)
        made[k - 1] = _gated(s, f"{at}.gru", second, states[k - 1])
        x = s.op("Concat", first, made[k - 1], name=f"{at}.both")
    at = "decoder.decode0"
    x = s.op("Concat", _twice(s, x, at, picture), picture, name=f"{at}.join")
    for k in (0, 3):
        x = s.relu(s.norm(f"{at}.conv.{k + 1}", s.conv(f"{at}.conv.{k}", x)))
    return x, made


def _gated(s: Sketch, at: str, x: str, state: str) -> str:
    """A gated recurrent unit of convolutions: how much of the state stays, and what comes in its place."""
    both = s.op("Concat", x, state, name=f"{at}.read")
    gates = s.op("Sigmoid", s.conv(f"{at}.ih.0", both), name=f"{at}.ih.1")
    half = s.draft.shapes[x].channels
    reset = s.op("SliceChannels", gates, name=f"{at}.reset", start=0, end=half)
    share = s.op("SliceChannels", gates, name=f"{at}.share", start=half, end=2 * half)
    kept = s.op("Mul", reset, state, name=f"{at}.kept")
    new = s.conv(f"{at}.hh.0", s.op("Concat", x, kept, name=f"{at}.with"))
    new = s.op("Tanh", new, name=f"{at}.hh.1")
    step = s.op("Mul", share, s.op("Sub", new, state, name=f"{at}.change"), name=f"{at}.step")
    return s.op("Add", state, step, name=f"r{at[14]}o")


def _twice(s: Sketch, x: str, at: str, like: str) -> str:
    x = _resized(s, x, f"{at}.upsample", 2)
    have, wanted = s.draft.shapes[x], s.draft.shapes[like]
    if have.size == wanted.size:
        return x
    return s.op("Crop", x, name=f"{at}.cut", bottom=have.height - wanted.height, right=have.width - wanted.width)


def _resized(s: Sketch, x: str, name: str, factor: float) -> str:
    return s.op("Upsample", x, name=name, scale_factor=factor, mode="bilinear", align_corners=False)


def _refined(s: Sketch, picture: str, small: str, both: str, x: str) -> str:
    """A linear filter found at the small size, which makes of the picture what was made of the small one."""
    at = "refiner"

    def with_mean(of: str, name: str) -> str:
        return s.op("Concat", of, s.op("Mean", of, name=f"{name}.mean", dim="channels"), name=name)

    fine, base = with_mean(picture, f"{at}.fine"), with_mean(small, f"{at}.base")

    def boxed(of: str) -> str:
        return s.conv(f"{at}.box_filter", of)

    mean_x, mean_y = boxed(base), boxed(both)
    product = s.op("Mul", base, both, name=f"{at}.xy")
    square = s.op("Mul", base, base, name=f"{at}.xx")
    means = [s.op("Mul", mean_x, other, name=f"{at}.means{k}") for k, other in enumerate((mean_y, mean_x))]
    pairs = zip((product, square), means, strict=True)
    apart = [s.op("Sub", boxed(of), mean, name=f"{at}.apart{k}") for k, (of, mean) in enumerate(pairs)]
    a = s.op("Concat", *apart, x, name=f"{at}.join")
    for k in (0, 3):
        a = s.relu(s.norm(f"{at}.conv.{k + 1}", s.conv(f"{at}.conv.{k}", a)))
    a = s.conv(f"{at}.conv.6", a)
    b = s.op("Sub", mean_y, s.op("Mul", a, mean_x, name=f"{at}.ax"), name=f"{at}.b")
    how = {"mode": "bilinear", "align_corners": False}
    a, b = (s.op("UpsampleLike", of, picture, name=f"{at}.{key}_fine", **how) for key, of in (("a", a), ("b", b)))
    return s.op("Add", s.op("Mul", a, fine, name=f"{at}.scaled"), b, name=at)
