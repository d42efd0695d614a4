"""FFDNet (K. Zhang et al. 2018), as KAIR names it: it is told how strong the noise is."""

from __future__ import annotations

from studio.io.importers.architectures._row import kernels, ran
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_LEVEL = 15 / 255


def _matches(tensors: Tensors) -> bool:
    places = kernels(tensors, "model")
    if not places or places[0] != 0:
        return False
    ins, outs = tensors["model.0.weight"].values.shape[1], tensors[f"model.{places[-1]}.weight"].values.shape[0]
    return ins == outs + 1 and outs in (4, 12)


def _build(s: Sketch) -> str:
    x = s.op("PixelUnshuffle", s.input(s.channels("model.0") // 4), name="unshuffle", downscale_factor=2)
    one = s.op("SliceChannels", x, name="one", start=0, end=1)
    level = s.op("Affine", one, name="noise_level", scale=0.0, shift=_LEVEL)
    x = ran(s, "model", kernels(s.tensors, "model"), s.op("Concat", x, level, name="told"))
    s.draft.notes.append(
        'It is told of noise of 15 levels of 255; the number "shift" of its layer "noise_level" is that.'
    )
    return s.op("PixelShuffle", x, name="output", upscale_factor=2)


ARCHITECTURE = Architecture("ffdnet", "FFDNet denoiser", _matches, _build, colour="input")
