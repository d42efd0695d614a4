"""The networks of the pack, and those that teach them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from tools.pack.settings import LATENT


def conv(channels: int, filters: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that reflects the picture at its border."""
    return nn.Conv2d(channels, filters, size, stride, size // 2, padding_mode="reflect")


class Residual(nn.Module):
    """Two convolutions whose sum is added to what they read."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = conv(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)
        self.conv2, self.norm2 = conv(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        found: Tensor = x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return found


class Painter(nn.Module):
    """The transformer network of Johnson et al., at half its width."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down1_norm = conv(3, 16, 9), nn.InstanceNorm2d(16, affine=True)
        self.down2, self.down2_norm = conv(16, 32, 3, 2), nn.InstanceNorm2d(32, affine=True)
        self.down3, self.down3_norm = conv(32, 64, 3, 2), nn.InstanceNorm2d(64, affine=True)
        for index in range(1, 6):
            setattr(self, f"res{index}", Residual(64))
        self.up1, self.up1_norm = conv(64, 32, 3), nn.InstanceNorm2d(32, affine=True)
        self.up2, self.up2_norm = conv(32, 16, 3), nn.InstanceNorm2d(16, affine=True)
        self.out = conv(16, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same; H and W are multiples of 4."""
        x = F.relu(self.down1_norm(self.down1(x)))
        x = F.relu(self.down2_norm(self.down2(x)))
        x = F.relu(self.down3_norm(self.down3(x)))
        for index in range(1, 6):
            x = getattr(self, f"res{index}")(x)
        x = F.relu(self.up1_norm(self.up1(F.interpolate(x, scale_factor=2.0, mode="nearest"))))
        x = F.relu(self.up2_norm(self.up2(F.interpolate(x, scale_factor=2.0, mode="nearest"))))
        return torch.sigmoid(self.out(x))


def derivatives(sigma: float = 1.0, size: int = 7) -> Tensor:
    """Kernels that measure the slope of a picture's lightness, down and across: (2, 3, size, size)."""
    at = torch.arange(size) - size // 2
    bell = torch.exp(-(at**2) / (2 * sigma**2))
    bell = bell / bell.sum()
    slope = at / sigma**2 * bell
    planes = torch.stack([slope[:, None] * bell[None, :], bell[:, None] * slope[None, :]])
    return planes[:, None] * torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]


class EdgesToPicture(nn.Module):
    """A U-Net that sees a picture's edges alone."""

    WIDTHS = (16, 32, 64, 128, 128)

    def __init__(self) -> None:
        super().__init__()
        self.slopes = nn.Conv2d(3, 2, 7, 1, 3, padding_mode="reflect", bias=False)
        self.slopes.weight = nn.Parameter(derivatives(), requires_grad=False)
        self.edges = nn.Conv2d(1, 1, 1)
        self.edges.weight = nn.Parameter(torch.full((1, 1, 1, 1), 14.0), requires_grad=False)
        self.edges.bias = nn.Parameter(torch.full((1,), -0.12), requires_grad=False)
        before = 1
        for index, width in enumerate(self.WIDTHS, 1):
            setattr(self, f"down{index}", nn.Conv2d(before, width, 4, 2, 1))
            if index > 1:
                setattr(self, f"down{index}_norm", nn.BatchNorm2d(width))
            before = width
        for index in range(5, 0, -1):
            width = self.WIDTHS[index - 2] if index > 1 else 3
            setattr(self, f"up{index}", nn.ConvTranspose2d(before, width, 4, 2, 1))
            if index > 1:
                setattr(self, f"up{index}_norm", nn.BatchNorm2d(width))
            before = 2 * width

    def find(self, x: Tensor) -> Tensor:
        """The edges of pictures: (N, 1, H, W) in 0..1."""
        slopes = self.slopes(x)
        return torch.tanh(F.relu(self.edges(torch.sqrt((slopes * slopes).mean(1, keepdim=True) + 1e-5))))

    def paint(self, x: Tensor) -> Tensor:
        """Pictures for edges: (N, 1, H, W) to (N, 3, H, W); H and W are multiples of 32."""
        skips = []
        for index in range(1, 6):
            x = getattr(self, f"down{index}")(x)
            if index > 1:
                x = getattr(self, f"down{index}_norm")(x)
            x = F.leaky_relu(x, 0.2)
            skips.append(x)
        for index in range(5, 0, -1):
            x = getattr(self, f"up{index}")(x if index == 5 else torch.cat([x, skips[index - 1]], 1))
            if index > 1:
                x = F.relu(getattr(self, f"up{index}_norm")(x))
        return torch.sigmoid(x)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same."""
        return self.paint(self.find(x))


class Restorer(nn.Module):
    """Finds noise and blur at half size, and adds what takes them off."""

    def __init__(self, channels: int = 48, depth: int = 5) -> None:
        super().__init__()
        self.depth = depth
        self.unshuffle, self.shuffle = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.conv0, self.act0 = conv(12, channels, 3), nn.PReLU(channels)
        for index in range(1, depth + 1):
            setattr(self, f"conv{index}", conv(channels, channels, 3))
            setattr(self, f"act{index}", nn.PReLU(channels))
        self.out = conv(channels, 12, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same; H and W are even."""
        found = self.act0(self.conv0(self.unshuffle(x)))
        for index in range(1, self.depth + 1):
            found = getattr(self, f"act{index}")(getattr(self, f"conv{index}")(found))
        return torch.clamp(x + self.shuffle(self.out(found)), 0.0, 1.0)


class Landscapes(nn.Module):
    """DCGAN's generator, from LATENT numbers to a picture of 256 x 256."""

    WIDTHS = (192, 128, 96, 64, 48, 32)

    def __init__(self) -> None:
        super().__init__()
        self.up0, self.up0_norm = nn.ConvTranspose2d(LATENT, 192, 4, 1, 0), nn.BatchNorm2d(192)
        for index in range(1, 6):
            setattr(self, f"up{index}", nn.ConvTranspose2d(self.WIDTHS[index - 1], self.WIDTHS[index], 4, 2, 1))
            setattr(self, f"up{index}_norm", nn.BatchNorm2d(self.WIDTHS[index]))
        self.up6 = nn.ConvTranspose2d(32, 3, 4, 2, 1)

    def forward(self, z: Tensor) -> Tensor:
        """(N, LATENT, 1, 1) to (N, 3, 256, 256) in 0..1."""
        x = z
        for index in range(6):
            x = F.relu(getattr(self, f"up{index}_norm")(getattr(self, f"up{index}")(x)))
        return torch.sigmoid(self.up6(x))


class Coder(nn.Module):
    """The other half of the landscapes' autoencoder; it is not kept."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128, 192, 192)
        layers: list[nn.Module] = []
        for before, width in pairwise(widths):
            layers += [nn.Conv2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(192, 2 * LATENT, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the code."""
        mean, log_variance = self.layers(x).chunk(2, 1)
        return mean, log_variance.clamp(-8, 4)


class Discriminator(nn.Module):
    """Says of every patch how real it looks: of 46 pixels at a depth of 3, of 190 at 5."""

    def __init__(self, channels: int = 3, depth: int = 3, width: int = 48) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, *[4 * width] * (depth - 2))
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(4 * width, 1, 4, 1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 1, H / 2^depth - 1, W / 2^depth - 1)."""
        found: Tensor = self.layers(x * 2 - 1)
        return found
