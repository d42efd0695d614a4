"""Super-resolution of an enlarged picture: SRCNN (C. Dong et al., "Image super-resolution using deep CNNs", 2014)."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_NAMES = ("conv1", "conv2", "conv3")


def _matches(tensors: Tensors) -> bool:
    if set(tensors) != {f"{name}.{key}" for name in _NAMES for key in ("weight", "bias")}:
        return False
    first, last = tensors["conv1.weight"].values.shape, tensors["conv3.weight"].values.shape
    return len(first) == 4 and len(last) == 4 and first[1] == last[0]


def _build(s: Sketch) -> str:
    x = s.input(s.channels("conv1"))
    for name in _NAMES[:-1]:
        x = s.relu(s.conv(name, x))
    return s.conv(_NAMES[-1], x)


ARCHITECTURE = Architecture("srcnn", "SRCNN super-resolution", _matches, _build, size=Size(64, 64), colour="input")
