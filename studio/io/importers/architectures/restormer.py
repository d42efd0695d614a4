"""Restormer (S. W. Zamir et al. 2022): blur, rain and noise taken away by attention over channels.

The authors' own names; widths, blocks, heads and whether norms have biases are read off the tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.io.importers.architectures._told import Told
from studio.io.importers.architectures.base import Architecture, Tensors
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from torch import Tensor

_EPS = 1e-5


def _matches(tensors: Tensors) -> bool:
    wanted = {"patch_embed.proj.weight", "encoder_level1.0.attn.temperature", "refinement.0.ffn.project_in.weight"}
    return wanted <= tensors.keys()


def _forward(t: Told, picture: Tensor) -> Tensor:
    import torch

    first = t.conv("patch_embed.proj", picture)
    kept = [_blocks(t, "encoder_level1", first)]
    for k, name in ((2, "encoder_level2"), (3, "encoder_level3"), (4, "latent")):
        smaller = torch.pixel_unshuffle(t.conv(f"down{k - 1}_{k}.body.0", kept[-1]), 2)
        kept.append(_blocks(t, name, smaller))
    x = kept.pop()
    for k in (3, 2, 1):
        x = torch.cat([torch.pixel_shuffle(t.conv(f"up{k + 1}_{k}.body.0", x), 2), kept.pop()], 1)
        x = t.conv(f"reduce_chan_level{k}", x) if k > 1 else x
        x = _blocks(t, f"decoder_level{k}", x)
    x = _blocks(t, "refinement", x)
    if t.has("skip_conv.weight"):
        # Of the two pictures of a camera that focuses by phase there is none that could be added.
        return t.conv("output", x + t.conv("skip_conv", first))
    return t.conv("output", x) + picture


def _blocks(t: Told, at: str, x: Tensor) -> Tensor:
    for k in range(t.count(f"{at}.{{}}.attn.temperature")):
        x = x + _attention(t, f"{at}.{k}.attn", _norm(t, f"{at}.{k}.norm1.body", x))
        x = x + _gated(t, f"{at}.{k}.ffn", _norm(t, f"{at}.{k}.norm2.body", x))
    return x


def _norm(t: Told, at: str, x: Tensor) -> Tensor:
    """Over channels; without a bias the mean is not taken off either."""
    tokens = x.permute(0, 2, 3, 1)
    if t.has(f"{at}.bias"):
        made = t.layer_norm(at, tokens, _EPS)
    else:
        made = tokens / (tokens.var(-1, keepdim=True, unbiased=False) + _EPS).sqrt() * t.take(f"{at}.weight")
    return made.permute(0, 3, 1, 2)


def _attention(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    _, c, height, width = x.shape
    temperature = t.take(f"{at}.temperature")
    heads = (1, len(temperature), c // len(temperature), height * width)
    q, k, v = (part.reshape(heads) for part in t.conv(f"{at}.qkv_dwconv", t.conv(f"{at}.qkv", x)).chunk(3, 1))
    shares = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * temperature
    return t.conv(f"{at}.project_out", (shares.softmax(-1) @ v).reshape(1, c, height, width))


def _gated(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    gate, value = t.conv(f"{at}.dwconv", t.conv(f"{at}.project_in", x)).chunk(2, 1)
    return t.conv(f"{at}.project_out", F.gelu(gate) * value)


ARCHITECTURE = Architecture(
    "restormer",
    "Restormer restoration",
    _matches,
    forward=_forward,
    reads=("patch_embed.proj.weight",),
    size=Size(64, 64),
)
