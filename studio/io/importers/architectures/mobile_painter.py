"""Style transfer by a network of narrow bottlenecks, as MobileNets have them (fast-style transfer for phones)."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"conv1.weight", "in1.weight", "conv2.in3.weight", "res1.conv3.weight", "upconv1.conv1.conv2.weight"} <= (
        tensors.keys()
    )


def _build(s: Sketch) -> str:
    x = s.relu(s.instance_norm("in1", s.conv("conv1", _padded(s, "conv1", s.input(s.channels("conv1"))), padding=0)))
    k = 2
    while s.has(f"conv{k}.conv1.weight"):
        x = _bottleneck(s, f"conv{k}", x, 2)
        k += 1
    number = 1
    while s.has(f"res{number}.conv1.weight"):
        x = _bottleneck(s, f"res{number}", x)
        number += 1
    number = 1
    while s.has(f"upconv{number}.conv1.conv1.weight"):
        x = s.op("Upsample", x, name=f"upconv{number}.upsample", scale_factor=2, mode="nearest")
        x = s.relu(_bottleneck(s, f"upconv{number}.conv1", x))
        number += 1
    return s.conv(f"conv{k}", _padded(s, f"conv{k}", x), padding=0)


def _padded(s: Sketch, at: str, x: str) -> str:
    border = s.shape(f"{at}.weight")[2] // 2
    return s.op("Pad", x, name=f"{at}.pad", padding=(border,) * 4, mode="reflect")


def _bottleneck(s: Sketch, at: str, x: str, stride: int = 1) -> str:
    y = s.op("ReLU6", s.instance_norm(f"{at}.in1", s.conv(f"{at}.conv1", x)), name=f"{at}.relu1")
    y = s.conv(f"{at}.conv2", _padded(s, f"{at}.conv2", y), stride=stride, padding=0)
    y = s.op("ReLU6", s.instance_norm(f"{at}.in2", y), name=f"{at}.relu2")
    y = s.instance_norm(f"{at}.in3", s.conv(f"{at}.conv3", y))
    alike = stride == 1 and s.draft.shapes[x].channels == s.draft.shapes[y].channels
    return s.op("Add", x, y, name=f"{at}.add") if alike else y


ARCHITECTURE = Architecture(
    "mobile-painter",
    "Style transfer by bottlenecks",
    _matches,
    _build,
    input_range=(0.0, 255.0),
    output_range=(0.0, 255.0),
)
