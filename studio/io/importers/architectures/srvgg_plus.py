"""Super-resolution of Autolume: SRVGG with residual activations, all of them one PReLU."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.srvgg import upscaled
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"conv1.weight", "act1.weight", "conv2.weight", "l_conv1.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("conv1"))
    x = s.prelu("act1", s.conv("conv1", picture))
    k = 2
    while s.has(f"conv{k}.weight"):
        x = s.prelu(f"act{k}", s.op("Add", x, s.conv(f"conv{k}", x), name=f"add{k}"))
        k += 1
    return upscaled(s, s.prelu(f"act{k}", s.conv("l_conv1", x)), picture)


ARCHITECTURE = Architecture("srvgg-plus", "SRVGG super-resolution of Autolume", _matches, _build, size=Size(64, 64))
