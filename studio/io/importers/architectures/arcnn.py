"""ARCNN (C. Dong et al. 2015), as yjn870 names it: pictures without the blocks of JPEG."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {"base.0.weight", "base.1.weight", "base.2.weight", "base.3.weight", "last.weight"}
    return wanted <= tensors.keys() and tensors["base.1.weight"].values.ndim == 1


def _build(s: Sketch) -> str:
    x, place = s.input(s.channels("base.0")), 0
    while s.has(f"base.{place}.weight"):
        name = f"base.{place}"
        # In its faster form a convolution follows another without a curve between.
        x = s.conv(name, x) if len(s.shape(f"{name}.weight")) == 4 else s.prelu(name, x)
        place += 1
    return s.conv("last", x)


ARCHITECTURE = Architecture("arcnn", "ARCNN against the blocks of JPEG", _matches, _build)
