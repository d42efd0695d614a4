"""The ResNet generator of CUT (T. Park et al. 2020), which blurs where it makes smaller, as its authors name it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.cyclegan import block


def _matches(tensors: Tensors) -> bool:
    return {"model.1.weight", "model.4.weight", "model.7.filt"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.pad(s.input(s.channels("model.1")), 3)
    x = s.relu(s.norm("model.2", s.conv("model.1", x, padding=0)))
    k = 4
    while s.has(f"model.{k + 3}.filt"):
        x = s.relu(s.norm(f"model.{k + 1}", s.conv(f"model.{k}", x)))
        x = _smaller(s, f"model.{k + 3}", x)
        k += 4
    while s.has(f"model.{k}.conv_block.1.weight"):
        x = block(s, f"model.{k}", x)
        k += 1
    while not s.has(f"model.{k + 1}.weight") or len(s.shape(f"model.{k + 1}.weight")) != 4 or _goes_up(s, k):
        if s.has(f"model.{k}.filt"):
            x = _larger(s, f"model.{k}", x)
            x = s.relu(s.norm(f"model.{k + 2}", s.conv(f"model.{k + 1}", x)))
            k += 4
        else:
            up = s.conv_transpose(f"model.{k}", x, output_padding=1)
            x = s.relu(s.norm(f"model.{k + 1}", up))
            k += 3
    return s.op("Tanh", s.mirrored(f"model.{k + 1}", x, 3), name="output")


def _goes_up(s: Sketch, k: int) -> bool:
    return s.has(f"model.{k}.filt") or s.has(f"model.{k}.weight")


def _kernel(s: Sketch, at: str) -> dict[str, object]:
    channels, _, high, wide = s.shape(f"{at}.filt")
    sizes = {"in_channels": channels, "out_channels": channels, "kernel_size": (high, wide), "groups": channels}
    return {**sizes, "stride": (2, 2), "bias": False}


def _smaller(s: Sketch, at: str, x: str) -> str:
    """A blur at every other pixel."""
    _, _, high, _ = s.shape(f"{at}.filt")
    before, behind = (high - 1) // 2, high // 2
    x = s.op("Pad", x, name=f"{at}.pad", padding=(before, behind, before, behind), mode="reflect")
    return s.draft.add("Conv2d", x, name=at, tensors={"weight": s.take(f"{at}.filt")}, **_kernel(s, at))


def _larger(s: Sketch, at: str, x: str) -> str:
    """Twice as large, and blurred; its border is cut off."""
    _, _, high, _ = s.shape(f"{at}.filt")
    x = s.op("Pad", x, name=f"{at}.pad", padding=(1, 1, 1, 1), mode="replicate")
    border = 1 + (high - 1) // 2
    tensors = {"weight": s.take(f"{at}.filt")}
    x = s.draft.add("ConvTranspose2d", x, name=at, tensors=tensors, padding=(border, border), **_kernel(s, at))
    rest = 1 - high % 2
    return s.op("Crop", x, name=f"{at}.crop", left=1, top=1, right=rest, bottom=rest)


ARCHITECTURE = Architecture(
    "cut", "CUT ResNet generator", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
