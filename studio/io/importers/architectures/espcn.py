"""Super-resolution by sub-pixel convolution: ESPCN (W. Shi et al. 2016), as its best-known PyTorch versions name it."""

from __future__ import annotations

import math

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    names = _layers(tensors)
    if not names or len(tensors) != 2 * len(names):
        return False
    # As many channels out as in enlarge nothing: that is SRCNN, whose layers have the same names.
    first, last = (tensors[f"{name}.weight"].values.shape for name in (names[0], names[-1]))
    return len(first) == 4 and first[1] != last[0]


def _layers(tensors: Tensors) -> list[str]:
    """pytorch/examples and its descendants: conv1 to conv4 (conv3); yjn870: first_part and last_part."""
    for names in (
        ["conv1", "conv2", "conv3", "conv4"],
        ["conv1", "conv2", "conv3"],
        ["first_part.0", "first_part.2", "last_part.0"],
    ):
        if {f"{name}.weight" for name in names} == {name for name in tensors if name.endswith(".weight")}:
            return names
    return []


def _build(s: Sketch) -> str:
    names = _layers(s.tensors)
    x = s.input(s.channels(names[0]))
    act = "ReLU" if len(names) == 4 else "Tanh"
    for name in names:
        x = s.conv(name, x)
        if name != names[-1]:
            x = s.op(act, x)
    factor = math.isqrt(s.draft.shapes[x].channels // s.channels(names[0]))
    return s.op("PixelShuffle", x, name="pixel_shuffle", upscale_factor=factor)


ARCHITECTURE = Architecture("espcn", "ESPCN super-resolution", _matches, _build, size=Size(64, 64), colour="input")
