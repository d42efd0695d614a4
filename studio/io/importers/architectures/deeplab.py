"""Segmentation by DeepLabV3 (L.-C. Chen et al. 2017) and FCN (J. Long et al. 2015) on ResNets of torchvision."""

from __future__ import annotations

from studio.io.importers.architectures._resnet import conv_norm, resnet
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_FAR = (12, 24, 36)


def _matches(tensors: Tensors) -> bool:
    return {"backbone.conv1.weight", "backbone.layer4.0.conv1.weight", "classifier.4.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("backbone.conv1"))
    return classified(s, resnet(s, "backbone.", picture, dilated=True)[-1], picture)


def classified(s: Sketch, x: str, picture: str) -> str:
    """The head of either: of what each place is, how likely it is."""
    if s.has("classifier.0.convs.0.0.weight"):
        x = _pyramid(s, "classifier.0", x)
        x = conv_norm(s, "classifier", x, conv="1", norm="2")
    else:
        x = conv_norm(s, "classifier", x)
    x = s.conv("classifier.4", x)
    x = s.op("UpsampleLike", x, picture, name="up", mode="bilinear", align_corners=False)
    # A second head helps training alone.
    s.used |= {name for name in s.tensors if name.startswith("aux_classifier.")}
    return s.op("Softmax2d", x, name="output")


def _pyramid(s: Sketch, at: str, x: str) -> str:
    """What lies around, at several distances, and the mean of all."""
    parts = [conv_norm(s, f"{at}.convs.0", x)]
    for k, far in enumerate(_FAR, 1):
        parts.append(conv_norm(s, f"{at}.convs.{k}", x, far=far))
    mean = s.op("Mean", x, name=f"{at}.convs.4.0", dim="space")
    mean = conv_norm(s, f"{at}.convs.4", mean, conv="1", norm="2")
    parts.append(s.op("UpsampleLike", mean, x, name=f"{at}.spread", mode="bilinear", align_corners=False))
    return conv_norm(s, f"{at}.project", s.op("Concat", *parts, name=f"{at}.join"))


ARCHITECTURE = Architecture(
    "deeplab",
    "DeepLabV3 and FCN segmentation",
    _matches,
    _build,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
