"""Segmentation on a MobileNetV3 (A. Howard et al. 2019) of torchvision: LR-ASPP, and DeepLabV3."""

from __future__ import annotations

from studio.io.importers.architectures._resnet import conv_norm
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.deeplab import classified
from studio.io.importers.architectures.u2net import like

_NORM = {"eps": 1e-3, "momentum": 0.01}
_LOW, _HIGH = 4, 16
"""The blocks whose maps LR-ASPP reads."""


_STRIDES = {2: 2, 4: 2, 7: 2}
_FIRST_HARD = 7  # blocks from here on have Hardswish, those before ReLU
_FIRST_FAR = 13  # where others would halve, it looks twice as far


def _matches(tensors: Tensors) -> bool:
    heads = {"classifier.low_classifier.weight", "classifier.4.weight"} & tensors.keys()
    body = {"backbone.0.0.weight", "backbone.15.block.0.0.weight", "backbone.16.0.weight"}
    return bool(heads) and body <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("backbone.0.0"))
    x = low = row(s, "backbone.0", picture, "Hardswish", stride=2)
    for k in range(1, _HIGH):
        x = inverted(s, "backbone", k, x)
        low = x if k == _LOW else low
    x = row(s, f"backbone.{_HIGH}", x, "Hardswish")
    if s.has("classifier.4.weight"):
        return classified(s, x, picture)
    wide = conv_norm(s, "classifier.cbr", x)
    mean = s.op("Mean", x, name="classifier.scale.0", dim="space")
    shares = s.op("Sigmoid", s.conv("classifier.scale.1", mean), name="classifier.scale.2")
    x = like(s, s.op("Mul", wide, shares, name="classifier.scaled"), low, "classifier.up")
    low, high = s.conv("classifier.low_classifier", low), s.conv("classifier.high_classifier", x)
    x = like(s, s.op("Add", low, high, name="classifier.add"), picture, "up")
    return s.op("Softmax2d", x, name="output")


def inverted(s: Sketch, at: str, k: int, x: str) -> str:
    """To more channels, each by itself, weighed by their means, and to few again."""
    at, start, stride = f"{at}.{k}.block", x, _STRIDES.get(k, 1)
    curve = "Hardswish" if k >= _FIRST_HARD else "ReLU"
    parts = [n for n in range(4) if s.has(f"{at}.{n}.0.weight") or s.has(f"{at}.{n}.fc1.weight")]
    for n in parts:
        if s.has(f"{at}.{n}.fc1.weight"):
            mean = s.op("Mean", x, name=f"{at}.{n}.avgpool", dim="space")
            shares = s.conv(f"{at}.{n}.fc2", s.relu(s.conv(f"{at}.{n}.fc1", mean)))
            shares = s.op("Hardsigmoid", shares, name=f"{at}.{n}.scale_activation")
            x = s.op("Mul", x, shares, name=f"{at}.{n}.scaled")
        elif n == parts[-1]:
            x = s.norm(f"{at}.{n}.1", s.conv(f"{at}.{n}.0", x), **_NORM)
        else:
            own = s.shape(f"{at}.{n}.0.weight")[1] == 1
            x = row(s, f"{at}.{n}", x, curve, stride=stride if own else 1, far=2 if own and k >= _FIRST_FAR else 1)
    same = stride == 1 and s.draft.shapes[x].channels == s.draft.shapes[start].channels
    return s.op("Add", x, start, name=f"{at}.add") if same else x


def row(s: Sketch, at: str, x: str, curve: str, *, stride: int = 1, far: int = 1) -> str:
    """A convolution, its norm and its curve."""
    border = s.shape(f"{at}.0.weight")[2] // 2 * far
    x = s.norm(f"{at}.1", s.conv(f"{at}.0", x, stride=stride, padding=border, dilation=(far, far)), **_NORM)
    return s.op(curve, x, name=f"{at}.2")


ARCHITECTURE = Architecture(
    "mobile-masks",
    "LR-ASPP and DeepLabV3 on MobileNetV3",
    _matches,
    _build,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
