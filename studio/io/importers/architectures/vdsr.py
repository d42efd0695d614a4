"""Super-resolution by VDSR (J. Kim et al. 2016), as twtygqyy names it: it sharpens the luma of an enlarged picture."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"input.weight", "residual_layer.0.conv.weight", "output.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("input"))
    x, number = s.relu(s.conv("input", picture)), 0
    while s.has(f"residual_layer.{number}.conv.weight"):
        x = s.relu(s.conv(f"residual_layer.{number}.conv", x))
        number += 1
    return s.op("Add", s.conv("output", x), picture, name="add")


ARCHITECTURE = Architecture("vdsr", "VDSR sharpening of enlarged pictures", _matches, _build, colour="input")
