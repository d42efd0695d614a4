"""The U-Net generator of pix2pix (P. Isola et al. 2017), as pytorch-CycleGAN-and-pix2pix names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors


def _matches(tensors: Tensors) -> bool:
    return {"model.model.0.weight", "model.model.3.weight", "model.model.1.model.1.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("model.model.0"))
    x = s.conv("model.model.0", picture, stride=2, padding=1)
    y = _block(s, "model.model.1.model", x)
    if s.statistics == "learnt" and any(name.endswith("running_mean") for name in s.tensors):
        s.draft.notes.append(
            "Its authors show pix2pix with the picture's own statistics in its batch norms and with dropout, which "
            "look quite another; --statistics picture and --dropout take these."
        )
    up = s.conv_transpose("model.model.3", s.relu(y))
    return s.op("Tanh", up, name="output")


def _block(s: Sketch, at: str, x: str) -> str:
    """An inner block: down, the blocks within, up, and its input behind what came up."""
    act = s.op("LeakyReLU", x, name=f"{at}.0", negative_slope=0.2)
    down = s.conv(f"{at}.1", act, stride=2, padding=1)
    if s.has(f"{at}.3.model.1.weight"):
        within = _block(s, f"{at}.3.model", s.norm(f"{at}.2", down))
        up = s.conv_transpose(f"{at}.5", s.relu(within))
        up = s.norm(f"{at}.6", up)
        if s.draft.shapes[x].channels == s.draft.shapes[down].channels:
            # Its authors leave values out in the blocks that keep the number of channels, but for the innermost.
            up = s.dropout(f"{at}.7", up)
    else:
        up = s.conv_transpose(f"{at}.3", s.relu(down))
        up = s.norm(f"{at}.4", up)
    return s.op("Concat", x, up, name=f"{at}.join")


ARCHITECTURE = Architecture(
    "pix2pix", "pix2pix U-Net", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
