"""The generator of SRGAN (C. Ledig et al. 2017) as courses name it: aladdinpersson's and eriklindernoren's."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_PERSSON = {"initial.cnn.weight", "residuals.0.block1.cnn.weight", "convblock.cnn.weight", "upsamples.0.conv.weight"}
_LINDERNOREN = {
    "conv1.0.weight",
    "res_blocks.0.conv_block.0.weight",
    "conv2.0.weight",
    "upsampling.0.weight",
    "conv3.0.weight",
}


def _matches(tensors: Tensors) -> bool:
    return tensors.keys() >= _PERSSON or tensors.keys() >= _LINDERNOREN


def _build(s: Sketch) -> str:
    return _persson(s) if s.has("initial.cnn.weight") else _lindernoren(s)


def _persson(s: Sketch) -> str:
    x = start = s.prelu("initial.act", s.conv("initial.cnn", s.input(s.channels("initial.cnn"))))
    k = 0
    while s.has(f"residuals.{k}.block1.cnn.weight"):
        at = f"residuals.{k}"
        y = s.prelu(f"{at}.block1.act", _normed(s, f"{at}.block1", x))
        x, k = s.op("Add", x, _normed(s, f"{at}.block2", y), name=f"{at}.add"), k + 1
    x, k = s.op("Add", _normed(s, "convblock", x), start, name="add"), 0
    while s.has(f"upsamples.{k}.conv.weight"):
        x = s.conv(f"upsamples.{k}.conv", x)
        x = s.prelu(f"upsamples.{k}.act", s.op("PixelShuffle", x, name=f"upsamples.{k}.ps", upscale_factor=2))
        k += 1
    return s.op("Tanh", s.conv("final", x), name="output")


def _normed(s: Sketch, at: str, x: str) -> str:
    return s.norm(f"{at}.bn", s.conv(f"{at}.cnn", x))


def _lindernoren(s: Sketch) -> str:
    x = start = s.prelu("conv1.1", s.conv("conv1.0", s.input(s.channels("conv1.0"))))
    k = 0
    while s.has(f"res_blocks.{k}.conv_block.0.weight"):
        at = f"res_blocks.{k}.conv_block"
        # Its norms are given 0.8 where their epsilon stands.
        y = s.prelu(f"{at}.2", s.norm(f"{at}.1", s.conv(f"{at}.0", x), eps=_EPS))
        x, k = s.op("Add", x, s.norm(f"{at}.4", s.conv(f"{at}.3", y), eps=_EPS), name=f"{at}.add"), k + 1
    y = s.norm("conv2.1", s.conv("conv2.0", x), eps=_EPS)
    x, k = s.op("Add", start, y, name="add"), 0
    while s.has(f"upsampling.{k}.weight"):
        x = s.norm(f"upsampling.{k + 1}", s.conv(f"upsampling.{k}", x))
        x = s.op("PixelShuffle", x, name=f"upsampling.{k + 2}", upscale_factor=2)
        x, k = s.prelu(f"upsampling.{k + 3}", x), k + 4
    return s.op("Tanh", s.conv("conv3.0", x), name="output")


_EPS = 0.8

ARCHITECTURE = Architecture(
    "tutorial-srgan",
    "SRGAN super-resolution of courses",
    _matches,
    _build,
    size=Size(64, 64),
    output_range=(-1.0, 1.0),
)
