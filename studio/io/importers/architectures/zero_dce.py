"""Zero-DCE (C. Guo et al. 2020), as its authors name it: dark pictures made light by curves."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {f"e_conv{k}.weight" for k in range(1, 8)} == {name for name in tensors if name.endswith(".weight")}


def _build(s: Sketch) -> str:
    x = picture = s.input(s.channels("e_conv1"))
    maps = []
    for k in range(1, 5):
        x = s.op("ReLU", s.conv(f"e_conv{k}", x), name=f"relu{k}")
        maps.append(x)
    for k, other in zip(range(5, 7), (2, 1), strict=True):
        joined = s.op("Concat", maps[other], x, name=f"join{k}")
        x = s.op("ReLU", s.conv(f"e_conv{k}", joined), name=f"relu{k}")
    curves = s.op("Tanh", s.conv("e_conv7", s.op("Concat", maps[0], x, name="join7")), name="curves")
    x = picture
    for k in range(s.draft.shapes[curves].channels // 3):
        curve = s.op("SliceChannels", curves, name=f"curve{k}", start=3 * k, end=3 * k + 3)
        square = s.op("Sub", s.op("Mul", x, x, name=f"square{k}"), x, name=f"bow{k}")
        x = s.op("Add", x, s.op("Mul", curve, square, name=f"bent{k}"), name=f"light{k}")
    return x


ARCHITECTURE = Architecture("zero-dce", "Zero-DCE low light", _matches, _build)
