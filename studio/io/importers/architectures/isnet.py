"""IS-Net (X. Qin et al. 2022), as its authors and RMBG-1.4 name it: the stages of U²-Net behind a first convolution."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.u2net import like, stage
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    wanted = {"conv_in.weight", "stage1.rebnconvin.conv_s1.weight", "stage5d.rebnconvin.conv_s1.weight", "side1.weight"}
    return wanted <= tensors.keys() and "outconv.weight" not in tensors


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("conv_in"))
    x = s.conv("conv_in", picture, stride=2)
    stages = []
    for k in range(1, 7):
        x = stage(s, f"stage{k}", x)
        stages.append(x)
        if k < 6:
            x = s.op("MaxPool2d", x, name=f"pool{k}{k + 1}", kernel_size=2, stride=2, ceil_mode=True)
    for k in range(5, 0, -1):
        up = like(s, x, stages[k - 1], f"stage{k}d.up")
        x = stage(s, f"stage{k}d", s.op("Concat", up, stages[k - 1], name=f"stage{k}d.join"))
    # The masks of the other sides help training alone.
    s.used |= {f"side{k}.{key}" for k in range(2, 7) for key in ("weight", "bias")} & s.tensors.keys()
    return s.op("Sigmoid", like(s, s.conv("side1", x), picture, "side1.up"), name="output")


ARCHITECTURE = Architecture(
    "isnet",
    "IS-Net mask of what stands in front",
    _matches,
    _build,
    size=Size(320, 320),
    mean=(0.5, 0.5, 0.5),
    std=(1.0, 1.0, 1.0),
)
