"""The ResNet generator of CycleGAN (J.-Y. Zhu et al. 2017) as aladdinpersson's course names it: "initial", "last"."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {"initial.0.weight", "down_blocks.0.conv.0.weight", "res_blocks.0.block.0.conv.0.weight", "last.weight"}
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.relu(s.norm("initial.1", _mirrored(s, "initial.0", s.input(s.channels("initial.0")))))
    k = 0
    while s.has(f"down_blocks.{k}.conv.0.weight"):
        x = _made(s, f"down_blocks.{k}", x, 2)
        k += 1
    k = 0
    while s.has(f"res_blocks.{k}.block.0.conv.0.weight"):
        at = f"res_blocks.{k}.block"
        y = _made(s, f"{at}.0", x)
        y = s.norm(f"{at}.1.conv.1", _mirrored(s, f"{at}.1.conv.0", y))
        x, k = s.op("Add", x, y, name=f"{at}.add"), k + 1
    k = 0
    while s.has(f"up_blocks.{k}.conv.0.weight"):
        x = s.conv_transpose(f"up_blocks.{k}.conv.0", x, output_padding=1)
        x, k = s.relu(s.norm(f"up_blocks.{k}.conv.1", x)), k + 1
    return s.op("Tanh", _mirrored(s, "last", x), name="output")


def _made(s: Sketch, at: str, x: str, stride: int = 1) -> str:
    return s.relu(s.norm(f"{at}.conv.1", _mirrored(s, f"{at}.conv.0", x, stride)))


def _mirrored(s: Sketch, name: str, x: str, stride: int = 1) -> str:
    return s.mirrored(name, x, s.shape(f"{name}.weight")[2] // 2, stride=stride)


ARCHITECTURE = Architecture(
    "tutorial-cyclegan",
    "CycleGAN ResNet generator of a course",
    _matches,
    _build,
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
