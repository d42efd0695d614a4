"""U-Net on a ResNet, as segmentation_models_pytorch names it."""

from __future__ import annotations

from studio.io.importers.architectures._resnet import conv_norm, resnet
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {"encoder.conv1.weight", "encoder.layer4.0.conv1.weight", "decoder.blocks.0.conv1.0.weight"}
    return wanted | {"segmentation_head.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("encoder.conv1"))
    maps = resnet(s, "encoder.", picture)
    x, skips, number = maps[-1], maps[-2::-1], 0
    while s.has(f"decoder.blocks.{number}.conv1.0.weight"):
        at = f"decoder.blocks.{number}"
        x = s.op("Upsample", x, name=f"{at}.up", scale_factor=2, mode="nearest")
        if number < len(skips):
            x = s.op("Concat", x, skips[number], name=f"{at}.join")
        x = conv_norm(s, f"{at}.conv2", conv_norm(s, f"{at}.conv1", x))
        number += 1
    x = s.conv("segmentation_head.0", x)
    if s.draft.shapes[x].channels == 1:
        return s.op("Sigmoid", x, name="output")
    return s.op("Softmax2d", x, name="output")


ARCHITECTURE = Architecture(
    "smp-unet",
    "U-Net on a ResNet (segmentation_models_pytorch)",
    _matches,
    _build,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
