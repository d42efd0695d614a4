"""Super-resolution by RFDN (J. Liu et al. 2020), as its authors name it."""

from __future__ import annotations

from studio.io.importers.architectures._distilled import distil, enlarged, joined, spatial_attention
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"B1.c1_d.weight", "B1.esa.conv_max.weight", "LR_conv.weight", "upsampler.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    channels = s.channels("fea_conv")
    x = start = s.conv("fea_conv", s.input(channels))
    parts: list[str] = []
    while s.has(f"B{len(parts) + 1}.c1_d.weight"):
        at = f"B{len(parts) + 1}"
        x = spatial_attention(s, f"{at}.esa", distil(s, at, x))
        parts.append(x)
    return enlarged(s, "upsampler.0", joined(s, start, parts), channels)


ARCHITECTURE = Architecture("rfdn", "RFDN super-resolution", _matches, _build, size=Size(64, 64))
