"""Edges by PiDiNet (Z. Su et al. 2021), as its authors name it; differences of pixels become plain convolutions."""

from __future__ import annotations

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_BLOCKS = (3, 4, 4, 4)
# What each convolution takes differences of, in the order that all published networks have: its centre, its neighbours
# around it, those further out, and none.
_TURN = ("centre", "around", "outwards", "")
_CLOCKWISE = [3, 0, 1, 6, 4, 2, 7, 8, 5]
_OUTER = [0, 2, 4, 10, 14, 20, 22, 24]
_INNER = [6, 7, 8, 11, 13, 16, 17, 18]


def _matches(tensors: Tensors) -> bool:
    return {
        "init_block.weight",
        "block1_1.conv1.weight",
        "block4_4.conv2.weight",
        "classifier.weight",
    } <= tensors.keys()


def _build(s: Sketch) -> str:
    # Where a network was made plain by its authors, what looked further out has a kernel of 5 × 5.
    plain = s.shape("block1_2.conv1.weight")[2] == 5
    picture, number = s.input(s.channels("init_block")), 0
    x = _differences(s, "init_block", picture, "" if plain else _TURN[0])
    scores = []
    for stage, count in enumerate(_BLOCKS, 1):
        for k in range(1, count + 1):
            number += 1
            x = _block(s, f"block{stage}_{k}", x, "" if plain else _TURN[number % 4])
        y, at = x, stage - 1
        if s.has(f"dilations.{at}.conv1.weight"):
            y = _dilated(s, f"dilations.{at}", y)
        if s.has(f"attentions.{at}.conv1.weight"):
            y = _attended(s, f"attentions.{at}", y)
        score = s.conv(f"conv_reduces.{at}.conv", y)
        scores.append(s.op("UpsampleLike", score, picture, name=f"score{stage}", mode="bilinear", align_corners=False))
    return s.op("Sigmoid", s.conv("classifier", s.op("Concat", *scores, name="join")), name="output")


def _block(s: Sketch, at: str, x: str, of: str) -> str:
    shrinks = s.has(f"{at}.shortcut.weight")
    if shrinks:
        x = s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=2, stride=2)
    y = s.conv(f"{at}.conv2", s.relu(_differences(s, f"{at}.conv1", x, of)))
    return s.op("Add", y, s.conv(f"{at}.shortcut", x) if shrinks else x, name=f"{at}.add")


def _differences(s: Sketch, at: str, x: str, of: str) -> str:
    """A convolution of differences is one of the pixels by other weights."""
    if not of:
        return s.conv(at, x)
    held = s.take(f"{at}.weight").values
    out, per_group = held.shape[:2]
    flat = held.reshape(out, per_group, 9)
    if of == "centre":
        made = flat.copy()
        made[:, :, 4] -= flat.sum(2)
    elif of == "around":
        made = flat - flat[:, :, _CLOCKWISE]
    else:
        made = np.zeros((out, per_group, 25), np.float32)
        made[:, :, _OUTER] = flat[:, :, 1:]
        made[:, :, _INNER] = -flat[:, :, 1:]
    side = 5 if of == "outwards" else 3
    weight = Weight(np.ascontiguousarray(made.reshape(out, per_group, side, side), np.float32))
    channels = s.draft.shapes[x].channels
    sizes = {"in_channels": channels, "out_channels": out, "kernel_size": (side, side), "groups": channels // per_group}
    return s.draft.add("Conv2d", x, name=at, tensors={"weight": weight}, padding=(side // 2,) * 2, bias=False, **sizes)


def _dilated(s: Sketch, at: str, x: str) -> str:
    x = s.conv(f"{at}.conv1", s.relu(x))
    total = ""
    for k, wide in enumerate((5, 7, 9, 11), 1):
        y = s.conv(f"{at}.conv2_{k}", x, padding=wide, dilation=(wide, wide))
        total = s.op("Add", total, y, name=f"{at}.add{k}") if total else y
    return total


def _attended(s: Sketch, at: str, x: str) -> str:
    y = s.conv(f"{at}.conv2", s.conv(f"{at}.conv1", s.relu(x)))
    return s.op("Mul", x, s.op("Sigmoid", y, name=f"{at}.sigmoid"), name=f"{at}.mul")


ARCHITECTURE = Architecture(
    "pidinet", "PiDiNet edges", _matches, _build, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)
