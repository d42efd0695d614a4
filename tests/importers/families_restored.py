"""Denoisers and enlargers in a row: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def same(i: int, o: int, kernel: int = 3, **more: object) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2, **more)


class Vdsr(nn.Module):
    """As twtygqyy names it, on luma."""

    def __init__(self) -> None:
        super().__init__()
        self.input, self.output = same(1, 6, bias=False), same(6, 1, bias=False)
        self.residual_layer = nn.Sequential()
        for k in range(4):
            block = nn.Sequential()
            block.add_module("conv", same(6, 6, bias=False))
            block.add_module("relu", nn.ReLU())
            self.residual_layer.add_module(str(k), block)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.residual_layer(F.relu(self.input(x)))) + x


class Arcnn(nn.Module):
    """As yjn870 names it."""

    def __init__(self) -> None:
        super().__init__()
        rows = [same(3, 8, 9), nn.PReLU(), same(8, 6, 7), nn.PReLU(), same(6, 4, 1), nn.PReLU()]
        self.base, self.last = nn.Sequential(*rows), same(4, 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.base(x))


class DenseLayer(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv = same(i, o)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, F.relu(self.conv(x))], 1)


class Rdb(nn.Module):
    def __init__(self, c: int, grown: int, count: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(DenseLayer(c + k * grown, grown) for k in range(count)))
        self.lff = nn.Conv2d(c + count * grown, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.lff(self.layers(x))


class Rdn(nn.Module):
    """As yjn870 names it."""

    def __init__(self, factor: int = 4) -> None:
        super().__init__()
        c = 6
        self.sfe1, self.sfe2 = same(3, c), same(c, c)
        self.rdbs = nn.ModuleList(Rdb(c, 4, 3) for _ in range(2))
        self.gff = nn.Sequential(nn.Conv2d(2 * c, c, 1), same(c, c))
        steps: list[nn.Module] = []
        for own in (2, 2) if factor == 4 else (factor,):
            steps += [same(c, c * own**2), nn.PixelShuffle(own)]
        self.upscale, self.output = nn.Sequential(*steps), same(c, 3)

    def forward(self, x: Tensor) -> Tensor:
        start = self.sfe1(x)
        y, kept = self.sfe2(start), []
        for block in self.rdbs:
            y = block(y)
            kept.append(y)
        return self.output(self.upscale(self.gff(torch.cat(kept, 1)) + start))


class Row(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)


class Ircnn(Row):
    """As KAIR names it: seven layers, each of its distance."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for k, far in enumerate((1, 2, 3, 4, 3, 2, 1)):
            layers += [nn.Conv2d(6 if k else 3, 3 if k == 6 else 6, 3, 1, far, far), nn.ReLU()]
        super().__init__(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return x - self.model(x)


class FfdNet(Row):
    """As KAIR names it, for noise of 15 levels of 255."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [same(13, 6), nn.ReLU()]
        for _ in range(4):
            layers += [same(6, 6), nn.ReLU()]
        super().__init__(*layers, same(6, 12))

    def forward(self, x: Tensor) -> Tensor:
        y = F.pixel_unshuffle(x, 2)
        y = torch.cat([y, torch.full_like(y[:, :1], 15 / 255)], 1)
        return F.pixel_shuffle(self.model(y), 2)


class DnCnn(nn.Module):
    """As SaoYan names it."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [same(1, 6, bias=False), nn.ReLU()]
        for _ in range(4):
            layers += [same(6, 6, bias=False), nn.BatchNorm2d(6), nn.ReLU()]
        self.dncnn = nn.Sequential(*layers, same(6, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.dncnn(x)


RESTORED = {
    "vdsr": ("vdsr", Vdsr, (1, 12, 14)),
    "arcnn": ("arcnn", Arcnn, (3, 12, 14)),
    "rdn x4": ("rdn", Rdn, (3, 10, 12)),
    "rdn x3": ("rdn", lambda: Rdn(3), (3, 10, 12)),
    "ircnn": ("ircnn", Ircnn, (3, 14, 12)),
    "ffdnet": ("ffdnet", FfdNet, (3, 14, 12)),
    "dncnn of SaoYan": ("dncnn", DnCnn, (1, 12, 14)),
}
