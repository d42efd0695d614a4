"""Generators and U-Nets of courses: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def same(i: int, o: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2)


def row(i: int, o: int) -> list[nn.Module]:
    return [same(i, o), nn.BatchNorm2d(o), nn.ReLU(), same(o, o), nn.BatchNorm2d(o), nn.ReLU()]


class Conv(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Model(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


# -- U-Nets -----------------------------------------------------------------------------------------------------------


class ListedUnet(nn.Module):
    def __init__(self, classes: int = 1) -> None:
        super().__init__()
        self.downs = nn.ModuleList([Conv(*row(3, 4)), Conv(*row(4, 8))])
        ups = [nn.ConvTranspose2d(16, 8, 2, 2), Conv(*row(16, 8)), nn.ConvTranspose2d(8, 4, 2, 2), Conv(*row(8, 4))]
        self.ups, self.bottleneck = nn.ModuleList(ups), Conv(*row(8, 16))
        self.final_conv = nn.Conv2d(4, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.downs[0](x)
        two = self.downs[1](F.max_pool2d(one, 2))
        x = self.ups[0](self.bottleneck(F.max_pool2d(two, 2)))
        x = self.ups[2](self.ups[1](torch.cat([two, x], 1)))
        x = self.final_conv(self.ups[3](torch.cat([one, x], 1)))
        return x.sigmoid() if x.shape[1] == 1 else x.softmax(1)


class Gate(nn.Module):
    def __init__(self, c: int, i: int) -> None:
        super().__init__()
        self.W_g = nn.Sequential(nn.Conv2d(c, i, 1), nn.BatchNorm2d(i))
        self.W_x = nn.Sequential(nn.Conv2d(c, i, 1), nn.BatchNorm2d(i))
        self.psi = nn.Sequential(nn.Conv2d(i, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, gate: Tensor, x: Tensor) -> Tensor:
        return x * self.psi(F.relu(self.W_g(gate) + self.W_x(x)))


class Up(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), same(i, o), nn.BatchNorm2d(o), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.up(x)


class NumberedUnet(nn.Module):
    def __init__(self, attention: bool = False) -> None:
        super().__init__()
        widths = [3, 2, 4, 6, 8, 10]
        for k in range(1, 6):
            setattr(self, f"Conv{k}", Conv(*row(widths[k - 1], widths[k])))
        for k in range(5, 1, -1):
            setattr(self, f"Up{k}", Up(widths[k], widths[k - 1]))
            setattr(self, f"Up_conv{k}", Conv(*row(widths[k - 1] * 2, widths[k - 1])))
            if attention:
                setattr(self, f"Att{k}", Gate(widths[k - 1], 2))
        self.Conv_1x1 = nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.Conv1(x)]
        for k in range(2, 6):
            maps.append(getattr(self, f"Conv{k}")(F.max_pool2d(maps[-1], 2)))
        x = maps[4]
        for k in range(5, 1, -1):
            x, skip = getattr(self, f"Up{k}")(x), maps[k - 2]
            skip = getattr(self, f"Att{k}")(x, skip) if hasattr(self, f"Att{k}") else skip
            x = getattr(self, f"Up_conv{k}")(torch.cat([skip, x], 1))
        return self.Conv_1x1(x).sigmoid()


def coded(i: int, o: int, code: str) -> nn.Sequential:
    made = nn.Sequential()
    for k in (1, 2):
        made.add_module(f"{code}conv{k}", nn.Conv2d(i if k == 1 else o, o, 3, padding=1, bias=False))
        made.add_module(f"{code}norm{k}", nn.BatchNorm2d(o))
        made.add_module(f"{code}relu{k}", nn.ReLU())
    return made


class CodedUnet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = [3, 2, 4, 6, 8]
        for k in range(1, 5):
            setattr(self, f"encoder{k}", coded(widths[k - 1], widths[k], f"enc{k}"))
        self.bottleneck, below = coded(8, 10, "bottleneck"), [4, 6, 8, 10]
        for k in range(4, 0, -1):
            setattr(self, f"upconv{k}", nn.ConvTranspose2d(below[k - 1], widths[k], 2, 2))
            setattr(self, f"decoder{k}", coded(2 * widths[k], widths[k], f"dec{k}"))
        self.conv = nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for k in range(1, 5):
            maps.append(getattr(self, f"encoder{k}")(F.max_pool2d(maps[-1], 2) if maps else x))
        x = self.bottleneck(F.max_pool2d(maps[-1], 2))
        for k in range(4, 0, -1):
            up = getattr(self, f"upconv{k}")(x)
            x = getattr(self, f"decoder{k}")(torch.cat([up, maps[k - 1]], 1))
        return self.conv(x).sigmoid()


# -- pix2pix ----------------------------------------------------------------------------------------------------------


class ModelsPix2Pix(nn.Module):
    def __init__(self, f: int = 2) -> None:
        super().__init__()
        widths = [3, f, 2 * f, 4 * f, *[8 * f] * 5]
        for k in range(1, 9):
            norm = [] if k in (1, 8) else [nn.InstanceNorm2d(widths[k])]
            layers = [nn.Conv2d(widths[k - 1], widths[k], 4, 2, 1, bias=False), *norm, nn.LeakyReLU(0.2)]
            setattr(self, f"down{k}", Model(*layers, *([nn.Dropout(0.5)] if k > 3 else [])))
        ups = [(8, 8), (16, 8), (16, 8), (16, 8), (16, 4), (8, 2), (4, 1)]
        for k, (i, o) in enumerate(ups, 1):
            layers = [nn.ConvTranspose2d(i * f, o * f, 4, 2, 1, bias=False), nn.InstanceNorm2d(o * f), nn.ReLU()]
            setattr(self, f"up{k}", Model(*layers, *([nn.Dropout(0.5)] if k < 5 else [])))
        border = nn.ZeroPad2d((1, 0, 1, 0))
        self.final = nn.Sequential(nn.Upsample(scale_factor=2), border, nn.Conv2d(2 * f, 3, 4, padding=1), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for k in range(1, 9):
            x = getattr(self, f"down{k}")(x)
            maps.append(x)
        for k in range(1, 8):
            x = torch.cat([getattr(self, f"up{k}")(x), maps[7 - k]], 1)
        return self.final(x)


class ReflectingPix2Pix(nn.Module):
    def __init__(self, f: int = 2) -> None:
        super().__init__()
        how = {"padding_mode": "reflect"}
        self.initial_down = nn.Sequential(nn.Conv2d(3, f, 4, 2, 1, **how), nn.LeakyReLU(0.2))
        for k, (i, o) in enumerate([(1, 2), (2, 4), (4, 8), (8, 8), (8, 8), (8, 8)], 1):
            down = nn.Conv2d(i * f, o * f, 4, 2, 1, bias=False, **how)
            setattr(self, f"down{k}", Conv(down, nn.BatchNorm2d(o * f), nn.LeakyReLU(0.2)))
        self.bottleneck = nn.Sequential(nn.Conv2d(8 * f, 8 * f, 4, 2, 1), nn.ReLU())
        for k, (i, o) in enumerate([(8, 8), (16, 8), (16, 8), (16, 8), (16, 4), (8, 2), (4, 1)], 1):
            up = nn.ConvTranspose2d(i * f, o * f, 4, 2, 1, bias=False)
            setattr(self, f"up{k}", Conv(up, nn.BatchNorm2d(o * f), nn.ReLU()))
        self.final_up = nn.Sequential(nn.ConvTranspose2d(2 * f, 3, 4, 2, 1), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.initial_down(x)]
        for k in range(1, 7):
            maps.append(getattr(self, f"down{k}")(maps[-1]))
        x = self.up1(self.bottleneck(maps[-1]))
        for k in range(2, 8):
            x = getattr(self, f"up{k}")(torch.cat([x, maps[8 - k]], 1))
        return self.final_up(torch.cat([x, maps[0]], 1))


# -- CycleGAN ---------------------------------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self, c: int, part: str) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c)]
        self.part = part
        last = [nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c)]
        setattr(self, part, nn.Sequential(*layers, nn.ReLU(), *last))

    def forward(self, x: Tensor) -> Tensor:
        return x + getattr(self, self.part)(x)


def transposed(i: int, o: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(i, o, 3, 2, 1, 1)]


def repeated(i: int, o: int) -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2), same(i, o)]


def mirrored(i: int, o: int) -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(i, o, 3)]


class RowCycleGan(nn.Module):
    def __init__(self, row: str, part: str, up: Callable[[int, int], list[nn.Module]]) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), nn.InstanceNorm2d(4), nn.ReLU()]
        for c in (4, 8):
            layers += [nn.Conv2d(c, 2 * c, 3, 2, 1), nn.InstanceNorm2d(2 * c), nn.ReLU()]
        layers += [Residual(16, part), Residual(16, part)]
        for c in (16, 8):
            layers += [*up(c, c // 2), nn.InstanceNorm2d(c // 2), nn.ReLU()]
        self.row = row
        setattr(self, row, nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(4, 3, 7), nn.Tanh()))

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self, self.row)(x)


def reflecting(i: int, o: int, kernel: int = 3, stride: int = 1, act: bool = True) -> list[nn.Module]:
    conv = nn.Conv2d(i, o, kernel, stride, kernel // 2, padding_mode="reflect")
    return [conv, nn.InstanceNorm2d(o), nn.ReLU() if act else nn.Identity()]


class Block(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.block = nn.Sequential(Conv(*reflecting(c, c)), Conv(*reflecting(c, c, act=False)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class PartsCycleGan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.initial = nn.Sequential(*reflecting(3, 4, 7))
        self.down_blocks = nn.ModuleList([Conv(*reflecting(4, 8, stride=2)), Conv(*reflecting(8, 16, stride=2))])
        self.res_blocks = nn.Sequential(Block(16), Block(16))
        ups = [[*transposed(c, c // 2), nn.InstanceNorm2d(c // 2), nn.ReLU()] for c in (16, 8)]
        self.up_blocks = nn.ModuleList([Conv(*up) for up in ups])
        self.last = nn.Conv2d(4, 3, 7, 1, 3, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        x = self.initial(x)
        for layer in (*self.down_blocks, self.res_blocks, *self.up_blocks):
            x = layer(x)
        return torch.tanh(self.last(x))


# -- SRGAN ------------------------------------------------------------------------------------------------------------


class Part(nn.Module):
    def __init__(self, i: int, o: int, kernel: int = 3, act: bool = True, norm: bool = True) -> None:
        super().__init__()
        self.cnn = nn.Conv2d(i, o, kernel, padding=kernel // 2, bias=not norm)
        self.bn = nn.BatchNorm2d(o) if norm else nn.Identity()
        self.act = nn.PReLU(o) if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.cnn(x)))


class TwoParts(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.block1, self.block2 = Part(c, c), Part(c, c, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block2(self.block1(x))


class Larger(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.ps, self.act = same(c, 4 * c), nn.PixelShuffle(2), nn.PReLU(c)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.ps(self.conv(x)))


class PartsSrGan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.initial, self.convblock = Part(3, 4, 9, norm=False), Part(4, 4, act=False)
        self.residuals, self.upsamples = nn.Sequential(TwoParts(4), TwoParts(4)), nn.Sequential(Larger(4), Larger(4))
        self.final = same(4, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        x = self.initial(x)
        return torch.tanh(self.final(self.upsamples(self.convblock(self.residuals(x)) + x)))


class ConvBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        norms = nn.BatchNorm2d(c, 0.8), nn.BatchNorm2d(c, 0.8)
        self.conv_block = nn.Sequential(same(c, c), norms[0], nn.PReLU(), same(c, c), norms[1])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class RowsSrGan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(same(3, 4, 9), nn.PReLU())
        self.res_blocks = nn.Sequential(ConvBlock(4), ConvBlock(4))
        self.conv2 = nn.Sequential(same(4, 4), nn.BatchNorm2d(4, 0.8))
        ups = [[same(4, 16), nn.BatchNorm2d(16), nn.PixelShuffle(2), nn.PReLU()] for _ in range(2)]
        self.upsampling = nn.Sequential(*ups[0], *ups[1])
        self.conv3 = nn.Sequential(same(4, 3, 9), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        return self.conv3(self.upsampling(x + self.conv2(self.res_blocks(x))))


# -- DCGAN ------------------------------------------------------------------------------------------------------------


def digits() -> nn.Module:
    """Of a course: strides of 2, 1, 2, 2 and no borders."""
    sizes = [(10, 16, 3, 2), (16, 8, 4, 1), (8, 4, 3, 2)]
    rows = [nn.Sequential(nn.ConvTranspose2d(*each), nn.BatchNorm2d(each[1]), nn.ReLU()) for each in sizes]
    made = nn.Module()
    made.gen = nn.Sequential(*rows, nn.Sequential(nn.ConvTranspose2d(4, 1, 4, 2), nn.Tanh()))
    made.forward = made.gen.forward
    return made


def doubling(kernel: int) -> nn.Module:
    """A row whose kernels are not of 4."""
    how = {"stride": 2, "padding": (kernel - 1) // 2, "output_padding": kernel % 2, "bias": False}
    layers = [nn.ConvTranspose2d(10, 12, 4, bias=False), nn.BatchNorm2d(12), nn.ReLU()]
    layers += [nn.ConvTranspose2d(12, 6, kernel, **how), nn.BatchNorm2d(6), nn.ReLU()]
    made = nn.Module()
    made.main = nn.Sequential(*layers, nn.ConvTranspose2d(6, 3, kernel, **how), nn.Tanh())
    made.forward = made.main.forward
    return made


def ending_in_one() -> nn.Module:
    made = doubling(4)
    made.main[-2] = nn.ConvTranspose2d(6, 3, 1, bias=False)
    return made


class UpsamplingAutoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU()]
        self.encoder = nn.Sequential(*layers)
        layers = [nn.Upsample(scale_factor=2), same(8, 4), nn.BatchNorm2d(4), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Upsample(scale_factor=2), same(4, 3), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class DroppingAutoencoder(UpsamplingAutoencoder):
    def __init__(self) -> None:
        super().__init__()
        layers = [nn.ConvTranspose2d(8, 4, 3, 2, 1, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2)]
        self.decoder = nn.Sequential(*layers, nn.ConvTranspose2d(4, 3, 3, 2, 1, 1), nn.Sigmoid())


COURSES = {
    "autoencoder, dropping": ("autoencoder", DroppingAutoencoder, (3, 16, 24)),
    "autoencoder, enlarged": ("autoencoder", UpsamplingAutoencoder, (3, 16, 24)),
    "dcgan ending in 1": ("dcgan", ending_in_one, (10, 1, 1)),
    "unet listed": ("tutorial-unet", ListedUnet, (3, 32, 48)),
    "unet listed, classes": ("tutorial-unet", lambda: ListedUnet(3), (3, 16, 32)),
    "unet numbered": ("tutorial-unet", NumberedUnet, (3, 32, 48)),
    "unet numbered, attention": ("tutorial-unet", lambda: NumberedUnet(True), (3, 48, 32)),
    "unet coded": ("tutorial-unet", CodedUnet, (3, 32, 48)),
    "pix2pix in models": ("tutorial-pix2pix", ModelsPix2Pix, (3, 256, 256)),
    "pix2pix reflecting": ("tutorial-pix2pix", ReflectingPix2Pix, (3, 256, 256)),
    "cyclegan, main and res": ("cyclegan", lambda: RowCycleGan("main", "res", transposed), (3, 32, 48)),
    "cyclegan, repeated": ("cyclegan", lambda: RowCycleGan("model", "block", repeated), (3, 48, 32)),
    "cyclegan, mirrored": ("cyclegan", lambda: RowCycleGan("model", "conv_block", mirrored), (3, 32, 48)),
    "cyclegan in parts": ("tutorial-cyclegan", PartsCycleGan, (3, 32, 48)),
    "srgan in parts": ("tutorial-srgan", PartsSrGan, (3, 12, 20)),
    "srgan in rows": ("tutorial-srgan", RowsSrGan, (3, 12, 20)),
    "dcgan of digits": ("dcgan", digits, (10, 1, 1)),
    "dcgan of 5": ("dcgan", lambda: doubling(5), (10, 1, 1)),
    "dcgan of 3": ("dcgan", lambda: doubling(3), (10, 1, 1)),
    "dcgan of 6": ("dcgan", lambda: doubling(6), (10, 1, 1)),
}
