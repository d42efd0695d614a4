"""CodeFormer (S. Zhou et al. 2022): faces restored by the rows of a codebook that a transformer chooses.

As its authors run it: half of what the encoder saw is mixed in (their fidelity, 0.5), and the chosen rows take the mean
and deviation of the encoder's map. Levels, widths and the size are read off the tensors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.importers.architectures._told import Told
from studio.io.importers.architectures.base import Architecture, Tensors
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from torch import Tensor

_GROUPS, _EPS, _HEADS, _FIDELITY = 32, 1e-6, 8, 0.5


def _matches(tensors: Tensors) -> bool:
    wanted = {"encoder.blocks.0.weight", "generator.blocks.0.weight", "quantize.embedding.weight", "position_emb"}
    return wanted | {"ft_layers.0.self_attn.in_proj_weight", "idx_pred_layer.1.weight"} <= tensors.keys()


def _forward(t: Told, picture: Tensor) -> Tensor:
    from torch.nn import functional as F

    seen: dict[int, Tensor] = {}
    x = picture
    for k in range(_count(t, "encoder")):
        seen[x.shape[3]] = x
        x = _block(t, f"encoder.blocks.{k}", x, up=False)
    tokens, places = t.linear("feat_emb", x.flatten(2).permute(0, 2, 1)), t.take("position_emb")
    if tokens.shape[1] != len(places):
        raise StudioError("it takes squares of the size alone that its positions are for; leave the size as it is")
    for k in range(t.count("ft_layers.{}.norm1.weight")):
        tokens = _looked(t, f"ft_layers.{k}", tokens, places)
    chosen = t.linear("idx_pred_layer.1", t.layer_norm("idx_pred_layer.0", tokens, 1e-5)).argmax(2)
    rows = F.embedding(chosen, t.take("quantize.embedding.weight"))
    x = _as_wide(rows.permute(0, 2, 1).reshape(x.shape), x)
    wide = x.shape[3]
    for k in range(_count(t, "generator")):
        x = _block(t, f"generator.blocks.{k}", x, up=True)
        # Behind the first block of a level, whose map is larger than the last's.
        mixed = f"fuse_convs_dict.{x.shape[3]}"
        if x.shape[3] > wide and t.has(f"generator.blocks.{k}.conv1.weight"):
            x, wide = _mixed(t, mixed, seen[x.shape[3]], x) if t.has(f"{mixed}.scale.0.weight") else x, x.shape[3]
    return x


def _size(tensors: Tensors) -> Size:
    """Faces are so large that the lowest level has as many places as there are positions."""
    halved = sum(name.startswith("encoder.") and name.endswith(".conv.weight") for name in tensors)
    side = math.isqrt(len(tensors["position_emb"].values)) << halved
    return Size(side, side)


def _count(t: Told, half: str) -> int:
    number = {int(name.split(".")[2]) for name in t.names if name.startswith(f"{half}.blocks.")}
    return max(number) + 1


def _block(t: Told, at: str, x: Tensor, *, up: bool) -> Tensor:
    from torch.nn import functional as F

    if t.has(f"{at}.conv1.weight"):
        return _residual(t, at, x)
    if t.has(f"{at}.proj_out.weight"):
        return _attention(t, at, x)
    if t.has(f"{at}.conv.weight"):
        if up:
            return t.conv(f"{at}.conv", F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return t.conv(f"{at}.conv", F.pad(x, (0, 1, 0, 1)), stride=2, padding=0)
    return t.conv(at, x) if t.take(f"{at}.weight").ndim == 4 else _norm(t, at, x)


def _norm(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    groups = math.gcd(_GROUPS, x.shape[1])
    return F.group_norm(x, groups, t.take(f"{at}.weight"), t.take(f"{at}.bias"), _EPS)


def _residual(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    y = t.conv(f"{at}.conv1", F.silu(_norm(t, f"{at}.norm1", x)))
    y = t.conv(f"{at}.conv2", F.silu(_norm(t, f"{at}.norm2", y)))
    return y + (t.conv(f"{at}.conv_out", x) if t.has(f"{at}.conv_out.weight") else x)


def _attention(t: Told, at: str, x: Tensor) -> Tensor:
    y = _norm(t, f"{at}.norm", x)
    q, k, v = (t.conv(f"{at}.{name}", y).flatten(2) for name in "qkv")
    shares = (q.transpose(1, 2) @ k * x.shape[1] ** -0.5).softmax(2)
    return x + t.conv(f"{at}.proj_out", (v @ shares.transpose(1, 2)).reshape(x.shape))


def _looked(t: Told, at: str, x: Tensor, places: Tensor) -> Tensor:
    """A layer of the transformer, over (1, places, width)."""
    from torch.nn import functional as F

    _, count, width = x.shape
    y = t.layer_norm(f"{at}.norm1", x, 1e-5)
    weights, biases = (t.take(f"{at}.self_attn.in_proj_{key}").chunk(3) for key in ("weight", "bias"))
    parts = zip((y + places, y + places, y), weights, biases, strict=True)
    q, k, v = (F.linear(n, w, b).reshape(1, count, _HEADS, width // _HEADS).transpose(1, 2) for n, w, b in parts)
    made = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, count, width)
    x = x + t.linear(f"{at}.self_attn.out_proj", made)
    y = F.gelu(t.linear(f"{at}.linear1", t.layer_norm(f"{at}.norm2", x, 1e-5)))
    return x + t.linear(f"{at}.linear2", y)


def _as_wide(x: Tensor, like: Tensor) -> Tensor:
    """With the mean and deviation of another map's channels."""
    own, wanted = ((n.var((2, 3), keepdim=True) + 1e-5).sqrt() for n in (x, like))
    return (x - x.mean((2, 3), keepdim=True)) / own * wanted + like.mean((2, 3), keepdim=True)


def _mixed(t: Told, at: str, seen: Tensor, x: Tensor) -> Tensor:
    """What the encoder saw at this size, as a factor and a shift of each value."""
    import torch
    from torch.nn import functional as F

    y = _residual(t, f"{at}.encode_enc", torch.cat([seen, x], 1))
    scale, shift = (
        t.conv(f"{at}.{name}.2", F.leaky_relu(t.conv(f"{at}.{name}.0", y), 0.2)) for name in ("scale", "shift")
    )
    return x + _FIDELITY * (x * scale + shift)


ARCHITECTURE = Architecture(
    "codeformer",
    "CodeFormer (faces, of 512×512)",
    _matches,
    forward=_forward,
    reads=("encoder.blocks.0.weight",),
    sized=_size,
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
