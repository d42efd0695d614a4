"""Line drawings (C. Chan et al. 2022, "Learning to generate line drawings"), as their authors name the generator."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    wanted = {
        "model0.1.weight",
        "model1.0.weight",
        "model2.0.conv_block.1.weight",
        "model3.0.weight",
        "model4.1.weight",
    }
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    x = s.mirrored("model0.1", s.input(s.channels("model0.1")), 3)
    x = s.relu(s.norm("model0.2", x))
    for place in _places(s, "model1"):
        x = s.relu(s.norm(f"model1.{place + 1}", s.conv(f"model1.{place}", x, stride=2)))
    number = 0
    while s.has(f"model2.{number}.conv_block.1.weight"):
        at = f"model2.{number}.conv_block"
        y = s.relu(s.norm(f"{at}.2", s.mirrored(f"{at}.1", x, 1)))
        y = s.norm(f"{at}.6", s.mirrored(f"{at}.5", y, 1))
        x, number = s.op("Add", x, y, name=f"model2.{number}.add"), number + 1
    for place in _places(s, "model3"):
        x = s.relu(s.norm(f"model3.{place + 1}", s.conv_transpose(f"model3.{place}", x, output_padding=1)))
    x = s.mirrored("model4.1", x, 3)
    return s.op("Sigmoid", x, name="output")


def _places(s: Sketch, at: str) -> list[int]:
    found = {name.split(".")[1] for name in s.tensors if name.startswith(f"{at}.") and name.endswith(".weight")}
    return sorted(int(place) for place in found if s.tensors[f"{at}.{place}.weight"].values.ndim == 4)


ARCHITECTURE = Architecture("line-drawing", "Line drawings", _matches, _build)
