"""Generators whose state dicts are recognised: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def upfirdn(x: Tensor, kernel: Tensor, up: int = 1, pad: tuple[int, int] = (0, 0)) -> Tensor:
    """Zeros between, a border, and the kernel turned round, in the words of StyleGAN2's own reference."""
    batch, channels, height, width = x.shape
    spread = x.new_zeros(batch, channels, height * up, width * up)
    spread[..., ::up, ::up] = x
    turned = kernel.flip(0, 1)[None, None].expand(channels, 1, -1, -1)
    return F.conv2d(F.pad(spread, (*pad, *pad)), turned, groups=channels)


def blurring(gain: float) -> Tensor:
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(line, line)
    return kernel / kernel.sum() * gain


class Kernel(nn.Module):
    def __init__(self, pad: tuple[int, int], up: int = 1) -> None:
        super().__init__()
        self.register_buffer("kernel", blurring(4.0))
        self.pad, self.up = pad, up

    def forward(self, x: Tensor) -> Tensor:
        return upfirdn(x, self.kernel, self.up, self.pad)


class EqualLinear(nn.Module):
    def __init__(self, i: int, o: int, start: float = 0.0, rate: float = 1.0, curve: bool = False) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(o, i) / rate), nn.Parameter(torch.full((o,), start))
        self.scale, self.rate, self.curve = rate / math.sqrt(i), rate, curve

    def forward(self, x: Tensor) -> Tensor:
        x = F.linear(x, self.weight * self.scale, self.bias * self.rate)
        return F.leaky_relu(x, 0.2) * 2**0.5 if self.curve else x


class ModulatedConv(nn.Module):
    def __init__(self, i: int, o: int, kernel: int, style: int, demodulate: bool = True, up: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, o, i, kernel, kernel))
        self.modulation = EqualLinear(style, i, 1.0)
        self.scale, self.demodulate, self.up, self.kernel = 1 / math.sqrt(i * kernel**2), demodulate, up, kernel
        if up:
            self.blur = Kernel((1, 1))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weight = self.scale * self.weight[0] * self.modulation(w)[0][None, :, None, None]
        if self.demodulate:
            weight = weight * torch.rsqrt(weight.pow(2).sum((1, 2, 3), keepdim=True) + 1e-8)
        if self.up:
            return self.blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
        return F.conv2d(x, weight, padding=self.kernel // 2)


class StyledConv(nn.Module):
    def __init__(self, i: int, o: int, style: int, up: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(i, o, 3, style, up=up)
        self.noise, self.activate = nn.Module(), nn.Module()
        self.noise.weight, self.activate.bias = nn.Parameter(torch.randn(1)), nn.Parameter(torch.randn(o))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        x = self.conv(x, w) + self.noise.weight * noise
        return F.leaky_relu(x + self.activate.bias[None, :, None, None], 0.2) * 2**0.5


class ToRgb(nn.Module):
    def __init__(self, i: int, style: int, up: bool = True) -> None:
        super().__init__()
        if up:
            self.upsample = Kernel((2, 1), 2)
        self.conv, self.bias = ModulatedConv(i, 3, 1, style, demodulate=False), nn.Parameter(torch.randn(1, 3, 1, 1))

    def forward(self, x: Tensor, w: Tensor, skip: Tensor | None = None) -> Tensor:
        made = self.conv(x, w) + self.bias
        return made if skip is None else made + self.upsample(skip)


class PixelNorm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-8)


class StyleGan2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        d, widths = 6, (8, 6, 4)
        self.style = nn.Sequential(PixelNorm(), *(EqualLinear(d, d, rate=0.01, curve=True) for _ in range(3)))
        self.input, self.noises = nn.Module(), nn.Module()
        self.input.input = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.conv1, self.to_rgb1 = StyledConv(widths[0], widths[0], d), ToRgb(widths[0], d, up=False)
        self.convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        self.noises.register_buffer("noise_0", torch.randn(1, 1, 4, 4))
        for k, (i, o) in enumerate(pairwise(widths)):
            self.convs += [StyledConv(i, o, d, up=True), StyledConv(o, o, d)]
            self.to_rgbs.append(ToRgb(o, d))
            for j in (1, 2):
                self.noises.register_buffer(f"noise_{2 * k + j}", torch.randn(1, 1, 8 << k, 8 << k))

    def forward(self, z: Tensor) -> Tensor:
        w, noises = self.style(z.flatten(1)), list(self.noises.buffers())
        x = self.conv1(self.input.input, w, noises[0])
        skip = self.to_rgb1(x, w)
        for k, to_rgb in enumerate(self.to_rgbs):
            for j in (0, 1):
                x = self.convs[2 * k + j](x, w, noises[1 + 2 * k + j])
            skip = to_rgb(x, w, skip)
        return skip


GENERATORS = {"stylegan2": ("stylegan2", StyleGan2, (6, 1, 1))}
