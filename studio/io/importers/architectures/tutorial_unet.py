"""U-Nets (O. Ronneberger et al. 2015) of masks under the names that courses and torch.hub give their parts.

aladdinpersson's: "downs.0", "ups.1"; LeeJunHyun's, with attention or without: "Conv1", "Up5", "Att5"; mateuszbuda's:
"encoder1.enc1conv1".
"""

from __future__ import annotations

from collections.abc import Callable

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_NUMBERED = {"Conv1.conv.0.weight", "Up2.up.1.weight", "Up_conv2.conv.0.weight", "Conv_1x1.weight"}
_LISTED = {"downs.0.conv.0.weight", "ups.0.weight", "ups.1.conv.0.weight", "bottleneck.conv.0.weight"}
_CODED = {
    "encoder1.enc1conv1.weight",
    "upconv1.weight",
    "decoder1.dec1conv1.weight",
    "bottleneck.bottleneckconv1.weight",
}
Part = Callable[[int], str]


def _matches(tensors: Tensors) -> bool:
    return any(names <= tensors.keys() for names in (_NUMBERED, _LISTED, _CODED))


def _build(s: Sketch) -> str:
    if s.has("Conv1.conv.0.weight"):
        return _numbered(s)
    return _listed(s) if s.has("downs.0.conv.0.weight") else _coded(s)


def _numbered(s: Sketch) -> str:
    x = s.input(s.channels("Conv1.conv.0"))
    x, maps = _down(s, x, lambda k: f"Conv{k}.conv", _count(s, "Conv{}.conv.0.weight"))
    for k in range(len(maps), 1, -1):
        x = s.op("Upsample", x, name=f"Up{k}.up.0", scale_factor=2, mode="nearest")
        x, skip = s.relu(s.norm(f"Up{k}.up.2", s.conv(f"Up{k}.up.1", x))), maps[k - 2]
        if s.has(f"Att{k}.W_g.0.weight"):
            skip = _attended(s, f"Att{k}", x, skip)
        x = _double(s, f"Up_conv{k}.conv", s.op("Concat", skip, x, name=f"Up{k}.join"))
    return _mask(s, s.conv("Conv_1x1", x))


def _attended(s: Sketch, at: str, gate: str, x: str) -> str:
    parts = [s.norm(f"{at}.{part}.1", s.conv(f"{at}.{part}.0", read)) for part, read in (("W_g", gate), ("W_x", x))]
    both = s.relu(s.op("Add", *parts, name=f"{at}.add"))
    share = s.op("Sigmoid", s.norm(f"{at}.psi.1", s.conv(f"{at}.psi.0", both)), name=f"{at}.share")
    return s.op("Mul", x, share, name=f"{at}.kept")


def _listed(s: Sketch) -> str:
    x = s.input(s.channels("downs.0.conv.0"))
    count = _count(s, "downs.{}.conv.0.weight", 0)
    _, maps = _down(s, x, lambda k: f"downs.{k - 1}.conv", count)
    x = _double(s, "bottleneck.conv", _pooled(s, maps[-1], "bottleneck"))
    for k, skip in enumerate(reversed(maps)):
        x = s.conv_transpose(f"ups.{2 * k}", x, padding=0)
        x = _double(s, f"ups.{2 * k + 1}.conv", s.op("Concat", skip, x, name=f"ups.{2 * k}.join"))
    return _mask(s, s.conv("final_conv", x))


def _coded(s: Sketch) -> str:
    x, maps, k = s.input(s.channels("encoder1.enc1conv1")), list[str](), 1
    while s.has(f"encoder{k}.enc{k}conv1.weight"):
        x = _pooled(s, x, f"encoder{k}") if maps else x
        x = _named(s, f"encoder{k}.enc{k}", x)
        maps.append(x)
        k += 1
    x = _named(s, "bottleneck.bottleneck", _pooled(s, x, "bottleneck"))
    for number in range(len(maps), 0, -1):
        x = s.conv_transpose(f"upconv{number}", x, padding=0)
        x = s.op("Concat", x, maps[number - 1], name=f"upconv{number}.join")
        x = _named(s, f"decoder{number}.dec{number}", x)
    return _mask(s, s.conv("conv", x))


def _down(s: Sketch, x: str, part: Part, count: int) -> tuple[str, list[str]]:
    maps = list[str]()
    for k in range(1, count + 1):
        x = _double(s, part(k), _pooled(s, x, part(k)) if maps else x)
        maps.append(x)
    return x, maps


def _count(s: Sketch, pattern: str, first: int = 1) -> int:
    number = 0
    while s.has(pattern.format(number + first)):
        number += 1
    return number


def _pooled(s: Sketch, x: str, at: str) -> str:
    return s.op("MaxPool2d", x, name=f"{at}.pool", kernel_size=2, stride=2)


def _double(s: Sketch, at: str, x: str) -> str:
    for k in (0, 3):
        x = s.relu(s.norm(f"{at}.{k + 1}", s.conv(f"{at}.{k}", x)))
    return x


def _named(s: Sketch, at: str, x: str) -> str:
    for k in (1, 2):
        x = s.relu(s.norm(f"{at}norm{k}", s.conv(f"{at}conv{k}", x)))
    return x


def _mask(s: Sketch, x: str) -> str:
    """How likely each place is what was taught, or each of several classes."""
    return s.op("Sigmoid" if s.draft.shapes[x].channels == 1 else "Softmax2d", x, name="output")


ARCHITECTURE = Architecture("tutorial-unet", "U-Net mask of courses", _matches, _build)
