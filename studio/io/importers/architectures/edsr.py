"""Super-resolution by EDSR (B. Lim et al. 2017), as its authors' PyTorch version names it."""

from __future__ import annotations

import math

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

# The large version scales what its blocks add; the file does not say so.
_LARGE = 256
_SCALE = 0.1


def _matches(tensors: Tensors) -> bool:
    return {"head.0.weight", "body.0.body.0.weight", "body.0.body.2.weight", "tail.0.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    channels = s.channels("head.0")
    x = s.input(channels)
    x = s.conv("sub_mean", x) if s.has("sub_mean.weight") else x
    x = start = s.conv("head.0", x)
    wide, number = s.draft.shapes[x].channels, 0
    while s.has(f"body.{number}.body.0.weight"):
        at = f"body.{number}"
        y = s.conv(f"{at}.body.2", s.relu(s.conv(f"{at}.body.0", x)))
        if wide >= _LARGE:
            y = s.op("Affine", y, name=f"{at}.scale", scale=_SCALE)
        x, number = s.op("Add", y, x, name=f"{at}.add"), number + 1
    x = s.op("Add", s.conv(f"body.{number}", x), start, name="add")
    step = 0
    while s.has(f"tail.0.{step}.weight"):
        x = s.conv(f"tail.0.{step}", x)
        factor = math.isqrt(s.draft.shapes[x].channels // wide)
        x = s.op("PixelShuffle", x, name=f"tail.0.{step + 1}", upscale_factor=factor)
        step += 2
    x = s.conv("tail.1", x)
    return s.conv("add_mean", x) if s.has("add_mean.weight") else x


ARCHITECTURE = Architecture(
    "edsr",
    "EDSR super-resolution",
    _matches,
    _build,
    size=Size(64, 64),
    input_range=(0.0, 255.0),
    output_range=(0.0, 255.0),
)
