"""Edges by RCF (Y. Liu et al. 2017), as its authors' PyTorch version names it."""

from __future__ import annotations

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

# Of stages 2 to 5: the kernel by which a score is enlarged, its step, and what is cut off it then.
_ENLARGED = ((4, 2, 1), (8, 4, 2), (16, 8, 4), (16, 8, 0))


def _matches(tensors: Tensors) -> bool:
    return {"conv1_1.weight", "conv5_3_down.weight", "score_dsn5.weight", "score_fuse.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.input(s.channels("conv1_1"))
    scores = []
    for stage in range(1, 6):
        if stage > 1:
            x = s.op(
                "MaxPool2d", x, name=f"pool{stage - 1}", kernel_size=2, stride=2 if stage < 5 else 1, ceil_mode=True
            )
        told, k = [], 1
        while s.has(f"conv{stage}_{k}.weight"):
            at, wide = f"conv{stage}_{k}", 2 if stage == 5 else 1
            x = s.relu(s.conv(at, x, padding=wide, dilation=(wide, wide)))
            told.append(s.conv(f"{at}_down", x))
            k += 1
        total = told[0]
        for number, other in enumerate(told[1:], 2):
            total = s.op("Add", total, other, name=f"down{stage}_{number}")
        score = s.conv(f"score_dsn{stage}", total)
        scores.append(score if stage == 1 else _enlarged(s, f"deconv{stage}", score, *_ENLARGED[stage - 2]))
    fused = s.conv("score_fuse", s.op("Concat", *scores, name="join"))
    return s.op("Sigmoid", fused, name="output")


def _enlarged(s: Sketch, at: str, x: str, kernel: int, step: int, cut: int) -> str:
    """Bilinear, by a transposed convolution whose weights no file holds; cut back to the picture."""
    line = 1 - np.abs(np.arange(kernel) - (kernel / 2 - 0.5)) / (kernel // 2)
    weight = Weight(np.outer(line, line).astype(np.float32)[None, None])
    sizes = {"in_channels": 1, "out_channels": 1, "kernel_size": (kernel, kernel), "stride": (step, step)}
    x = s.draft.add("ConvTranspose2d", x, name=at, tensors={"weight": weight}, bias=False, **sizes)
    return s.op("Crop", x, name=f"{at}.crop", left=cut, right=cut, top=cut, bottom=cut) if cut else x


ARCHITECTURE = Architecture(
    "rcf",
    "RCF edges",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    mean=(104.00698793, 116.66876762, 122.67891434),
    order="bgr",
)
