"""The ResNet generator of CycleGAN (J.-Y. Zhu et al. 2017), as pytorch-CycleGAN-and-pix2pix names it."""

from __future__ import annotations

import re

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    blocks = any(re.fullmatch(r"model\.\d+\.conv_block\.1\.weight", name) for name in tensors)
    return blocks and {"model.1.weight", "model.4.weight", "model.7.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.pad(s.input(s.channels("model.1")), 3)
    x = s.relu(s.norm("model.2", s.conv("model.1", x, padding=0)))
    k = 4
    while s.has(f"model.{k}.weight"):
        x = s.relu(s.norm(f"model.{k + 1}", s.conv(f"model.{k}", x, stride=2, padding=1)))
        k += 3
    while s.has(f"model.{k}.conv_block.1.weight"):
        x = block(s, f"model.{k}", x)
        k += 1
    while s.has(f"model.{k + 3}.weight") or s.has(f"model.{k + 4}.weight"):
        up = s.conv_transpose(f"model.{k}", x, output_padding=1)
        x = s.relu(s.norm(f"model.{k + 1}", up))
        k += 3
    return s.op("Tanh", s.conv(f"model.{k + 1}", s.pad(x, 3), padding=0), name="output")


def block(s: Sketch, at: str, x: str) -> str:
    """A residual block: two convolutions of 3 × 3, each behind a reflected border."""
    # With dropout between, the second convolution stands one further on.
    second = 6 if s.has(f"{at}.conv_block.6.weight") and len(s.shape(f"{at}.conv_block.6.weight")) == 4 else 5
    y = s.conv(f"{at}.conv_block.1", s.pad(x, 1), padding=0)
    y = s.relu(s.norm(f"{at}.conv_block.2", y))
    y = s.conv(f"{at}.conv_block.{second}", s.pad(y, 1), padding=0)
    return s.op("Add", x, s.norm(f"{at}.conv_block.{second + 1}", y), name=f"{at}.add")


ARCHITECTURE = Architecture(
    "cyclegan", "CycleGAN ResNet generator", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
