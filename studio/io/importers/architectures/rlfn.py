"""Super-resolution by RLFN (F. Kong et al. 2022), as its authors name it."""

from __future__ import annotations

from studio.io.importers.architectures._distilled import enlarged, lrelu, spatial_attention
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv_f.weight", "conv_2.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    channels = s.channels("conv_1")
    x = start = s.conv("conv_1", s.input(channels))
    number = 1
    while s.has(f"block_{number}.c1_r.weight"):
        at, y = f"block_{number}", x
        for k in (1, 2, 3):
            y = lrelu(s, s.conv(f"{at}.c{k}_r", y))
        y = s.conv(f"{at}.c5", s.op("Add", y, x, name=f"{at}.add"))
        x = spatial_attention(s, f"{at}.esa", y)
        number += 1
    x = s.op("Add", s.conv("conv_2", x), start, name="add")
    return enlarged(s, "upsampler.0", x, channels)


ARCHITECTURE = Architecture("rlfn", "RLFN super-resolution", _matches, _build, size=Size(64, 64))
