"""Cellular automata of textures (E. Niklasson et al. 2021), as their authors' PyTorch version names them."""

from __future__ import annotations

import numpy as np

from studio.io.importers.architectures.automaton import SOBEL, masked, perceived
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
_LAPLACIAN = np.array([[1, 2, 1], [2, -12, 2], [1, 2, 1]], np.float32)


def _matches(tensors: Tensors) -> bool:
    if tensors.keys() != {"w1.weight", "w1.bias", "w2.weight"}:
        return False
    first, last = (tensors[f"{name}.weight"].values.shape for name in ("w1", "w2"))
    return len(first) == len(last) == 4 and first[1] == 4 * last[0] and first[0] == last[1] and last[0] > 3


def _build(s: Sketch) -> str:
    x = s.input(s.shape("w2.weight")[0])
    around = s.pad(x, 1, "circular")
    seen = perceived(s, "perceive", around, [_IDENTITY, SOBEL, SOBEL.T, _LAPLACIAN])
    change = s.conv("w2", s.relu(s.conv("w1", seen)))
    return s.op("Add", x, masked(s, change, x), name="next")


ARCHITECTURE = Architecture(
    "texture-automaton",
    "Cellular automaton of a texture",
    _matches,
    _build,
    size=Size(64, 64),
    output_range=(-0.5, 0.5),
    state="zeros",
)
