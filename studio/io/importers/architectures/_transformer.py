"""What vision transformers have in common: patches, positions and blocks, by timm's and DINOv2's names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from studio.io.importers.architectures._told import Told

if TYPE_CHECKING:
    from torch import Tensor

_HEAD = 64
"""How wide a head is in all that are published."""


def patches(t: Told, name: str, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """Tokens of (1, patches, width), and rows and columns of them."""
    side = t.take(f"{name}.weight").shape[2]
    x = t.conv(name, x, stride=side, padding=0)
    return x.flatten(2).transpose(1, 2), (x.shape[2], x.shape[3])


def embedded(t: Told, at: str, tokens: Tensor, grid: tuple[int, int], mode: str = "bilinear") -> Tensor:
    """The token of the whole before the others, and where each lies added: positions are resized to the picture."""
    import torch
    from torch.nn import functional as F

    places = t.take(f"{at}.pos_embed")
    side = math.isqrt(places.shape[1] - 1)
    over = places[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    over = F.interpolate(over, size=grid, mode=mode, align_corners=False).flatten(2).transpose(1, 2)
    return torch.cat([t.take(f"{at}.cls_token") + places[:, :1], tokens + over], 1)


def run_blocks(t: Told, at: str, x: Tensor, eps: float, hooks: list[int]) -> list[Tensor]:
    """What some of the blocks hand on."""
    from torch.nn import functional as F

    found = []
    for k in range(max(hooks) + 1):
        block = f"{at}.blocks.{k}"
        y = _attention(t, f"{block}.attn", t.layer_norm(f"{block}.norm1", x, eps))
        x = x + (y * t.take(f"{block}.ls1.gamma") if t.has(f"{block}.ls1.gamma") else y)
        y = F.gelu(t.linear(f"{block}.mlp.fc1", t.layer_norm(f"{block}.norm2", x, eps)))
        y = t.linear(f"{block}.mlp.fc2", y)
        x = x + (y * t.take(f"{block}.ls2.gamma") if t.has(f"{block}.ls2.gamma") else y)
        if k in hooks:
            found.append(x)
    return found


def _attention(t: Told, at: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    _, count, width = x.shape
    heads = max(width // _HEAD, 1)
    q, k, v = t.linear(f"{at}.qkv", x).reshape(1, count, 3, heads, width // heads).permute(2, 0, 3, 1, 4).unbind(0)
    made = F.scaled_dot_product_attention(q, k, v)
    return t.linear(f"{at}.proj", made.transpose(1, 2).reshape(1, count, width))
