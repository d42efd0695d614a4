"""Growing cellular automata (A. Mordvintsev et al. 2020), as their best-known PyTorch version names them."""

from __future__ import annotations

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
_ALIVE = 0.1


def _matches(tensors: Tensors) -> bool:
    if tensors.keys() != {"fc0.weight", "fc0.bias", "fc1.weight"}:
        return False
    first, last = (tensors[f"{name}.weight"].values.shape for name in ("fc0", "fc1"))
    return len(first) == len(last) == 2 and first[1] == 3 * last[0] and first[0] == last[1] and last[0] > 3


def _build(s: Sketch) -> str:
    channels = s.shape("fc1.weight")[0]
    x = s.input(channels)
    before = _alive(s, "before", x)
    seen = [x, *(perceived(s, f"sobel_{k}", x, [kernel / 8]) for k, kernel in (("x", SOBEL), ("y", SOBEL.T)))]
    change = _by_place(s, "fc1", s.relu(_by_place(s, "fc0", s.op("Concat", *seen, name="perceive"))))
    moved = s.op("Add", x, masked(s, change, x), name="moved")
    living = s.op("Mul", before, _alive(s, "after", moved), name="living")
    return s.op("Mul", moved, living, name="next")


def perceived(s: Sketch, name: str, x: str, kernels: list[np.ndarray]) -> str:
    """Each of the kernels over every channel by itself; the results of a channel behind each other."""
    channels, (height, width) = s.draft.shapes[x].channels, kernels[0].shape
    tiled = np.tile(np.stack(kernels).astype(np.float32)[:, None], (channels, 1, 1, 1))
    sizes = {"in_channels": channels, "out_channels": len(tiled), "groups": channels, "kernel_size": (height, width)}
    border = (0, 0) if s.draft.shapes[x].height != s.size[0] else (height // 2, width // 2)
    return s.draft.add("Conv2d", x, name=name, tensors={"weight": Weight(tiled)}, bias=False, padding=border, **sizes)


def masked(s: Sketch, change: str, like: str) -> str:
    """Half of the cells change in a step, by chance."""
    drawn = s.op("RandomMap", like, name="drawn", channels=1, kind="uniform")
    return s.op("Mul", change, s.op("Compare", drawn, name="mask", how="ge", value=0.5), name="update")


def _alive(s: Sketch, name: str, x: str) -> str:
    """Cells beside which one is that is opaque."""
    alpha = s.op("SliceChannels", x, name=f"{name}.alpha", start=3, end=4)
    most = s.op("MaxPool2d", alpha, name=f"{name}.most", kernel_size=3, stride=1, padding=1)
    return s.op("Compare", most, name=f"{name}.alive", how="gt", value=_ALIVE)


def _by_place(s: Sketch, name: str, x: str) -> str:
    """A dense layer over the channels of each place."""
    weight = s.take(f"{name}.weight")
    tensors = {"weight": Weight(weight.values[:, :, None, None], weight.origin)}
    if s.has(f"{name}.bias"):
        tensors["bias"] = s.take(f"{name}.bias")
    out, channels = weight.values.shape
    sizes = {"in_channels": channels, "out_channels": out, "kernel_size": (1, 1), "bias": "bias" in tensors}
    return s.draft.add("Conv2d", x, name=name, tensors=tensors, **sizes)


ARCHITECTURE = Architecture(
    "automaton", "Growing cellular automaton", _matches, _build, size=Size(64, 64), state="seed"
)
