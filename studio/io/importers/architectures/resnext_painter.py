"""Style transfer by ResNeXt or dense blocks, as a well-known PyTorch version names them."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.architectures.block_painter import enlarging, padded, reducing


def _matches(tensors: Tensors) -> bool:
    blocks = {"ResidualBlock.0.conv3.conv_layer.weight"}, {"DenseBlock.1.conv3.conv_layer.weight"}
    return "ConvBlock.0.conv_layer.weight" in tensors and any(block <= tensors.keys() for block in blocks)


def _build(s: Sketch) -> str:
    x = reducing(s)
    k = 0
    while s.has(f"ResidualBlock.{k}.conv1.conv_layer.weight"):
        at = f"ResidualBlock.{k}"
        y = s.relu(padded(s, f"{at}.conv2", s.relu(padded(s, f"{at}.conv1", x))))
        x, k = s.op("Add", padded(s, f"{at}.conv3", y), x, name=f"{at}.add"), k + 1
    if s.has("DenseBlock.0.conv_layer.weight"):
        x = _before(s, "DenseBlock.0", x)
    k = 1
    while s.has(f"DenseBlock.{k}.conv1.conv_layer.weight"):
        at = f"DenseBlock.{k}"
        y = _before(s, f"{at}.conv3", _before(s, f"{at}.conv1", x))
        x, k = s.op("Concat", x, y, name=f"{at}.join"), k + 1
    return enlarging(s, x)


def _before(s: Sketch, at: str, x: str) -> str:
    """Norm and activation first, the convolution behind them."""
    x = s.relu(s.norm(f"{at}.norm_layer", x))
    border = s.shape(f"{at}.conv_layer.weight")[2] // 2
    x = s.op("Pad", x, name=f"{at}.pad", padding=(border,) * 4, mode="reflect") if border else x
    return s.conv(f"{at}.conv_layer", x, padding=0)


ARCHITECTURE = Architecture(
    "resnext-painter",
    "Style transfer by ResNeXt or dense blocks",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    output_range=(0.0, 255.0),
    order="bgr",
)
