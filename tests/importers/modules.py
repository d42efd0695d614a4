"""Small modules of the families whose state dicts are recognised, with their authors' own names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class UnetBlock(nn.Module):
    """As pytorch-CycleGAN-and-pix2pix nests it."""

    def __init__(self, outer: int, inner: int, within: nn.Module | None, norm: Callable[[int], nn.Module], last: bool):
        super().__init__()
        self.last = last
        bias = norm is not nn.BatchNorm2d
        down = nn.Conv2d(3 if last else outer, inner, 4, 2, 1, bias=bias)
        if last:
            up = nn.ConvTranspose2d(inner * 2, outer, 4, 2, 1)
            layers = [down, within, nn.ReLU(), up, nn.Tanh()]
        elif within is None:
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=bias)
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, norm(outer)]
        else:
            up = nn.ConvTranspose2d(inner * 2, outer, 4, 2, 1, bias=bias)
            layers = [nn.LeakyReLU(0.2), down, norm(inner), within, nn.ReLU(), up, norm(outer), nn.Dropout(0.5)]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.last else torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    def __init__(self, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        block = UnetBlock(8, 8, None, norm, False)
        block = UnetBlock(4, 8, block, norm, False)
        self.model = UnetBlock(3, 4, block, norm, True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class ResnetBlock(nn.Module):
    def __init__(self, channels: int, dropout: bool) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU()]
        layers += [nn.Dropout(0.5)] if dropout else []
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels)]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class Resnet(nn.Module):
    def __init__(self, dropout: bool) -> None:
        super().__init__()
        norm = nn.InstanceNorm2d
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), norm(4), nn.ReLU()]
        for c in (4, 8):
            layers += [nn.Conv2d(c, c * 2, 3, 2, 1), norm(c * 2), nn.ReLU()]
        layers += [ResnetBlock(16, dropout), ResnetBlock(16, dropout)]
        for c in (16, 8):
            layers += [nn.ConvTranspose2d(c, c // 2, 3, 2, 1, output_padding=1), norm(c // 2), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(4, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Dcgan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths, layers = [12, 8, 4], [nn.ConvTranspose2d(10, 12, 4, 1, 0, bias=False), nn.BatchNorm2d(12), nn.ReLU()]
        for a, b in pairwise(widths):
            layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x)


class Srvgg(nn.Module):
    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        layers = [nn.Conv2d(3, 6, 3, 1, 1), nn.PReLU(6), nn.Conv2d(6, 6, 3, 1, 1), nn.PReLU(6)]
        self.body = nn.ModuleList([*layers, nn.Conv2d(6, 3 * scale * scale, 3, 1, 1)])

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class Espcn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 5, 1, 2), nn.Conv2d(8, 8, 3, 1, 1)
        self.conv3, self.conv4 = nn.Conv2d(8, 4, 3, 1, 1), nn.Conv2d(4, 9, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv3(self.conv2(self.conv1(x).relu()).relu()).relu()
        return F.pixel_shuffle(self.conv4(x), 3)


class Srcnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 9, padding=4), nn.Conv2d(8, 4, 5, padding=2)
        self.conv3 = nn.Conv2d(4, 1, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(self.conv2(self.conv1(x).relu()).relu())


class Johnson(nn.Module):
    class Conv(nn.Module):
        def __init__(self, i: int, o: int, k: int, stride: int = 1, up: int = 1) -> None:
            super().__init__()
            self.up, self.reflection_pad = up, nn.ReflectionPad2d(k // 2)
            self.conv2d = nn.Conv2d(i, o, k, stride)

        def forward(self, x: Tensor) -> Tensor:
            x = F.interpolate(x, scale_factor=self.up, mode="nearest") if self.up > 1 else x
            return self.conv2d(self.reflection_pad(x))

    class Block(nn.Module):
        def __init__(self, c: int) -> None:
            super().__init__()
            self.conv1, self.in1 = Johnson.Conv(c, c, 3), nn.InstanceNorm2d(c, affine=True)
            self.conv2, self.in2 = Johnson.Conv(c, c, 3), nn.InstanceNorm2d(c, affine=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.in2(self.conv2(self.in1(self.conv1(x)).relu())) + x

    def __init__(self) -> None:
        super().__init__()
        norm = functools.partial(nn.InstanceNorm2d, affine=True)
        self.conv1, self.in1 = Johnson.Conv(3, 4, 9), norm(4)
        self.conv2, self.in2 = Johnson.Conv(4, 8, 3, 2), norm(8)
        self.conv3, self.in3 = Johnson.Conv(8, 16, 3, 2), norm(16)
        self.res1, self.res2 = Johnson.Block(16), Johnson.Block(16)
        self.deconv1, self.in4 = Johnson.Conv(16, 8, 3, up=2), norm(8)
        self.deconv2, self.in5 = Johnson.Conv(8, 4, 3, up=2), norm(4)
        self.deconv3 = Johnson.Conv(4, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        for k in "123":
            x = getattr(self, f"in{k}")(getattr(self, f"conv{k}")(x)).relu()
        x = self.res2(self.res1(x))
        x = self.in5(self.deconv2(self.in4(self.deconv1(x)).relu())).relu()
        return self.deconv3(x)


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, 6, 4, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 4, 2, 1), nn.ReLU()]
        self.encoder = nn.Sequential(*layers)
        layers = [nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.Sigmoid()]
        self.decoder = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


FAMILIES: dict[str, tuple[str, Callable[[], nn.Module], tuple[int, ...]]] = {
    "pix2pix": ("pix2pix", lambda: Unet(nn.BatchNorm2d), (3, 32, 32)),
    "pix2pix with instance norm": ("pix2pix", lambda: Unet(nn.InstanceNorm2d), (3, 32, 32)),
    "cyclegan": ("cyclegan", lambda: Resnet(False), (3, 24, 24)),
    "cyclegan with dropout": ("cyclegan", lambda: Resnet(True), (3, 24, 24)),
    "dcgan": ("dcgan", Dcgan, (10, 1, 1)),
    "srvgg x2": ("srvgg", lambda: Srvgg(2), (3, 12, 10)),
    "srvgg x4": ("srvgg", lambda: Srvgg(4), (3, 12, 10)),
    "espcn": ("espcn", Espcn, (1, 12, 10)),
    "srcnn": ("srcnn", Srcnn, (1, 12, 10)),
    "johnson": ("johnson", Johnson, (3, 32, 24)),
    "autoencoder": ("autoencoder", Autoencoder, (3, 16, 16)),
}


def made(name: str, seed: int = 0) -> tuple[str, nn.Module, Tensor]:
    """Its architecture, the module with random weights and statistics, and a picture for it."""
    torch.manual_seed(seed)
    arch, build, shape = FAMILIES[name]
    module = build().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return arch, module, torch.randn(1, *shape)
