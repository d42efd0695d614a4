"""Edges by HED (S. Xie and Z. Tu 2015), as sniklaus' PyTorch version names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_NAMES = ("One", "Two", "Thr", "Fou", "Fiv")


def _matches(tensors: Tensors) -> bool:
    return {"netVggOne.0.weight", "netVggFiv.1.weight", "netScoreOne.weight", "netCombine.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = picture = s.input(s.channels("netVggOne.0"))
    scores = []
    for number, name in enumerate(_NAMES):
        at = f"netVgg{name}"
        if number:
            x = s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=2, stride=2)
        for k in range(8):
            if s.has(f"{at}.{k}.weight"):
                x = s.op("ReLU", s.conv(f"{at}.{k}", x), name=f"{at}.{k + 1}")
        score = s.conv(f"netScore{name}", x, padding=0)
        scores.append(
            s.op("UpsampleLike", score, picture, name=f"netScore{name}.up", mode="bilinear", align_corners=False)
        )
    joined = s.op("Concat", *scores, name="join")
    return s.op("Sigmoid", s.conv("netCombine.0", joined, padding=0), name="output")


ARCHITECTURE = Architecture(
    "hed",
    "HED edges",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    mean=(104.00698793, 116.66876762, 122.67891434),
    order="bgr",
)
