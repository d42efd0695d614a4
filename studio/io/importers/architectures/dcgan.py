"""The generator of DCGAN (A. Radford et al. 2015), as pytorch/examples names it; it is fed a vector."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    first = tensors.get("main.0.weight")
    return first is not None and first.values.ndim == 4 and {"main.1.running_mean", "main.3.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.input(s.shape("main.0.weight")[0])
    k = 0
    while s.has(f"main.{k}.weight"):
        x = s.conv_transpose(f"main.{k}", x, stride=2 if k else 1, padding=1 if k else 0)
        if s.has(f"main.{k + 1}.weight"):
            x = s.relu(s.norm(f"main.{k + 1}", x))
        k += 3
    return s.op("Tanh", x, name="output")


ARCHITECTURE = Architecture(
    "dcgan", "DCGAN generator", _matches, _build, size=(1, 1), input_range=(-3.0, 3.0), output_range=(-1.0, 1.0)
)
