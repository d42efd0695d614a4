"""The ResNet (K. He et al. 2016) that many networks begin with, as torchvision names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Sketch


def resnet(s: Sketch, at: str, x: str, *, dilated: bool = False, pooled: bool = True) -> list[str]:
    """Its maps: of the first convolution, and of each of the four groups of blocks.

    Args:
        s: the sketch.
        at: what its names begin with, "backbone.".
        x: the picture.
        dilated: whether the last two groups look further instead of being smaller, as in networks of segmentation.
        pooled: whether a pooling follows the first convolution.
    """
    x = s.relu(s.norm(f"{at}bn1", s.conv(f"{at}conv1", x, stride=2)))
    maps = [x]
    if pooled:
        x = s.op("MaxPool2d", x, name=f"{at}maxpool", kernel_size=3, stride=2, padding=1)
    spread = 1
    for group in range(1, 5):
        stride, before = (1 if group == 1 else 2), spread
        if dilated and group > 2:
            stride, spread = 1, spread * 2
        number = 0
        while s.has(f"{at}layer{group}.{number}.conv1.weight"):
            name = f"{at}layer{group}.{number}"
            # The first block of a group looks as far as those before it.
            x = block(s, name, x, stride if number == 0 else 1, before if number == 0 else spread)
            number += 1
        maps.append(x)
    return maps


def block(s: Sketch, at: str, x: str, stride: int, spread: int) -> str:
    """Two convolutions, or three of which the middle one is wide."""
    wide = 2 if s.has(f"{at}.conv3.weight") else 1
    y = x
    for k in range(1, 4):
        if not s.has(f"{at}.conv{k}.weight"):
            continue
        step = stride if k == wide else 1
        far = {"dilation": (spread, spread), "padding_mode": "zeros"}
        border = spread if s.shape(f"{at}.conv{k}.weight")[2] > 1 else 0
        y = s.conv(f"{at}.conv{k}", y, stride=step, padding=border, **(far if border else {}))
        y = s.norm(f"{at}.bn{k}", y)
        y = s.relu(y) if s.has(f"{at}.conv{k + 1}.weight") else y
    skip = x
    if s.has(f"{at}.downsample.0.weight"):
        skip = s.norm(f"{at}.downsample.1", s.conv(f"{at}.downsample.0", x, stride=stride))
    return s.relu(s.op("Add", y, skip, name=f"{at}.add"))


def conv_norm(s: Sketch, at: str, x: str, *, conv: str = "0", norm: str = "1", stride: int = 1, far: int = 1) -> str:
    """A convolution, its norm and ReLU in a row."""
    border = far if s.shape(f"{at}.{conv}.weight")[2] > 1 else 0
    more = {"dilation": (far, far)} if far > 1 else {}
    border = border * (s.shape(f"{at}.{conv}.weight")[2] // 2)
    return s.relu(s.norm(f"{at}.{norm}", s.conv(f"{at}.{conv}", x, stride=stride, padding=border, **more)))
