"""Depth by DPT (R. Ranftl et al. 2021; MiDaS 3): a vision transformer, plain or on a ResNet, and Depth Anything's.

The authors' own names. What is near is bright; each picture's depths are spread from black to white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.io.importers.architectures._told import Told
from studio.io.importers.architectures._transformer import embedded, patches, run_blocks
from studio.io.importers.architectures.base import Architecture, Tensors
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from torch import Tensor

_EPS = 1e-6
_HALF = (0.5, 0.5, 0.5)


def _matches(tensors: Tensors) -> bool:
    wanted = {"pretrained.model.cls_token", "scratch.layer1_rn.weight", "scratch.output_conv.4.weight"}
    return wanted <= tensors.keys()


def _forward(t: Told, picture: Tensor) -> Tensor:
    from torch.nn import functional as F

    model, hybrid = "pretrained.model", t.has("pretrained.model.patch_embed.backbone.stem.conv.weight")
    kept = _resnet(t, f"{model}.patch_embed.backbone", picture) if hybrid else [picture]
    tokens, grid = patches(t, f"{model}.patch_embed.proj", kept.pop())
    tokens = embedded(t, model, tokens, grid)
    count = t.count(f"{model}.blocks.{{}}.norm1.weight")
    # A quarter, a half, three quarters and all of it; behind a ResNet, whose first stages stand for the first two.
    hooks = [8, 11] if hybrid else [count * part // 4 - 1 for part in (1, 2, 3, 4)]
    found = run_blocks(t, model, tokens, _EPS, hooks)
    maps = kept + [_map(t, k, tokens, grid) for k, tokens in enumerate(found, 5 - len(found))]
    narrow = [t.conv(f"scratch.layer{k}_rn", x) for k, x in enumerate(maps, 1)]
    t.used.update(name for name in t.names if name.startswith(_UNREAD))
    x = fused(t, "scratch.refinenet", narrow, twice=True)
    at = "scratch.output_conv"
    x = F.interpolate(t.conv(f"{at}.0", x), scale_factor=2, mode="bilinear", align_corners=True)
    return spread(t.conv(f"{at}.4", t.conv(f"{at}.2", x).relu()).relu())


_UNREAD = ("scratch.refinenet4.resConfUnit1.", "pretrained.model.norm.", "pretrained.model.head", "auxlayer.")
"""What makes no depth: the first fusion's unit for what it has not, the classifier's end."""


def spread(depth: Tensor) -> Tensor:
    """From 0 to 1; a picture of one depth alone is black."""
    least, most = depth.amin((2, 3), keepdim=True), depth.amax((2, 3), keepdim=True)
    return (depth - least) / (most - least + 1e-6)


def _map(t: Told, k: int, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Tokens as a map again, with what the first of them says of the whole; larger, as large or smaller."""
    import torch
    from torch.nn import functional as F

    at, rest = f"pretrained.act_postprocess{k}", tokens[:, 1:]
    if t.has(f"{at}.0.project.0.weight"):
        first = tokens[:, :1].expand_as(rest)
        rest = F.gelu(t.linear(f"{at}.0.project.0", torch.cat([rest, first], -1)))
    x = t.conv(f"{at}.3", rest.transpose(1, 2).reshape(1, -1, *grid))
    if k < 3:
        return t.up(f"{at}.4", x, stride=8 // 2**k)
    return t.conv(f"{at}.4", x, stride=2) if k == 4 else x


def fused(t: Told, at: str, maps: list[Tensor], *, twice: bool) -> Tensor:
    """From the smallest map to the largest, each joined to what comes from below."""
    from torch.nn import functional as F

    x = None
    for k in range(len(maps), 0, -1):
        name, own = f"{at}{k}", maps[k - 1]
        x = own if x is None else x + _unit(t, f"{name}.resConfUnit1", own)
        x = _unit(t, f"{name}.resConfUnit2", x)
        to = [2 * side for side in x.shape[2:]] if twice or k == 1 else maps[k - 2].shape[2:]
        x = t.conv(f"{name}.out_conv", F.interpolate(x, size=list(to), mode="bilinear", align_corners=True))
    assert x is not None
    return x


def _unit(t: Told, at: str, x: Tensor) -> Tensor:
    return t.conv(f"{at}.conv2", t.conv(f"{at}.conv1", x.relu()).relu()) + x


def _resnet(t: Told, at: str, x: Tensor) -> list[Tensor]:
    """The maps of its stages: standardised kernels, norms by groups, borders as TensorFlow has them."""
    from torch.nn import functional as F

    x = _normal(t, f"{at}.stem.norm", _standard(t, f"{at}.stem.conv", x, 2)).relu()
    # Behind a ReLU a border of zeros never wins.
    x, maps = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2), []
    for stage in range(t.count(f"{at}.stages.{{}}.blocks.0.conv1.weight")):
        for k in range(t.count(f"{at}.stages.{stage}.blocks.{{}}.conv1.weight")):
            x = _bottleneck(t, f"{at}.stages.{stage}.blocks.{k}", x, 2 if stage and not k else 1)
        maps.append(x)
    return maps


def _bottleneck(t: Told, at: str, x: Tensor, stride: int) -> Tensor:
    start = x
    if t.has(f"{at}.downsample.conv.weight"):
        start = _normal(t, f"{at}.downsample.norm", _standard(t, f"{at}.downsample.conv", x, stride))
    for k in (1, 2, 3):
        x = _normal(t, f"{at}.norm{k}", _standard(t, f"{at}.conv{k}", x, stride if k == 2 else 1))
        x = x.relu() if k < 3 else x
    return (x + start).relu()


def _standard(t: Told, name: str, x: Tensor, stride: int) -> Tensor:
    from torch.nn import functional as F

    weight = t.take(f"{name}.weight")
    mean, variance = weight.mean((1, 2, 3), keepdim=True), weight.var((1, 2, 3), keepdim=True, unbiased=False)
    less, more = divmod(max(weight.shape[2] - stride, 0), 2)
    x = F.pad(x, (less, less + more, less, less + more))
    return F.conv2d(x, (weight - mean) / (variance + 1e-8).sqrt(), None, stride)


def _normal(t: Told, name: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    return F.group_norm(x, min(32, x.shape[1]), t.take(f"{name}.weight"), t.take(f"{name}.bias"), 1e-5)


ARCHITECTURE = Architecture(
    "dpt",
    "DPT depth, MiDaS 3",
    _matches,
    forward=_forward,
    reads=("pretrained.model.patch_embed.backbone.stem.conv.weight", "pretrained.model.patch_embed.proj.weight"),
    size=Size(96, 96),
    mean=_HALF,
    std=_HALF,
)
