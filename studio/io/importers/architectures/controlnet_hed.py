"""Edges by HED (S. Xie and Z. Tu 2015), as ControlNet names and runs it: the mean of its sides, not weighed."""

from __future__ import annotations

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"norm", "block1.convs.0.weight", "block5.projection.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("block1.convs.0"))
    # The mean that is taken off a picture is one of its tensors.
    held = s.take("norm")
    mean = Weight(held.values.reshape(-1, 1, 1, 1), held.origin)
    sizes = {"channels": len(mean.values), "height": 1, "width": 1}
    x = s.op("Sub", picture, s.draft.add("GivenMap", picture, name="norm", tensors={"map": mean}, **sizes), name="fed")
    sides = []
    for k in range(1, 6):
        at = f"block{k}"
        x = s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=2, stride=2) if k > 1 else x
        number = 0
        while s.has(f"{at}.convs.{number}.weight"):
            x = s.relu(s.conv(f"{at}.convs.{number}", x))
            number += 1
        side = s.conv(f"{at}.projection", x, padding=0)
        sides.append(s.op("UpsampleLike", side, picture, name=f"{at}.up", mode="bilinear", align_corners=False))
    joined = s.op("Concat", *sides, name="join")
    return s.op("Sigmoid", s.op("Mean", joined, name="mean", dim="channels"), name="output")


ARCHITECTURE = Architecture("controlnet-hed", "HED edges of ControlNet", _matches, _build, input_range=(0.0, 255.0))
