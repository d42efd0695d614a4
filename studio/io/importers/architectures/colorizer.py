"""Colour for grey pictures: R. Zhang et al., "Colorful image colorization", 2016, and with hints, 2017.

Both as richzhang/colorization names them: "eccv16" and "siggraph17". They read lightness and give a and b of Lab; the
picture that the network gives has its source's lightness, and no hints.
"""

from __future__ import annotations

from studio.io.importers.architectures._lab import coloured, lightness
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_MOST = 110.0  # of a and b
_ROWS = (0, 2, 4)


def _matches(tensors: Tensors) -> bool:
    wanted = {"model1.0.weight", "model7.0.weight", "model_out.weight", "model8.0.weight"}
    other = {"model1.0.weight", "model8up.0.weight", "model10up.0.weight", "model_out.0.weight"}
    return wanted <= tensors.keys() or other <= tensors.keys()


def _build(s: Sketch) -> str:
    light = lightness(s, s.input(3))
    x = s.op("Affine", light, name="fed", scale=1 / 100, shift=-0.5)
    ab = _of_2017(s, x) if s.has("model8up.0.weight") else _of_2016(s, x)
    return coloured(s, light, s.op("Affine", ab, name="ab", scale=_MOST))


def _row(s: Sketch, at: str, x: str, places: tuple[int, ...], *, halves: bool = False, far: int = 1) -> str:
    """Convolutions and ReLUs, of which the last may halve, and a norm."""
    for place in places:
        step = 2 if halves and place == places[-1] else 1
        x = s.relu(s.conv(f"{at}.{place}", x, stride=step, padding=far, dilation=(far, far)))
    norm = f"{at}.{places[-1] + 2}"
    return s.norm(norm, x) if s.has(f"{norm}.running_mean") else x


def _of_2016(s: Sketch, x: str) -> str:
    for k in (1, 2, 3):
        x = _row(s, f"model{k}", x, _ROWS[: 2 if k < 3 else 3], halves=True)
    for k, far in ((4, 1), (5, 2), (6, 2), (7, 1)):
        x = _row(s, f"model{k}", x, _ROWS, far=far)
    x = s.relu(s.conv_transpose("model8.0", x))
    x = s.relu(s.conv("model8.4", s.relu(s.conv("model8.2", x))))
    # Of 313 colours, how likely each is; their mean.
    shares = s.op("Softmax2d", s.conv("model8.6", x, padding=0), name="shares")
    ab = s.conv("model_out", shares, padding=0)
    return s.op("Upsample", ab, name="upsample4", scale_factor=4, mode="bilinear", align_corners=False)


def _of_2017(s: Sketch, x: str) -> str:
    none = s.op("Affine", x, name="no_hint", scale=0.0)
    x = s.op("Concat", x, none, none, none, name="with_hints")
    downs = []
    for k in (1, 2, 3):
        x = _row(s, f"model{k}", x, _ROWS[: 2 if k < 3 else 3])
        downs.append(x)
        # Every other place.
        x = s.op("MaxPool2d", x, name=f"model{k}.half", kernel_size=1, stride=2)
    for k, far in ((4, 1), (5, 2), (6, 2), (7, 1)):
        x = _row(s, f"model{k}", x, _ROWS, far=far)
    for k, short in ((8, 3), (9, 2), (10, 1)):
        up, side = s.conv_transpose(f"model{k}up.0", x), s.conv(f"model{short}short{k}.0", downs[short - 1])
        x = s.op("ReLU", s.op("Add", up, side, name=f"model{k}.add"), name=f"model{k}.0")
        x = s.conv(f"model{k}.1", x)
        if k == 10:
            x = s.op("LeakyReLU", x, name="model10.2", negative_slope=0.2)
        elif k == 9:
            x = s.norm("model9.3", s.relu(x))
        else:
            x = s.norm("model8.5", s.relu(s.conv("model8.3", s.relu(x))))
    s.used |= {name for name in s.tensors if name.startswith("model_class.")}
    return s.op("Tanh", s.conv("model_out.0", x, padding=0), name="ab.curve")


ARCHITECTURE = Architecture("colorizer", "Colour for grey pictures", _matches, _build)
