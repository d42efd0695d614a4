"""Style transfer in blocks (ConvBlock, ResidualBlock, DeconvBlock), as a well-known PyTorch version names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"ConvBlock.0.conv_layer.weight", "ResidualBlock.0.conv1.conv_layer.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = reducing(s)
    k = 0
    while s.has(f"ResidualBlock.{k}.conv1.conv_layer.weight"):
        at = f"ResidualBlock.{k}"
        y = padded(s, f"{at}.conv2", s.relu(padded(s, f"{at}.conv1", x)))
        x, k = s.op("Add", y, x, name=f"{at}.add"), k + 1
    x = s.op("Tanh", enlarging(s, x), name="tanh")
    return s.op("Affine", x, name="output", scale=150.0)


def enlarging(s: Sketch, x: str) -> str:
    """The last blocks, up to the picture."""
    k = 0
    while s.has(f"DeconvBlock.{k}.conv_transpose.weight"):
        at = f"DeconvBlock.{k}"
        border = s.shape(f"{at}.conv_transpose.weight")[2] // 2
        up = s.conv_transpose(f"{at}.conv_transpose", x, padding=border, output_padding=1)
        x, k = s.relu(_normed(s, at, up)), k + 2
    return padded(s, f"DeconvBlock.{k}", x)


def reducing(s: Sketch) -> str:
    """From the picture down to the blocks: convolutions, all but the first of stride 2."""
    x = s.input(s.channels("ConvBlock.0.conv_layer"))
    k = 0
    while s.has(f"ConvBlock.{k}.conv_layer.weight"):
        x = s.relu(padded(s, f"ConvBlock.{k}", x, 2 if k else 1))
        k += 2
    return x


def padded(s: Sketch, at: str, x: str, stride: int = 1) -> str:
    """A convolution that reflects at the border, and its norm, where it has one."""
    border = s.shape(f"{at}.conv_layer.weight")[2] // 2
    x = s.op("Pad", x, name=f"{at}.pad", padding=(border,) * 4, mode="reflect") if border else x
    return _normed(s, at, s.conv(f"{at}.conv_layer", x, stride=stride, padding=0))


def _normed(s: Sketch, at: str, x: str) -> str:
    return s.norm(f"{at}.norm_layer", x) if s.has(f"{at}.norm_layer.weight") else x


ARCHITECTURE = Architecture(
    "block-painter",
    "Style transfer in blocks",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    output_range=(0.0, 255.0),
    order="bgr",
)
