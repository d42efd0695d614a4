"""More families whose state dicts are recognised: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _same(i: int, o: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2)


def _shuffled(i: int, scale: int) -> nn.Sequential:
    return nn.Sequential(_same(i, 3 * scale**2), nn.PixelShuffle(scale))


class ImdModule(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.d, self.r = c // 4, c - c // 4
        self.c1, self.c2, self.c3 = _same(c, c), _same(self.r, c), _same(self.r, c)
        self.c4, self.c5 = _same(self.r, self.d), _same(c, c, 1)
        self.cca = nn.Module()
        self.cca.conv_du = nn.Sequential(nn.Conv2d(c, 2, 1), nn.ReLU(), nn.Conv2d(2, c, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        kept, y = [], x
        for conv in (self.c1, self.c2, self.c3):
            part, y = torch.split(F.leaky_relu(conv(y), 0.05), (self.d, self.r), 1)
            kept.append(part)
        out = torch.cat([*kept, self.c4(y)], 1)
        mean = out.mean((2, 3), keepdim=True)
        contrast = (out - mean).pow(2).mean((2, 3), keepdim=True).pow(0.5)
        return self.c5(out * self.cca.conv_du(contrast + mean)) + x


class Imdn(nn.Module):
    def __init__(self, any_factor: bool = False) -> None:
        super().__init__()
        c = 8
        first = [nn.Conv2d(3, c, 3, 2, 1), nn.LeakyReLU(0.05), nn.Conv2d(c, c, 3, 2, 1)]
        self.fea_conv = nn.Sequential(*first) if any_factor else _same(3, c)
        self.IMDB1, self.IMDB2 = ImdModule(c), ImdModule(c)
        self.c = nn.Sequential(nn.Conv2d(2 * c, c, 1), nn.LeakyReLU(0.05))
        self.LR_conv, self.upsampler = _same(c, c), _shuffled(c, 4)

    def forward(self, x: Tensor) -> Tensor:
        start = self.fea_conv(x)
        one = self.IMDB1(start)
        return self.upsampler(self.LR_conv(self.c(torch.cat([one, self.IMDB2(one)], 1))) + start)


class Esa(nn.Module):
    def __init__(self, c: int, wide: bool) -> None:
        super().__init__()
        f = max(c // 4, 2)
        self.conv1, self.conv_f, self.conv4 = nn.Conv2d(c, f, 1), nn.Conv2d(f, f, 1), nn.Conv2d(f, c, 1)
        self.conv2, self.conv3 = nn.Conv2d(f, f, 3, 2), _same(f, f)
        if wide:
            self.conv_max, self.conv3_ = _same(f, f), _same(f, f)
        self.wide = wide

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        y = F.max_pool2d(self.conv2(narrow), 7, 3)
        y = self.conv3_(self.conv3(self.conv_max(y).relu()).relu()) if self.wide else self.conv3(y)
        y = F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(y + self.conv_f(narrow)))


class Rfdb(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        for k in (1, 2, 3):
            setattr(self, f"c{k}_d", nn.Conv2d(c, c // 2, 1))
            setattr(self, f"c{k}_r", _same(c, c))
        self.c4, self.c5, self.esa = _same(c, c // 2), nn.Conv2d(c * 2, c, 1), Esa(c, True)

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for k in (1, 2, 3):
            parts.append(F.leaky_relu(getattr(self, f"c{k}_d")(x), 0.05))
            x = F.leaky_relu(getattr(self, f"c{k}_r")(x) + x, 0.05)
        parts.append(F.leaky_relu(self.c4(x), 0.05))
        return self.esa(self.c5(torch.cat(parts, 1)))


class Rfdn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        c = 8
        self.fea_conv, self.B1, self.B2 = _same(3, c), Rfdb(c), Rfdb(c)
        self.c = nn.Sequential(nn.Conv2d(2 * c, c, 1), nn.LeakyReLU(0.05))
        self.LR_conv, self.upsampler = _same(c, c), _shuffled(c, 2)

    def forward(self, x: Tensor) -> Tensor:
        start = self.fea_conv(x)
        one = self.B1(start)
        return self.upsampler(self.LR_conv(self.c(torch.cat([one, self.B2(one)], 1))) + start)


class Rlfb(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = _same(c, c), _same(c, c), _same(c, c)
        self.c5, self.esa = nn.Conv2d(c, c, 1), Esa(c, False)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for conv in (self.c1_r, self.c2_r, self.c3_r):
            y = F.leaky_relu(conv(y), 0.05)
        return self.esa(self.c5(y + x))


class Rlfn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        c = 8
        self.conv_1, self.block_1, self.block_2 = _same(3, c), Rlfb(c), Rlfb(c)
        self.conv_2, self.upsampler = _same(c, c), _shuffled(c, 3)

    def forward(self, x: Tensor) -> Tensor:
        start = self.conv_1(x)
        return self.upsampler(self.conv_2(self.block_2(self.block_1(start))) + start)


class EdsrBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_same(c, c), nn.ReLU(), _same(c, c))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) * (0.1 if x.shape[1] >= 256 else 1.0)


class Edsr(nn.Module):
    def __init__(self, scale: int = 4, c: int = 8) -> None:
        super().__init__()
        self.sub_mean, self.add_mean = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        for sign, shift in ((-1, self.sub_mean), (1, self.add_mean)):
            shift.weight.data = torch.eye(3).view(3, 3, 1, 1)
            shift.bias.data = sign * 255 * torch.tensor([0.4488, 0.4371, 0.4040])
        self.head = nn.Sequential(_same(3, c))
        self.body = nn.Sequential(EdsrBlock(c), EdsrBlock(c), _same(c, c))
        steps = [2, 2] if scale == 4 else [scale]
        up = [layer for step in steps for layer in (_same(c, c * step**2), nn.PixelShuffle(step))]
        self.tail = nn.Sequential(nn.Sequential(*up), _same(c, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(self.body(x) + x))


class Residual(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c), nn.ReLU()]
        self.conv_block = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


def _filter(row: list[float], channels: int, gain: float) -> Tensor:
    line = torch.tensor(row)
    kernel = line[:, None] * line[None] / line.sum() ** 2 * gain
    return kernel[None, None].repeat(channels, 1, 1, 1)


class Down(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.register_buffer("filt", _filter([1, 2, 1], c, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=x.shape[1])


class Up(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.register_buffer("filt", _filter([1, 3, 3, 1], c, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv_transpose2d(x, self.filt, stride=2, padding=2, groups=x.shape[1])[:, :, 1:, 1:][:, :, :-1, :-1]


class Cut(nn.Module):
    def __init__(self, blurred_up: bool = True) -> None:
        super().__init__()
        norm = nn.InstanceNorm2d
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), norm(4), nn.ReLU()]
        for c in (4, 8):
            layers += [nn.Conv2d(c, c * 2, 3, 1, 1), norm(c * 2), nn.ReLU(), Down(c * 2)]
        layers += [Residual(16), Residual(16)]
        for c in (16, 8):
            if blurred_up:
                layers += [Up(c), nn.Conv2d(c, c // 2, 3, 1, 1), norm(c // 2), nn.ReLU()]
            else:
                layers += [nn.ConvTranspose2d(c, c // 2, 3, 2, 1, output_padding=1), norm(c // 2), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(4, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class LocalEnhancer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        norm = nn.InstanceNorm2d
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, 8, 7), norm(8), nn.ReLU()]
        layers += [nn.Conv2d(8, 16, 3, 2, 1), norm(16), nn.ReLU(), Residual(16)]
        layers += [nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1), norm(8), nn.ReLU()]
        self.model = nn.Sequential(*layers)
        down = [nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), norm(4), nn.ReLU()]
        self.model1_1 = nn.Sequential(*down, nn.Conv2d(4, 8, 3, 2, 1), norm(8), nn.ReLU())
        up = [Residual(8), nn.ConvTranspose2d(8, 4, 3, 2, 1, output_padding=1), norm(4), nn.ReLU()]
        self.model1_2 = nn.Sequential(*up, nn.ReflectionPad2d(3), nn.Conv2d(4, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        small = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return self.model1_2(self.model1_1(x) + self.model(small))


class Bottleneck(nn.Module):
    def __init__(self, i: int, o: int, stride: int = 1, wide: int = 1) -> None:
        super().__init__()
        self.residual, t = stride == 1 and i == o, i * wide
        self.conv1, self.in1 = nn.Conv2d(i, t, 1, bias=False), nn.InstanceNorm2d(t, affine=True)
        self.conv2, self.in2 = nn.Conv2d(t, t, 3, stride, groups=t, bias=False), nn.InstanceNorm2d(t, affine=True)
        self.conv3, self.in3 = nn.Conv2d(t, o, 1, bias=False), nn.InstanceNorm2d(o, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        y = F.pad(F.relu6(self.in1(self.conv1(x))), (1, 1, 1, 1), mode="reflect")
        y = self.in3(self.conv3(F.relu6(self.in2(self.conv2(y)))))
        return x + y if self.residual else y


class MobilePainter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.in1 = nn.Conv2d(3, 4, 9, bias=False), nn.InstanceNorm2d(4, affine=True)
        self.conv2, self.conv3 = Bottleneck(4, 6, 2), Bottleneck(6, 8, 2, 2)
        self.res1, self.res2 = Bottleneck(8, 8), Bottleneck(8, 8)
        self.upconv1, self.upconv2 = nn.Module(), nn.Module()
        self.upconv1.conv1, self.upconv2.conv1 = Bottleneck(8, 6), Bottleneck(6, 4)
        self.conv4 = nn.Conv2d(4, 3, 9, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.in1(self.conv1(F.pad(x, (4,) * 4, mode="reflect"))).relu()
        x = self.res2(self.res1(self.conv3(self.conv2(x))))
        for up in (self.upconv1, self.upconv2):
            x = up.conv1(F.interpolate(x, scale_factor=2.0)).relu()
        return self.conv4(F.pad(x, (4,) * 4, mode="reflect"))


class ConvLayer(nn.Module):
    def __init__(self, i: int, o: int, kernel: int, stride: int = 1, norm: bool = True) -> None:
        super().__init__()
        self.border, self.conv_layer = kernel // 2, nn.Conv2d(i, o, kernel, stride)
        if norm:
            self.norm_layer = nn.InstanceNorm2d(o, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_layer(F.pad(x, (self.border,) * 4, mode="reflect"))
        return self.norm_layer(x) if hasattr(self, "norm_layer") else x


class ResidualLayer(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = ConvLayer(c, c, 3), ConvLayer(c, c, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x).relu()) + x


class DeconvLayer(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv_transpose = nn.ConvTranspose2d(i, o, 3, 2, 1, 1)
        self.norm_layer = nn.InstanceNorm2d(o, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm_layer(self.conv_transpose(x))


class BlockPainter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        relu = nn.ReLU()
        self.ConvBlock = nn.Sequential(
            ConvLayer(3, 4, 9), relu, ConvLayer(4, 6, 3, 2), relu, ConvLayer(6, 8, 3, 2), relu
        )
        self.ResidualBlock = nn.Sequential(ResidualLayer(8), ResidualLayer(8))
        last = ConvLayer(4, 3, 9, norm=False)
        self.DeconvBlock = nn.Sequential(DeconvLayer(8, 6), relu, DeconvLayer(6, 4), relu, last, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.DeconvBlock(self.ResidualBlock(self.ConvBlock(x))) * 150


class DoubleConv(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for read in (i, o):
            layers += [nn.Conv2d(read, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        self.double_conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class UNet(nn.Module):
    def __init__(self, classes: int, bilinear: bool) -> None:
        super().__init__()
        self.inc = DoubleConv(3, 4)
        half = 2 if bilinear else 1
        for k, (i, o) in enumerate(((4, 8), (8, 16 // half)), 1):
            down = nn.Module()
            down.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(i, o))
            setattr(self, f"down{k}", down)
        for k, (i, o) in enumerate(((16, 8 // half), (8, 4)), 1):
            up = nn.Module()
            up.up = (
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
                if bilinear
                else nn.ConvTranspose2d(i, i // 2, 2, 2)
            )
            up.conv = DoubleConv(i, o)
            setattr(self, f"up{k}", up)
        self.outc = nn.Module()
        self.outc.conv = nn.Conv2d(4, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.inc(x)
        two = self.down1.maxpool_conv(one)
        y = self.down2.maxpool_conv(two)
        y = self.up1.conv(torch.cat([two, self.up1.up(y)], 1))
        y = self.outc.conv(self.up2.conv(torch.cat([one, self.up2.up(y)], 1)))
        return torch.sigmoid(y) if y.shape[1] == 1 else torch.softmax(y, 1)[:, 1:2]


class Generator(nn.Module):
    """A DCGAN in parts, as many tutorials have it."""

    def __init__(self, name: str, *, parts: bool, first: int = 4) -> None:
        super().__init__()
        rows = []
        for i, o, kernel, stride, pad in ((10, 12, first, 1, 0), (12, 8, 4, 2, 1), (8, 4, 4, 2, 1)):
            rows.append([nn.ConvTranspose2d(i, o, kernel, stride, pad, bias=False), nn.BatchNorm2d(o), nn.ReLU()])
        end = [nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Tanh()]
        self.name = name
        flat = [layer for row in rows for layer in row]
        setattr(self, name, nn.Sequential(*([nn.Sequential(*row) for row in rows] if parts else flat), *end))

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self, self.name)(x)


MORE = {
    "imdn": ("imdn", Imdn, (3, 20, 24)),
    "imdn for any factor": ("imdn", lambda: Imdn(any_factor=True), (3, 32, 48)),
    "rfdn": ("rfdn", Rfdn, (3, 40, 32)),
    "rlfn": ("rlfn", Rlfn, (3, 40, 32)),
    "edsr x4": ("edsr", Edsr, (3, 12, 16)),
    "edsr x3": ("edsr", lambda: Edsr(3), (3, 12, 16)),
    "edsr, large": ("edsr", lambda: Edsr(2, 256), (3, 8, 8)),
    "cut": ("cut", Cut, (3, 24, 32)),
    "cut, transposed": ("cut", lambda: Cut(False), (3, 24, 32)),
    "pix2pixhd, local": ("pix2pixhd-local", LocalEnhancer, (3, 32, 48)),
    "mobile painter": ("mobile-painter", MobilePainter, (3, 24, 32)),
    "block painter": ("block-painter", BlockPainter, (3, 24, 32)),
    "unet": ("unet", lambda: UNet(1, False), (3, 16, 24)),
    "unet, bilinear, two classes": ("unet", lambda: UNet(2, True), (3, 16, 24)),
    "dcgan in parts": ("dcgan", lambda: Generator("net", parts=True), (10, 1, 1)),
    "dcgan in a row": ("dcgan", lambda: Generator("gen", parts=False, first=6), (10, 1, 1)),
}
"""The architecture, the module and what it is fed, by a name for people."""
