"""Style transfer: J. Johnson et al., "Perceptual losses for real-time style transfer", 2016, as in pytorch/examples."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"conv1.conv2d.weight", "res1.conv1.conv2d.weight", "deconv1.conv2d.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.input(s.channels("conv1.conv2d"))
    k = 1
    while s.has(f"conv{k}.conv2d.weight"):
        x = _conv(s, f"conv{k}", x, 1 if k == 1 else 2)
        x = s.relu(s.instance_norm(f"in{k}", x))
        k += 1
    block = 1
    while s.has(f"res{block}.conv1.conv2d.weight"):
        name = f"res{block}"
        y = s.relu(s.instance_norm(f"{name}.in1", _conv(s, f"{name}.conv1", x)))
        y = s.instance_norm(f"{name}.in2", _conv(s, f"{name}.conv2", y))
        x = s.op("Add", y, x, name=f"{name}.add")
        block += 1
    up = 1
    while s.has(f"deconv{up + 1}.conv2d.weight"):
        x = s.op("Upsample", x, name=f"deconv{up}.upsample", scale_factor=2, mode="nearest")
        x = s.relu(s.instance_norm(f"in{k}", _conv(s, f"deconv{up}", x)))
        up, k = up + 1, k + 1
    return _conv(s, f"deconv{up}", x)


def _conv(s: Sketch, name: str, x: str, stride: int = 1) -> str:
    border = s.shape(f"{name}.conv2d.weight")[2] // 2
    x = s.op("Pad", x, name=f"{name}.pad", padding=(border,) * 4, mode="reflect") if border else x
    return s.conv(f"{name}.conv2d", x, stride=stride, padding=0)


ARCHITECTURE = Architecture(
    "johnson", "Johnson style transfer", _matches, _build, input_range=(0.0, 255.0), output_range=(0.0, 255.0)
)
