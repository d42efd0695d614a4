"""Super-resolution by FSRCNN (C. Dong et al. 2016), as its best-known PyTorch version names it."""

from __future__ import annotations

from functools import partial

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"first_part.0.weight", "first_part.1.weight", "mid_part.0.weight", "last_part.weight"} <= tensors.keys()


def _build(factor: int, said: bool, s: Sketch) -> str:
    x = s.prelu("first_part.1", s.conv("first_part.0", s.input(s.channels("first_part.0"))))
    k = 0
    while s.has(f"mid_part.{k}.weight"):
        x = s.prelu(f"mid_part.{k + 1}", s.conv(f"mid_part.{k}", x))
        k += 2
    border = s.shape("last_part.weight")[2] // 2
    if not said:
        s.draft.notes.append(
            f"The file does not say by how much it enlarges; {factor} times was taken, --arch fsrcnn-x3 or fsrcnn-x4 "
            "takes another."
        )
    return s.conv_transpose("last_part", x, stride=factor, padding=border, output_padding=factor - 1)


def made(name: str, factor: int, *, said: bool) -> Architecture:
    """The architecture that enlarges so many times; whether its name says so."""
    title = f"FSRCNN super-resolution, {factor} times"
    return Architecture(name, title, _matches, partial(_build, factor, said), size=Size(64, 64), colour="input")


ARCHITECTURE = made("fsrcnn", 2, said=False)
