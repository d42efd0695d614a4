"""Segmentation by BiSeNet (C. Yu et al. 2018), as zllrunning's parsing of faces and CoinCheung's version name it."""

from __future__ import annotations

from studio.io.importers.architectures._resnet import resnet
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {
        "cp.resnet.conv1.weight",
        "cp.arm16.conv.conv.weight",
        "ffm.convblk.conv.weight",
        "conv_out.conv_out.weight",
    }
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("cp.resnet.conv1"))
    _, _, eighth, sixteenth, last = resnet(s, "cp.resnet.", picture)
    mean = _block(s, "cp.conv_avg", s.op("Mean", last, name="cp.mean", dim="space"))
    x = s.op("UpsampleLike", mean, last, name="cp.avg_up", mode="nearest")
    x = s.op("Add", _attended(s, "cp.arm32", last), x, name="cp.sum32")
    x = _block(s, "cp.conv_head32", s.op("UpsampleLike", x, sixteenth, name="cp.up32", mode="nearest"))
    x = s.op("Add", _attended(s, "cp.arm16", sixteenth), x, name="cp.sum16")
    x = _block(s, "cp.conv_head16", s.op("UpsampleLike", x, eighth, name="cp.up16", mode="nearest"))
    fine = eighth
    if s.has("sp.conv1.conv.weight"):
        fine = picture
        for k, stride in ((1, 2), (2, 2), (3, 2)):
            fine = _block(s, f"sp.conv{k}", fine, stride=stride)
        fine = _block(s, "sp.conv_out", fine)
    x = _block(s, "ffm.convblk", s.op("Concat", fine, x, name="ffm.join"))
    gate = s.relu(s.conv("ffm.conv1", s.op("Mean", x, name="ffm.mean", dim="space")))
    gate = s.op("Sigmoid", s.conv("ffm.conv2", gate), name="ffm.gate")
    x = s.op("Add", s.op("Mul", x, gate, name="ffm.mul"), x, name="ffm.add")
    x = s.conv("conv_out.conv_out", _block(s, "conv_out.conv", x))
    x = s.op("UpsampleLike", x, picture, name="up", mode="bilinear", align_corners=True)
    # Two more heads help training alone.
    s.used |= {name for name in s.tensors if name.startswith(("conv_out16.", "conv_out32."))}
    # The classifier of the ResNet that it was begun with.
    s.used |= {name for name in s.tensors if name.startswith("cp.resnet.fc.")}
    return s.op("Softmax2d", x, name="output")


def _block(s: Sketch, at: str, x: str, *, stride: int = 1) -> str:
    return s.relu(s.norm(f"{at}.bn", s.conv(f"{at}.conv", x, stride=stride)))


def _attended(s: Sketch, at: str, x: str) -> str:
    x = _block(s, f"{at}.conv", x)
    gate = s.conv(f"{at}.conv_atten", s.op("Mean", x, name=f"{at}.mean", dim="space"))
    gate = s.op("Sigmoid", s.norm(f"{at}.bn_atten", gate), name=f"{at}.gate")
    return s.op("Mul", x, gate, name=f"{at}.mul")


ARCHITECTURE = Architecture(
    "bisenet",
    "BiSeNet segmentation, parsing of faces",
    _matches,
    _build,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
