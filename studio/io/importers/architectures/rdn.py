"""Super-resolution by RDN (Y. Zhang et al. 2018), as yjn870 names it."""

from __future__ import annotations

import math

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"sfe1.weight", "sfe2.weight", "rdbs.0.lff.weight", "gff.1.weight", "upscale.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    start = s.conv("sfe1", s.input(s.channels("sfe1")))
    x = s.conv("sfe2", start)
    kept: list[str] = []
    while s.has(f"rdbs.{len(kept)}.lff.weight"):
        x = _block(s, f"rdbs.{len(kept)}", x)
        kept.append(x)
    x = s.conv("gff.1", s.conv("gff.0", s.op("Concat", *kept, name="join")))
    x, place = s.op("Add", x, start, name="add"), 0
    wide = s.draft.shapes[x].channels
    while s.has(f"upscale.{place}.weight"):
        x = s.conv(f"upscale.{place}", x)
        factor = math.isqrt(s.draft.shapes[x].channels // wide)
        x = s.op("PixelShuffle", x, name=f"upscale.{place + 1}", upscale_factor=factor)
        place += 2
    return s.conv("output", x)


def _block(s: Sketch, at: str, x: str) -> str:
    y, number = x, 0
    while s.has(f"{at}.layers.{number}.conv.weight"):
        name = f"{at}.layers.{number}"
        y = s.op("Concat", y, s.relu(s.conv(f"{name}.conv", y)), name=f"{name}.join")
        number += 1
    return s.op("Add", x, s.conv(f"{at}.lff", y), name=f"{at}.add")


ARCHITECTURE = Architecture("rdn", "RDN super-resolution", _matches, _build, size=Size(64, 64))
