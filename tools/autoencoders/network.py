"""The autoencoder, with either decoder."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FractionalConv2d(nn.Module):
    """Nearest x2 upsampling, zeros of 1 before and 2 after, and a stride-1 4x4 convolution: exactly twice the size."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 4, 4))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Doubles the picture and filters it."""
        doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return F.conv2d(F.pad(doubled, (1, 2, 1, 2)), self.weight, self.bias)


class Autoencoder(nn.Module):
    """The network, with either decoder; `forward` can disturb the code, for training and for bending."""

    def __init__(self, decoder: str) -> None:
        super().__init__()
        self.enc1 = nn.Conv2d(3, 64, 4, 2, 1)
        self.enc2 = nn.Conv2d(64, 256, 4, 2, 1)
        if decoder == "transposed":
            self.dec1: nn.Module = nn.ConvTranspose2d(256, 64, 4, 2, 1)
            self.dec2: nn.Module = nn.ConvTranspose2d(64, 3, 4, 2, 1)
        else:
            self.dec1, self.dec2 = FractionalConv2d(256, 64), FractionalConv2d(64, 3)
        # Kaiming's variance for what one output value really sums: 4 of a transposed kernel's 16 taps land on it, and
        # of a fractional layer's 16 taps groups of four (as a rule) read the same value, so they add up like one tap
        # of twice the size. Both come to a standard deviation of sqrt(gain / (4 * channels)), halved for the latter.
        fractional = 1.0 if decoder == "transposed" else 0.5
        for layer, taps, gain, factor in (
            (self.enc1, 3 * 16, 2.0, 1.0),
            (self.enc2, 64 * 16, 2.0, 1.0),
            (self.dec1, 256 * 4, 2.0, fractional),
            (self.dec2, 64 * 4, 1.0, fractional),
        ):
            nn.init.normal_(layer.weight, std=factor * math.sqrt(gain / taps))
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both activations of the encoder."""
        first = F.relu(self.enc1(x))
        return first, F.relu(self.enc2(first))

    def decode(self, code: Tensor) -> Tensor:
        """The picture, as numbers the sigmoid has not yet seen."""
        found: Tensor = self.dec2(F.relu(self.dec1(code)))
        return found

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """The picture; `noise` multiplies the code."""
        code = self.encode(x)[1]
        return torch.sigmoid(self.decode(code if noise is None else code * noise))
