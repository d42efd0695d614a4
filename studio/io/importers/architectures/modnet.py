"""Mattes of people by MODNet (Z. Ke et al. 2022), as its authors name it, on a MobileNetV2."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_STRIDES = {2: 2, 4: 2, 7: 2, 14: 2}
"""Of the blocks that halve, by number."""
_KEPT = (1, 3, 18)


def _matches(tensors: Tensors) -> bool:
    return {"backbone.model.features.0.0.weight", "lr_branch.se_block.fc.0.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    picture = s.input(s.channels("backbone.model.features.0.0"))
    enc2, enc4, enc32 = _mobile_net(s, picture)
    lr8 = _low(s, enc32)
    hr2 = _high(s, picture, enc2, enc4, lr8)
    lr4 = _row(s, "f_branch.conv_lr4x", _twice(s, lr8, "f_branch.lr4x"), padding=2)
    lr2 = _twice(s, lr4, "f_branch.lr2x")
    x = _row(s, "f_branch.conv_f2x", s.op("Concat", lr2, hr2, name="f_branch.join2x"))
    x = s.op("Concat", _twice(s, x, "f_branch.f"), picture, name="f_branch.join")
    x = _row(s, "f_branch.conv_f.1", _row(s, "f_branch.conv_f.0", x), padding=0)
    # What only the loss of training looks at.
    s.used |= {name for name in s.tensors if name.startswith(("lr_branch.conv_lr.", "hr_branch.conv_hr."))}
    s.used |= {name for name in s.tensors if name.startswith("backbone.model.classifier.")}
    return s.op("Sigmoid", x, name="output")


def _mobile_net(s: Sketch, x: str) -> list[str]:
    at, kept = "backbone.model.features", []
    x = s.op("ReLU6", s.norm(f"{at}.0.1", s.conv(f"{at}.0.0", x, stride=2)), name=f"{at}.0.2")
    for k in range(1, 18):
        x = _inverted(s, f"{at}.{k}.conv", x, _STRIDES.get(k, 1))
        kept += [x] if k in _KEPT else []
    x = s.op("ReLU6", s.norm(f"{at}.18.1", s.conv(f"{at}.18.0", x)), name=f"{at}.18.2")
    return [*kept, x]


def _inverted(s: Sketch, at: str, x: str, stride: int) -> str:
    start, places = x, (0, 3) if not s.has(f"{at}.6.weight") else (0, 3, 6)
    for place in places:
        step = stride if place == places[-2] else 1
        x = s.norm(f"{at}.{place + 1}", s.conv(f"{at}.{place}", x, stride=step))
        x = x if place == places[-1] else s.op("ReLU6", x, name=f"{at}.{place + 2}")
    same = stride == 1 and s.draft.shapes[x].channels == s.draft.shapes[start].channels
    return s.op("Add", start, x, name=f"{at}.add") if same else x


def _row(s: Sketch, at: str, x: str, *, stride: int = 1, padding: int = 1) -> str:
    """A convolution, half of whose channels a batch norm takes and half an instance norm, and ReLU."""
    x = s.conv(f"{at}.layers.0", x, stride=stride, padding=padding)
    norm = f"{at}.layers.1"
    if not s.has(f"{norm}.bnorm.weight"):
        return x
    half, count = len(s.take(f"{norm}.bnorm.weight").values), s.draft.shapes[x].channels
    learnt = s.norm(f"{norm}.bnorm", s.op("SliceChannels", x, name=f"{norm}.first", start=0, end=half))
    own = s.instance_norm(f"{norm}.inorm", s.op("SliceChannels", x, name=f"{norm}.second", start=half, end=count))
    return s.relu(s.op("Concat", learnt, own, name=f"{norm}.join"))


def _low(s: Sketch, x: str) -> str:
    at = "lr_branch"
    mean = s.op("Mean", x, name=f"{at}.se_block.pool", dim="space")
    shares = s.linear(f"{at}.se_block.fc.2", s.relu(s.linear(f"{at}.se_block.fc.0", mean)))
    x = s.op("Mul", x, s.op("Sigmoid", shares, name=f"{at}.se_block.fc.3"), name=f"{at}.se_block")
    x = _row(s, f"{at}.conv_lr16x", _twice(s, x, f"{at}.lr16x"), padding=2)
    return _row(s, f"{at}.conv_lr8x", _twice(s, x, f"{at}.lr8x"), padding=2)


def _high(s: Sketch, picture: str, enc2: str, enc4: str, lr8: str) -> str:
    at = "hr_branch"
    half, quarter = (_resized(s, picture, f"{at}.img{n}x", 1 / n) for n in (2, 4))
    enc2 = _row(s, f"{at}.tohr_enc2x", enc2, padding=0)
    x = _row(s, f"{at}.conv_enc2x", s.op("Concat", half, enc2, name=f"{at}.join_enc2x"), stride=2)
    enc4 = _row(s, f"{at}.tohr_enc4x", enc4, padding=0)
    x = _row(s, f"{at}.conv_enc4x", s.op("Concat", x, enc4, name=f"{at}.join_enc4x"))
    x = s.op("Concat", x, _twice(s, lr8, f"{at}.lr4x"), quarter, name=f"{at}.join_hr4x")
    for k in range(3):
        x = _row(s, f"{at}.conv_hr4x.{k}", x)
    x = s.op("Concat", _twice(s, x, f"{at}.hr2x"), enc2, name=f"{at}.join_hr2x")
    for k in range(4):
        x = _row(s, f"{at}.conv_hr2x.{k}", x)
    return x


def _twice(s: Sketch, x: str, name: str) -> str:
    return _resized(s, x, name, 2)


def _resized(s: Sketch, x: str, name: str, factor: float) -> str:
    return s.op("Upsample", x, name=name, scale_factor=factor, mode="bilinear", align_corners=False)


ARCHITECTURE = Architecture("modnet", "MODNet matte of people", _matches, _build, input_range=(-1.0, 1.0))
