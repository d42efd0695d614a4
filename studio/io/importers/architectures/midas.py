"""Depth from one picture by MiDaS 2.1 (R. Ranftl et al. 2020): the large network on a ResNeXt and the small one.

The authors' own names. What is near is bright: their scripts spread every picture's depths from black to white.
"""

from __future__ import annotations

from studio.io.importers.architectures._resnet import block
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_STEPS = (1, 2, 2, 2, 1, 2, 1)
"""Strides of the seven groups of blocks of an EfficientNet."""
_GROUPS = (("layer1.3", "layer1.4"), ("layer2.0",), ("layer3.0", "layer3.1"), ("layer4.0", "layer4.1"))
_EPS = 1e-3  # of norms that came from TensorFlow


def _matches(tensors: Tensors) -> bool:
    wanted = {"pretrained.layer1.0.weight", "scratch.layer1_rn.weight", "scratch.output_conv.4.weight"}
    return wanted <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("pretrained.layer1.0"))
    small = s.has("scratch.refinenet4.out_conv.weight")
    maps = _efficient_net(s, picture) if small else _resnext(s, picture)
    narrow = [s.conv(f"scratch.layer{k}_rn", x) for k, x in enumerate(maps, 1)]
    x = ""
    for k in (4, 3, 2, 1):
        x = _fused(s, f"scratch.refinenet{k}", x, narrow[k - 1], small=small)
    at = "scratch.output_conv"
    x = s.conv(f"{at}.0", x)
    x = s.op("Upsample", x, name=f"{at}.1", scale_factor=2, mode="bilinear", align_corners=False)
    x = s.relu(s.conv(f"{at}.4", s.relu(s.conv(f"{at}.2", x)), padding=0))
    # The first fusion has nothing to add to, but its unit for that.
    s.used |= {name for name in s.tensors if name.startswith("scratch.refinenet4.resConfUnit1.")}
    least, most = s.op("Amin", x, name="farthest", dim="space"), s.op("Amax", x, name="nearest", dim="space")
    # A picture of one depth alone is black.
    span = s.op("Affine", s.op("Sub", most, least, name="span"), name="span.eps", shift=1e-6)
    return s.op("Div", s.op("Sub", x, least, name="depth"), span, name="output")


def _resnext(s: Sketch, x: str) -> list[str]:
    x = s.relu(s.norm("pretrained.layer1.1", s.conv("pretrained.layer1.0", x, stride=2)))
    x = s.op("MaxPool2d", x, name="pretrained.layer1.3", kernel_size=3, stride=2, padding=1)
    maps = []
    for group in range(1, 5):
        at = "pretrained.layer1.4" if group == 1 else f"pretrained.layer{group}"
        number = 0
        while s.has(f"{at}.{number}.conv1.weight"):
            x = block(s, f"{at}.{number}", x, 2 if group > 1 and number == 0 else 1, 1)
            number += 1
        maps.append(x)
    return maps


def _efficient_net(s: Sketch, x: str) -> list[str]:
    x = _curved(s, "pretrained.layer1.1", _same(s, "pretrained.layer1.0", x, 2))
    maps, steps = [], iter(_STEPS)
    for group in _GROUPS:
        for name in group:
            step, number = next(steps), 0
            while s.has(f"pretrained.{name}.{number}.conv_dw.weight"):
                x = _inverted(s, f"pretrained.{name}.{number}", x, step if number == 0 else 1)
                number += 1
        maps.append(x)
    return maps


def _inverted(s: Sketch, at: str, x: str, step: int) -> str:
    """To more channels, each by itself, and to few again; without the first where there is no need of more."""
    start, wide = x, s.has(f"{at}.conv_pwl.weight")
    if wide:
        x = _curved(s, f"{at}.bn1", s.conv(f"{at}.conv_pw", x))
    x = _curved(s, f"{at}.bn2" if wide else f"{at}.bn1", _same(s, f"{at}.conv_dw", x, step))
    last = ("conv_pwl", "bn3") if wide else ("conv_pw", "bn2")
    x = s.norm(f"{at}.{last[1]}", s.conv(f"{at}.{last[0]}", x), eps=_EPS)
    same = step == 1 and s.draft.shapes[x].channels == s.draft.shapes[start].channels
    return s.op("Add", x, start, name=f"{at}.add") if same else x


def _curved(s: Sketch, norm: str, x: str) -> str:
    return s.op("ReLU6", s.norm(norm, x, eps=_EPS), name=f"{norm}.act")


def _same(s: Sketch, name: str, x: str, step: int) -> str:
    """TensorFlow's border: at an even stride more of it is at the lower right."""
    if step == 1:
        return s.conv(name, x)
    less, more = divmod(s.shape(f"{name}.weight")[2] - step, 2)
    border = (less, less + more)
    return s.conv(name, s.op("Pad", x, name=f"{name}.pad", padding=(*border, *border)), stride=step, padding=0)


def _fused(s: Sketch, at: str, above: str, x: str, *, small: bool) -> str:
    if above:
        x = s.op("Add", above, _unit(s, f"{at}.resConfUnit1", x, small=small), name=f"{at}.add")
    x = _unit(s, f"{at}.resConfUnit2", x, small=small)
    x = s.op("Upsample", x, name=f"{at}.up", scale_factor=2, mode="bilinear", align_corners=True)
    return s.conv(f"{at}.out_conv", x) if small else x


def _unit(s: Sketch, at: str, x: str, *, small: bool) -> str:
    y = s.op("ReLU", x, name=f"{at}.relu")
    # In the large network the first ReLU works in place, so that what is added passes it, too.
    start = x if small else y
    y = s.conv(f"{at}.conv2", s.relu(s.conv(f"{at}.conv1", y)))
    return s.op("Add", y, start, name=f"{at}.add")


ARCHITECTURE = Architecture(
    "midas",
    "MiDaS depth",
    _matches,
    _build,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
