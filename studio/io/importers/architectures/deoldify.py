"""Colour for grey pictures by DeOldify (J. Antic 2018): fastai's U-Net on a ResNet, "artistic" (deep) or wide.

The authors' own names; "stable" and "video" are wide. They feed the luma three times, by ImageNet's mean and deviation,
and give the picture's luma the colours that come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.io.importers.architectures._told import Told
from studio.io.importers.architectures.base import Architecture, Tensors

if TYPE_CHECKING:
    from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)
_SWAPPED = _LUMA[::-1]
"""Their last step takes the channels for blue, green and red."""
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_REACH = 3.0  # of the output, in deviations


def _matches(tensors: Tensors) -> bool:
    wanted = {"layers.0.0.weight", "layers.0.7.0.conv1.weight", "layers.4.shuf.conv.1.running_mean"}
    return wanted <= tensors.keys() and ("layers.4.conv2.0.weight" in tensors or "layers.4.conv.0.weight" in tensors)


def _forward(t: Told, picture: Tensor) -> Tensor:
    import torch

    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _STD))
    fed = (_weighted(picture, _LUMA) - mean) / std
    maps = _encoder(t, fed)
    x = _norm(t, "layers.1", maps.pop()).relu()
    for k in (0, 1):
        x = _row(t, f"layers.3.{k}", x)
    place = 4
    while maps:
        x = _block(t, f"layers.{place}", x, maps.pop())
        place += 1
    x = torch.cat([_larger(t, f"layers.{place}", x), fed], 1)
    # The joined one has no tensors.
    y = _row(t, f"layers.{place + 2}.layers.1", _row(t, f"layers.{place + 2}.layers.0", x))
    x = t.conv(f"layers.{place + 3}.0", x + y)
    x = (torch.sigmoid(x) * 2 - 1) * _REACH
    colour = (x * std + mean).clamp(0, 1)
    return colour + _weighted(picture - colour, _SWAPPED)


def _weighted(x: Tensor, shares: tuple[float, ...]) -> Tensor:
    import torch
    from torch.nn import functional as F

    return F.conv2d(x, torch.tensor(shares).view(1, 3, 1, 1))


def _encoder(t: Told, x: Tensor) -> list[Tensor]:
    """The maps of a ResNet before each of its halvings, and its last."""
    from torch.nn import functional as F

    x = _norm(t, "layers.0.1", t.conv("layers.0.0", x, stride=2)).relu()
    maps, x = [x], F.max_pool2d(x, 3, 2, 1)
    for group in (4, 5, 6, 7):
        for k in range(t.count(f"layers.0.{group}.{{}}.conv1.weight")):
            x = _residual(t, f"layers.0.{group}.{k}", x, 2 if group > 4 and not k else 1)
        maps.append(x)
    return maps


def _residual(t: Told, at: str, x: Tensor, stride: int) -> Tensor:
    last = 3 if t.has(f"{at}.conv3.weight") else 2
    start = x
    if t.has(f"{at}.downsample.0.weight"):
        start = _norm(t, f"{at}.downsample.1", t.conv(f"{at}.downsample.0", x, stride=stride))
    for k in range(1, last + 1):
        x = _norm(t, f"{at}.bn{k}", t.conv(f"{at}.conv{k}", x, stride=stride if k == last - 1 else 1))
        x = x.relu() if k < last else x
    return (x + start).relu()


def _block(t: Told, at: str, x: Tensor, skip: Tensor) -> Tensor:
    """Twice as large, joined to what the encoder had there; one convolution, or two."""
    import torch
    from torch.nn import functional as F

    x = F.interpolate(_larger(t, f"{at}.shuf", x), skip.shape[2:], mode="nearest")
    x = torch.cat([x, _norm(t, f"{at}.bn", skip)], 1).relu()
    for name in ("conv1", "conv2", "conv"):
        x = _row(t, f"{at}.{name}", x) if t.has(f"{at}.{name}.0.weight") else x
    return x


def _larger(t: Told, at: str, x: Tensor) -> Tensor:
    """By pixel shuffle, blurred against its checkerboard."""
    from torch.nn import functional as F

    x = t.conv(f"{at}.conv.0", x)
    x = _norm(t, f"{at}.conv.1", x) if t.has(f"{at}.conv.1.running_mean") else x
    x = F.pixel_shuffle(x.relu(), 2)
    return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, 1)


def _row(t: Told, at: str, x: Tensor) -> Tensor:
    """A convolution and ReLU, and where the file has them a norm and attention."""
    x = t.conv(f"{at}.0", x).relu()
    x = _norm(t, f"{at}.2", x) if t.has(f"{at}.2.running_mean") else x
    return _attended(t, f"{at}.3", x) if t.has(f"{at}.3.gamma") else x


def _attended(t: Told, at: str, x: Tensor) -> Tensor:
    """Self-attention over places (H. Zhang et al. 2018)."""
    from torch.nn import functional as F

    places = x.flatten(2)
    query, key, value = (F.conv1d(places, t.take(f"{at}.{name}.weight")) for name in ("query", "key", "value"))
    weights = (query.transpose(1, 2) @ key).softmax(1)
    return (t.take(f"{at}.gamma") * (value @ weights) + places).view(x.shape)


def _norm(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    mean, variance, weight, bias = (t.take(f"{at}.{key}") for key in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, mean, variance, weight, bias)


ARCHITECTURE = Architecture(
    "deoldify",
    "DeOldify, colour for grey pictures",
    _matches,
    forward=_forward,
    reads=("layers.0.0.weight",),
)
