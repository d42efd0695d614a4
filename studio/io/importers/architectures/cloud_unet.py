"""A small U-Net with pooling first and transposed convolutions, as segmentation tutorials write it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"conv1.0.weight", "conv1.1.running_mean", "conv1.3.weight", "upconv1.6.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.input(s.channels("conv1.0"))
    skips = []
    k = 1
    while s.has(f"conv{k}.0.weight"):
        x = s.op("MaxPool2d", _twice(s, f"conv{k}", x), name=f"conv{k}.6", kernel_size=3, stride=2, padding=1)
        skips.append(x)
        k += 1
    for at in range(k - 1, 0, -1):
        x = x if at == k - 1 else s.op("Concat", x, skips[at - 1], name=f"upconv{at}.join")
        x = s.conv_transpose(f"upconv{at}.6", _twice(s, f"upconv{at}", x), output_padding=1)
    return x


def _twice(s: Sketch, at: str, x: str) -> str:
    for k in (0, 3):
        x = s.op("ReLU", s.norm(f"{at}.{k + 1}", s.conv(f"{at}.{k}", x)), name=f"{at}.{k + 2}")
    return x


ARCHITECTURE = Architecture("cloud-unet", "U-Net with pooling", _matches, _build, size=Size(224, 224))
