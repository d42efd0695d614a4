"""The U-Net generator of pix2pix (P. Isola et al. 2017) as courses name it: "down1" to "up7", eight times halved.

In eriklindernoren's version every part is a "model" whose norms have no weights, in aladdinpersson's a "conv" whose
borders are reflected.
"""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_DEPTH = 7


def _matches(tensors: Tensors) -> bool:
    parts = {"down1.model.0.weight", "up7.model.0.weight", "final.2.weight"}
    return parts <= tensors.keys() or {"initial_down.0.weight", "bottleneck.0.weight", "up7.conv.0.weight"} <= set(
        tensors
    )


def _build(s: Sketch) -> str:
    return _in_models(s) if s.has("down1.model.0.weight") else _in_convolutions(s)


def _in_models(s: Sketch) -> str:
    x, maps = s.input(s.channels("down1.model.0")), []
    for k in range(1, _DEPTH + 2):
        x = s.conv(f"down{k}.model.0", x, stride=2, padding=1)
        # The first and the last of them have no norm.
        x = _leaky(s, x if k in (1, _DEPTH + 1) else s.norm(f"down{k}.model.1", x))
        maps.append(x)
    for k in range(1, _DEPTH + 1):
        x = s.relu(s.norm(f"up{k}.model.1", s.conv_transpose(f"up{k}.model.0", x)))
        x = s.op("Concat", x, maps[_DEPTH - k], name=f"up{k}.join")
    x = s.op("Upsample", x, name="final.0", scale_factor=2, mode="nearest")
    x = s.op("Pad", x, name="final.1", padding=(1, 0, 1, 0), mode="constant")
    return s.op("Tanh", s.conv("final.2", x, padding=1), name="output")


def _in_convolutions(s: Sketch) -> str:
    x = s.input(s.channels("initial_down.0"))
    x = _leaky(s, s.mirrored("initial_down.0", x, 1, stride=2))
    maps = [x]
    for k in range(1, _DEPTH):
        x = _leaky(s, s.norm(f"down{k}.conv.1", s.mirrored(f"down{k}.conv.0", x, 1, stride=2)))
        maps.append(x)
    x = s.relu(s.conv("bottleneck.0", x, stride=2, padding=1))
    for k in range(1, _DEPTH + 1):
        x = x if k == 1 else s.op("Concat", x, maps[_DEPTH + 1 - k], name=f"up{k}.join")
        x = s.relu(s.norm(f"up{k}.conv.1", s.conv_transpose(f"up{k}.conv.0", x)))
    x = s.conv_transpose("final_up.0", s.op("Concat", x, maps[0], name="final_up.join"))
    return s.op("Tanh", x, name="output")


def _leaky(s: Sketch, x: str) -> str:
    return s.op("LeakyReLU", x, negative_slope=0.2)


ARCHITECTURE = Architecture(
    "tutorial-pix2pix",
    "pix2pix U-Net of courses",
    _matches,
    _build,
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
