"""CartoonGAN (Y. Chen et al. 2018), as its authors' PyTorch version names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_BLOCKS = range(4, 12)


def _matches(tensors: Tensors) -> bool:
    return {
        "conv01_1.weight",
        "in01_1.scale",
        "conv02_1.weight",
        "deconv01_1.weight",
        "deconv03_1.weight",
    } <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.mirrored("conv01_1", s.input(s.channels("conv01_1")), 3)
    x = s.relu(_normed(s, "in01_1", x))
    for group in (2, 3):
        x = s.conv(f"conv0{group}_1", x, stride=2)
        x = s.relu(_normed(s, f"in0{group}_1", s.conv(f"conv0{group}_2", x)))
    for number in _BLOCKS:
        y = s.mirrored(f"conv{number:02}_1", x, 1)
        y = s.relu(_normed(s, f"in{number:02}_1", y))
        y = _normed(s, f"in{number:02}_2", s.mirrored(f"conv{number:02}_2", y, 1))
        x = s.op("Add", x, y, name=f"add{number:02}")
    for number, name in ((1, "in12_1"), (2, "in13_1")):
        x = s.conv_transpose(f"deconv0{number}_1", x, output_padding=1)
        x = s.relu(_normed(s, name, s.conv(f"deconv0{number}_2", x)))
    x = s.mirrored("deconv03_1", x, 3)
    return s.op("Tanh", x, name="output")


def _normed(s: Sketch, name: str, x: str) -> str:
    """An instance norm by its authors' own words for scale and shift."""
    channels = s.draft.shapes[x].channels
    tensors = {"weight": s.take(f"{name}.scale"), "bias": s.take(f"{name}.shift")}
    return s.draft.add("InstanceNorm2d", x, name=name, tensors=tensors, num_features=channels, eps=1e-9, affine=True)


ARCHITECTURE = Architecture(
    "cartoongan",
    "CartoonGAN generator",
    _matches,
    _build,
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
    order="bgr",
)
