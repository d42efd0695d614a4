"""DnCNN (K. Zhang et al. 2017), as SaoYan names it; KAIR's is one that spandrel knows."""

from __future__ import annotations

from studio.io.importers.architectures._row import kernels, ran
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return "dncnn.0.weight" in tensors and bool(kernels(tensors, "dncnn"))


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("dncnn.0"))
    return s.op("Sub", picture, ran(s, "dncnn", kernels(s.tensors, "dncnn"), picture), name="clean")


ARCHITECTURE = Architecture("dncnn", "DnCNN denoiser", _matches, _build, colour="input")
