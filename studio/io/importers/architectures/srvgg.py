"""Super-resolution by plain convolutions: SRVGGNetCompact of Real-ESRGAN (X. Wang et al. 2021)."""

from __future__ import annotations

import math

from studio.errors import StudioError
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"body.0.weight", "body.2.weight"} <= tensors.keys() and all(name.startswith("body.") for name in tensors)


def _build(s: Sketch) -> str:
    x = picture = s.input(s.channels("body.0"))
    last = max(int(name.split(".")[1]) for name in s.tensors)
    for k in range(last + 1):
        if not s.has(f"body.{k}.weight"):
            raise StudioError(f"its activation body.{k} has no weights, and which one it is cannot be told")
        x = s.conv(f"body.{k}", x) if len(s.shape(f"body.{k}.weight")) == 4 else s.prelu(f"body.{k}", x)
    return upscaled(s, x, picture)


def upscaled(s: Sketch, x: str, picture: str) -> str:
    """Pixel shuffle, plus the picture itself enlarged by nearest neighbours."""
    channels = s.draft.shapes[picture].channels
    factor = math.isqrt(s.draft.shapes[x].channels // channels)
    x = s.op("PixelShuffle", x, name="upsampler", upscale_factor=factor)
    base = s.op("Upsample", picture, name="base", scale_factor=factor, mode="nearest") if factor > 1 else picture
    return s.op("Add", x, base, name="output")


ARCHITECTURE = Architecture("srvgg", "SRVGG super-resolution", _matches, _build, size=Size(64, 64))
