"""Super-resolution by SRResNet and SRGAN (C. Ledig et al. 2017), as leftthomas and BasicSR name them."""

from __future__ import annotations

import math

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    first = {"block1.0.weight", "block2.conv1.weight", "block2.prelu.weight"} <= tensors.keys()
    second = {"conv_first.weight", "body.0.conv1.weight", "body.0.conv2.weight", "conv_hr.weight", "conv_last.weight"}
    return first or second <= tensors.keys()


def _build(s: Sketch) -> str:
    return _srgan(s) if s.has("block1.0.weight") else _basic(s)


def _srgan(s: Sketch) -> str:
    x = s.input(s.channels("block1.0"))
    x = start = s.prelu("block1.1", s.conv("block1.0", x))
    k = 2
    while s.has(f"block{k}.conv1.weight"):
        at = f"block{k}"
        y = s.prelu(f"{at}.prelu", s.norm(f"{at}.bn1", s.conv(f"{at}.conv1", x)))
        x = s.op("Add", x, s.norm(f"{at}.bn2", s.conv(f"{at}.conv2", y)), name=f"{at}.add")
        k += 1
    x = s.conv(f"block{k}.0", x)
    if s.has(f"block{k}.1.weight"):
        # A norm, in its first version a curve.
        x = s.norm(f"block{k}.1", x) if s.has(f"block{k}.1.running_mean") else s.prelu(f"block{k}.1", x)
    x, number = s.op("Add", start, x, name="add"), 0
    wide = s.draft.shapes[x].channels
    while s.has(f"block{k + 1}.{number}.conv.weight"):
        at = f"block{k + 1}.{number}"
        x = s.conv(f"{at}.conv", x)
        factor = math.isqrt(s.draft.shapes[x].channels // wide)
        x = s.prelu(f"{at}.prelu", s.op("PixelShuffle", x, name=f"{at}.shuffle", upscale_factor=factor))
        number += 1
    x = s.conv(f"block{k + 1}.{number}", x)
    return s.op("Affine", s.op("Tanh", x, name="curve"), name="output", scale=0.5, shift=0.5)


def _basic(s: Sketch) -> str:
    picture = s.input(s.channels("conv_first"))
    x = _sharp(s, s.conv("conv_first", picture), "conv_first.act")
    wide, number, factor = s.draft.shapes[x].channels, 0, 1
    while s.has(f"body.{number}.conv1.weight"):
        at = f"body.{number}"
        y = s.conv(f"{at}.conv2", s.relu(s.conv(f"{at}.conv1", x)))
        x, number = s.op("Add", x, y, name=f"{at}.add"), number + 1
    for step in (1, 2):
        if s.has(f"upconv{step}.weight"):
            x = s.conv(f"upconv{step}", x)
            own = math.isqrt(s.draft.shapes[x].channels // wide)
            x = _sharp(
                s, s.op("PixelShuffle", x, name=f"upconv{step}.shuffle", upscale_factor=own), f"upconv{step}.act"
            )
            factor *= own
    x = s.conv("conv_last", _sharp(s, s.conv("conv_hr", x), "conv_hr.act"))
    base = picture
    if factor > 1:
        base = s.op("Upsample", picture, name="base", scale_factor=factor, mode="bilinear", align_corners=False)
    return s.op("Add", x, base, name="output")


def _sharp(s: Sketch, x: str, name: str) -> str:
    return s.op("LeakyReLU", x, name=name, negative_slope=0.1)


ARCHITECTURE = Architecture("srresnet", "SRResNet and SRGAN super-resolution", _matches, _build, size=Size(64, 64))
