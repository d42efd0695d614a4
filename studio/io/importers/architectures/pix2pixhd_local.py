"""The local enhancer of pix2pixHD (T.-C. Wang et al. 2018): a generator at half the size, and one around it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.cyclegan import block
from studio.model.declared.size import Size


def _matches(tensors: Tensors) -> bool:
    return {"model.1.weight", "model1_1.1.weight", "model1_1.4.weight", "model1_2.0.conv_block.1.weight"} <= (
        tensors.keys()
    )


def _build(s: Sketch) -> str:
    pictures = [s.input(s.channels("model.1"))]
    count = 1
    while s.has(f"model{count + 1}_1.1.weight"):
        count += 1
    for k in range(count):
        half = {"kernel_size": 3, "stride": 2, "padding": (1, 1), "count_include_pad": False}
        pictures.append(s.op("AvgPool2d", pictures[-1], name=f"downsample{k}", **half))
    x, _ = _chain(s, "model", _begun(s, "model", pictures[-1]), 4)
    for k in range(1, count + 1):
        y, _ = _chain(s, f"model{k}_1", _begun(s, f"model{k}_1", pictures[count - k]), 4)
        x, end = _chain(s, f"model{k}_2", s.op("Add", y, x, name=f"model{k}_add"), 0)
        if k == count:
            at = f"model{k}_2.{end + 1}"
            x = s.op("Tanh", s.mirrored(at, x, 3), name="output")
    return x


def _begun(s: Sketch, at: str, x: str) -> str:
    return s.relu(s.norm(f"{at}.2", s.mirrored(f"{at}.1", x, 3)))


def _chain(s: Sketch, at: str, x: str, k: int) -> tuple[str, int]:
    """Smaller, blocks, and larger, as far as the names go; where they end."""
    blocks = False
    while True:
        if s.has(f"{at}.{k}.conv_block.1.weight"):
            x, k, blocks = block(s, f"{at}.{k}", x), k + 1, True
        elif s.has(f"{at}.{k}.weight") and not blocks:
            x = s.relu(s.norm(f"{at}.{k + 1}", s.conv(f"{at}.{k}", x, stride=2, padding=1)))
            k += 3
        elif s.has(f"{at}.{k}.weight"):
            x = s.relu(s.norm(f"{at}.{k + 1}", s.conv_transpose(f"{at}.{k}", x, output_padding=1)))
            k += 3
        else:
            return x, k


ARCHITECTURE = Architecture(
    "pix2pixhd-local",
    "pix2pixHD local enhancer",
    _matches,
    _build,
    size=Size(128, 128),
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
