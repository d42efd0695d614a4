"""IRCNN (K. Zhang et al. 2017), as KAIR names it: it takes off what seven layers find to be noise.

Its file holds 25 networks, for noise of 2, 4, ... 50 levels of 255: "0", "1" ...
"""

from __future__ import annotations

from studio.io.importers.architectures._row import kernels, ran
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_FAR = (1, 2, 3, 4, 3, 2, 1)


def _matches(tensors: Tensors) -> bool:
    places = kernels(tensors, "model")
    if places != list(range(0, 13, 2)) or len(tensors) != 14:
        return False
    ins, outs = tensors["model.0.weight"].values.shape[1], tensors["model.12.weight"].values.shape[0]
    return ins == outs and ins in (1, 3)


def _build(s: Sketch) -> str:
    s.draft.notes.append("Seven convolutions in a row were taken for IRCNN, whose middle ones look further.")
    picture = s.input(s.channels("model.0"))
    return s.op("Sub", picture, ran(s, "model", kernels(s.tensors, "model"), picture, _FAR), name="clean")


ARCHITECTURE = Architecture("ircnn", "IRCNN denoiser", _matches, _build, colour="input")
