"""What networks that distil their maps step by step share: IMDN, RFDN and RLFN."""

from __future__ import annotations

import math

from studio.io.importers.architectures.base import Sketch


def lrelu(s: Sketch, x: str) -> str:
    """LeakyReLU with their slope."""
    return s.op("LeakyReLU", x, negative_slope=0.05)


def distil(s: Sketch, at: str, x: str) -> str:
    """Three steps, each of which hands on a part and works on the rest; and the fourth (RFDN)."""
    parts = []
    for k in (1, 2, 3):
        parts.append(lrelu(s, s.conv(f"{at}.c{k}_d", x)))
        x = lrelu(s, s.op("Add", s.conv(f"{at}.c{k}_r", x), x, name=f"{at}.add{k}"))
    parts.append(lrelu(s, s.conv(f"{at}.c4", x)))
    return s.conv(f"{at}.c5", s.op("Concat", *parts, name=f"{at}.join"))


def spatial_attention(s: Sketch, at: str, x: str) -> str:
    """A map times what a small picture of it says of each place."""
    narrow = s.conv(f"{at}.conv1", x)
    y = s.op("MaxPool2d", s.conv(f"{at}.conv2", narrow, stride=2, padding=0), kernel_size=7, stride=3)
    if s.has(f"{at}.conv_max.weight"):
        y = s.relu(s.conv(f"{at}.conv3", s.relu(s.conv(f"{at}.conv_max", y))))
        y = s.conv(f"{at}.conv3_", y)
    else:
        y = s.conv(f"{at}.conv3", y)
    y = s.op("UpsampleLike", y, x, name=f"{at}.up", mode="bilinear", align_corners=False)
    y = s.conv(f"{at}.conv4", s.op("Add", y, s.conv(f"{at}.conv_f", narrow), name=f"{at}.add"))
    return s.op("Mul", x, s.op("Sigmoid", y, name=f"{at}.sigmoid"), name=f"{at}.mul")


def enlarged(s: Sketch, at: str, x: str, channels: int) -> str:
    """A convolution and PixelShuffle, to as many channels as the picture has."""
    y = s.conv(at, x)
    factor = math.isqrt(s.draft.shapes[y].channels // channels)
    return s.op("PixelShuffle", y, name="pixel_shuffle", upscale_factor=factor)


def joined(s: Sketch, first: str, parts: list[str]) -> str:
    """The maps of all blocks behind each other, taken together, and what they began with."""
    y = lrelu(s, s.conv("c.0", s.op("Concat", *parts, name="join")))
    return s.op("Add", s.conv("LR_conv", y), first, name="add")
