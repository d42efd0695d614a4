"""Edges by HED (S. Xie and Z. Tu 2015), as sniklaus' PyTorch version names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_STARTS = ("net", "module")
"""What its parts are called, and what they are called in the file that its author gives."""
_NAMES = ("One", "Two", "Thr", "Fou", "Fiv")


def _matches(tensors: Tensors) -> bool:
    parts = ("VggOne.0.weight", "VggFiv.1.weight", "ScoreOne.weight", "Combine.0.weight")
    return any({start + part for part in parts} <= tensors.keys() for start in _STARTS)


def _build(s: Sketch) -> str:
    net = next(start for start in _STARTS if s.has(f"{start}VggOne.0.weight"))
    x = picture = s.input(s.channels(f"{net}VggOne.0"))
    scores = []
    for number, name in enumerate(_NAMES):
        at = f"{net}Vgg{name}"
        if number:
            x = s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=2, stride=2)
        for k in range(8):
            if s.has(f"{at}.{k}.weight"):
                x = s.op("ReLU", s.conv(f"{at}.{k}", x), name=f"{at}.{k + 1}")
        score = s.conv(f"{net}Score{name}", x, padding=0)
        scores.append(
            s.op("UpsampleLike", score, picture, name=f"{net}Score{name}.up", mode="bilinear", align_corners=False)
        )
    joined = s.op("Concat", *scores, name="join")
    return s.op("Sigmoid", s.conv(f"{net}Combine.0", joined, padding=0), name="output")


ARCHITECTURE = Architecture(
    "hed",
    "HED edges",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    mean=(104.00698793, 116.66876762, 122.67891434),
    order="bgr",
)
