"""Faces restored: a small CodeFormer with its authors' own names, run as they run it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResBlock(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(i), nn.Conv2d(i, o, 3, 1, 1)
        self.norm2, self.conv2 = _norm(o), nn.Conv2d(o, o, 3, 1, 1)
        if i != o:
            self.conv_out = nn.Conv2d(i, o, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(self.norm1(x) * torch.sigmoid(self.norm1(x)))
        y = self.norm2(y)
        y = self.conv2(y * torch.sigmoid(y))
        return y + (self.conv_out(x) if hasattr(self, "conv_out") else x)


class AttnBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm = _norm(c)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(c, c, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        b, c, h, w = y.shape
        q, k = self.q(y).reshape(b, c, h * w).permute(0, 2, 1), self.k(y).reshape(b, c, h * w)
        shares = F.softmax(torch.bmm(q, k) * int(c) ** -0.5, dim=2).permute(0, 2, 1)
        return x + self.proj_out(torch.bmm(self.v(y).reshape(b, c, h * w), shares).reshape(b, c, h, w))


class Downsample(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, 2, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1), mode="constant", value=0))


class Upsample(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Blocks(nn.Module):
    def __init__(self, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)


class TransformerSALayer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(width, 8)
        self.linear1, self.linear2 = nn.Linear(width, width * 2), nn.Linear(width * 2, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.self_attn(y + places, y + places, value=y)[0]
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


class FuseSftBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.encode_enc = ResBlock(2 * c, c)
        self.scale, self.shift = (
            nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.LeakyReLU(0.2, True), nn.Conv2d(c, c, 3, padding=1))
            for _ in range(2)
        )

    def forward(self, seen: Tensor, x: Tensor, w: float) -> Tensor:
        seen = self.encode_enc(torch.cat([seen, x], 1))
        return x + w * (x * self.scale(seen) + self.shift(seen))


class Quantize(nn.Module):
    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, width)


class CodeFormer(nn.Module):
    """Of two levels, for faces of 16 × 16; both are mixed in but the lowest."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Blocks(
            [
                nn.Conv2d(3, 32, 3, 1, 1), ResBlock(32, 32), ResBlock(32, 32), Downsample(32),
                ResBlock(32, 64), AttnBlock(64), ResBlock(64, 64), AttnBlock(64),
                ResBlock(64, 64), AttnBlock(64), ResBlock(64, 64), _norm(64), nn.Conv2d(64, 24, 3, 1, 1),
            ]
        )  # fmt: skip
        self.generator = Blocks(
            [
                nn.Conv2d(24, 64, 3, 1, 1), ResBlock(64, 64), AttnBlock(64), ResBlock(64, 64),
                ResBlock(64, 64), AttnBlock(64), ResBlock(64, 64), AttnBlock(64), Upsample(64),
                ResBlock(64, 32), ResBlock(32, 32), _norm(32), nn.Conv2d(32, 3, 3, 1, 1),
            ]
        )  # fmt: skip
        self.quantize = Quantize(12, 24)
        self.position_emb = nn.Parameter(torch.randn(64, 32))
        self.feat_emb = nn.Linear(24, 32)
        self.ft_layers = nn.Sequential(*(TransformerSALayer(32) for _ in range(2)))
        self.idx_pred_layer = nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 12, bias=False))
        self.fuse_convs_dict = nn.ModuleDict({"16": FuseSftBlock(32)})

    def forward(self, x: Tensor, w: float = 0.5) -> Tensor:
        kept = {}
        for k, block in enumerate(self.encoder.blocks):
            x = block(x)
            if k == 2:
                kept["16"] = x.clone()
        low = x
        tokens = self.feat_emb(low.flatten(2).permute(2, 0, 1))
        for layer in self.ft_layers:
            tokens = layer(tokens, self.position_emb.unsqueeze(1))
        shares = F.softmax(self.idx_pred_layer(tokens).permute(1, 0, 2), dim=2)
        _, top = torch.topk(shares, 1, dim=2)
        x = self.quantize.embedding(top.flatten()).view(1, 8, 8, 24).permute(0, 3, 1, 2).contiguous()
        x = _adain(x, low)
        for k, block in enumerate(self.generator.blocks):
            x = block(x)
            if k == 9:
                x = self.fuse_convs_dict["16"](kept["16"].detach(), x, w)
        return x


def _adain(content: Tensor, style: Tensor) -> Tensor:
    def told(feat: Tensor) -> tuple[Tensor, Tensor]:
        flat = feat.view(1, feat.shape[1], -1)
        std = (flat.var(dim=2) + 1e-5).sqrt().view(1, -1, 1, 1)
        return flat.mean(dim=2).view(1, -1, 1, 1), std

    (mean, std), (wanted_mean, wanted_std) = told(content), told(style)
    return (content - mean) / std * wanted_std + wanted_mean


FACES = {"codeformer": ("codeformer", CodeFormer, (3, 16, 16))}
