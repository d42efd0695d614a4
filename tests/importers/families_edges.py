"""Families of edges and of enlarging: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _bilinear(size: int) -> Tensor:
    factor, centre = (size + 1) // 2, size / 2 - 0.5
    line = 1 - (torch.arange(size) - centre).abs() / factor
    return (line[:, None] * line)[None, None]


class Rcf(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths, i = (4, 5, 6, 7, 7), 3
        for stage, (o, count) in enumerate(zip(widths, (2, 2, 3, 3, 3), strict=True), 1):
            for k in range(1, count + 1):
                wide = 2 if stage == 5 else 1
                setattr(self, f"conv{stage}_{k}", nn.Conv2d(i, o, 3, padding=wide, dilation=wide))
                setattr(self, f"conv{stage}_{k}_down", nn.Conv2d(o, 3, 1))
                i = o
            setattr(self, f"score_dsn{stage}", nn.Conv2d(3, 1, 1))
        self.score_fuse = nn.Conv2d(5, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        high, wide = x.shape[2:]
        scores = []
        for stage, count in enumerate((2, 2, 3, 3, 3), 1):
            if stage > 1:
                x = F.max_pool2d(x, 2, 2 if stage < 5 else 1, ceil_mode=True)
            total: Tensor | float = 0.0
            for k in range(1, count + 1):
                x = getattr(self, f"conv{stage}_{k}")(x).relu()
                total = total + getattr(self, f"conv{stage}_{k}_down")(x)
            score = getattr(self, f"score_dsn{stage}")(total)
            if stage > 1:
                kernel, step, cut = ((4, 2, 1), (8, 4, 2), (16, 8, 4), (16, 8, 0))[stage - 2]
                score = F.conv_transpose2d(score, _bilinear(kernel), stride=step)
                score = score[:, :, cut : cut + high, cut : cut + wide]
            scores.append(score)
        return torch.sigmoid(self.score_fuse(torch.cat(scores, 1)))


def differences(x: Tensor, weight: Tensor, kind: str, groups: int) -> Tensor:
    """Convolutions of differences of pixels, as their authors write them."""
    if kind == "cd":
        total = F.conv2d(x, weight.sum((2, 3), keepdim=True), groups=groups)
        return F.conv2d(x, weight, padding=1, groups=groups) - total
    flat = weight.flatten(2)
    if kind == "ad":
        turned = (flat - flat[:, :, [3, 0, 1, 6, 4, 2, 7, 8, 5]]).view_as(weight)
        return F.conv2d(x, turned, padding=1, groups=groups)
    if kind == "rd":
        held = torch.zeros(*flat.shape[:2], 25)
        held[:, :, [0, 2, 4, 10, 14, 20, 22, 24]] = flat[:, :, 1:]
        held[:, :, [6, 7, 8, 11, 13, 16, 17, 18]] = -flat[:, :, 1:]
        return F.conv2d(x, held.view(*flat.shape[:2], 5, 5), padding=2, groups=groups)
    return F.conv2d(x, weight, padding=weight.shape[2] // 2, groups=groups)


class Differing(nn.Module):
    def __init__(self, kind: str, i: int, o: int, groups: int = 1, kernel: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i // groups, kernel, kernel) * 0.3)
        self.kind, self.groups = kind, groups

    def forward(self, x: Tensor) -> Tensor:
        return differences(x, self.weight, self.kind, self.groups)


class PdcBlock(nn.Module):
    def __init__(self, kind: str, i: int, o: int, stride: int, kernel: int) -> None:
        super().__init__()
        self.stride = stride
        if stride > 1:
            self.shortcut = nn.Conv2d(i, o, 1)
        self.conv1 = Differing(kind, i, i, i, kernel)
        self.conv2 = nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(x, 2) if self.stride > 1 else x
        y = self.conv2(self.conv1(x).relu())
        return y + (self.shortcut(x) if self.stride > 1 else x)


class PiDiNet(nn.Module):
    def __init__(self, dil: int = 3, sa: bool = True, converted: bool = False) -> None:
        super().__init__()
        kinds = ["cd", "ad", "rd", "cv"] * 4
        kernels = [5 if converted and kind == "rd" else 3 for kind in kinds]
        kinds = ["cv"] * 16 if converted else kinds
        self.init_block, i, number = Differing(kinds[0], 3, 4), 4, 0
        wide = [4, 8, 16, 16]
        for stage, o in enumerate(wide, 1):
            for k in range(1, 4 if stage == 1 else 5):
                number += 1
                block = PdcBlock(kinds[number], i, o, 2 if k == 1 < stage else 1, kernels[number])
                setattr(self, f"block{stage}_{k}", block)
                i = o
        if dil:
            self.dilations = nn.ModuleList([self.dilated(o, dil) for o in wide])
        reads = [dil or o for o in wide]
        if sa:
            self.attentions = nn.ModuleList([self.attention(o) for o in reads])
        self.conv_reduces = nn.ModuleList([nn.ModuleDict({"conv": nn.Conv2d(o, 1, 1)}) for o in reads])
        self.classifier, self.dil, self.sa = nn.Conv2d(4, 1, 1), dil, sa

    def dilated(self, i: int, o: int) -> nn.ModuleDict:
        parts: dict[str, nn.Module] = {"conv1": nn.Conv2d(i, o, 1)}
        for k, wide in enumerate((5, 7, 9, 11), 1):
            parts[f"conv2_{k}"] = nn.Conv2d(o, o, 3, dilation=wide, padding=wide, bias=False)
        return nn.ModuleDict(parts)

    def attention(self, i: int) -> nn.ModuleDict:
        return nn.ModuleDict({"conv1": nn.Conv2d(i, 4, 1), "conv2": nn.Conv2d(4, 1, 3, padding=1, bias=False)})

    def forward(self, x: Tensor) -> Tensor:
        size, scores = x.shape[2:], []
        x = self.init_block(x)
        for stage in range(1, 5):
            for k in range(1, 4 if stage == 1 else 5):
                x = getattr(self, f"block{stage}_{k}")(x)
            y = x
            if self.dil:
                parts = self.dilations[stage - 1]
                y = parts["conv1"](y.relu())  # type: ignore[index]
                y = sum(parts[f"conv2_{k}"](y) for k in range(1, 5))  # type: ignore[index]
            if self.sa:
                parts = self.attentions[stage - 1]
                y = y * torch.sigmoid(parts["conv2"](parts["conv1"](y.relu())))  # type: ignore[index]
            score = self.conv_reduces[stage - 1]["conv"](y)  # type: ignore[index]
            scores.append(F.interpolate(score, size, mode="bilinear", align_corners=False))
        return torch.sigmoid(self.classifier(torch.cat(scores, 1)))


class Single(nn.Module):
    def __init__(self, i: int, o: int, stride: int = 1, use_bn: bool = True) -> None:
        super().__init__()
        self.conv, self.bn, self.use_bn = nn.Conv2d(i, o, 1, stride), nn.BatchNorm2d(o), use_bn

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x)) if self.use_bn else self.conv(x)


class Double(nn.Module):
    def __init__(self, i: int, mid: int, o: int, stride: int = 1, use_act: bool = True) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, mid, 3, stride, 1), nn.BatchNorm2d(mid)
        self.conv2, self.bn2 = nn.Conv2d(mid, o, 3, padding=1), nn.BatchNorm2d(o)
        self.use_act = use_act

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return x.relu() if self.use_act else x


class DenseLayer(nn.Sequential):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.add_module("conv1", nn.Conv2d(i, o, 3, padding=2))
        self.add_module("norm1", nn.BatchNorm2d(o))
        self.add_module("relu1", nn.ReLU())
        self.add_module("conv2", nn.Conv2d(o, o, 3))
        self.add_module("norm2", nn.BatchNorm2d(o))

    def forward(self, both: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        x, beside = both
        return 0.5 * (super().forward(x.relu()) + beside), beside


def _dense(count: int, i: int, o: int) -> nn.Sequential:
    made = nn.Sequential()
    for k in range(count):
        made.add_module(f"denselayer{k + 1}", DenseLayer(i if k == 0 else o, o))
    return made


class Up(nn.Module):
    def __init__(self, i: int, scale: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(scale):
            o = 1 if k == scale - 1 else 5
            layers += [nn.Conv2d(i, o, 1), nn.ReLU()]
            layers.append(nn.ConvTranspose2d(o, o, 2**scale, stride=2, padding=[0, 0, 1, 3, 7][scale]))
            i = o
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


class CoFusion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv3 = nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)
        self.norm_layer1 = nn.GroupNorm(4, 8)

    def forward(self, x: Tensor) -> Tensor:
        weights = F.softmax(self.conv3(self.norm_layer1(self.conv1(x)).relu()), 1)
        return (x * weights).sum(1).unsqueeze(1)


class DexiNed(nn.Module):
    def __init__(self, small: bool = False) -> None:
        super().__init__()
        self.small = small
        self.block_1, self.block_2 = Double(3, 4, 6, 2), Double(6, 7, 7, use_act=False)
        self.dblock_3, self.dblock_4 = _dense(2, 7, 8), _dense(3, 8, 9)
        self.side_1, self.side_2 = Single(6, 7, 2), Single(7, 8, 2)
        self.pre_dense_2, self.pre_dense_3, self.pre_dense_4 = Single(7, 8, 2), Single(7, 8), Single(8, 9)
        ups = [(6, 1), (7, 1), (8, 2), (9, 3)]
        if not small:
            self.dblock_5, self.dblock_6 = _dense(3, 9, 9), _dense(3, 9, 8)
            self.side_3, self.side_4, self.side_5 = Single(8, 9, 2), Single(9, 9), Single(9, 8)
            self.pre_dense_5, self.pre_dense_6 = Single(9, 9), Single(9, 8)
            ups += [(9, 4), (8, 4)]
        for k, (i, scale) in enumerate(ups, 1):
            setattr(self, f"up_block_{k}", Up(i, scale))
        self.block_cat = CoFusion() if small else Single(6, 1, use_bn=False)

    def forward(self, x: Tensor) -> Tensor:
        def pooled(y: Tensor) -> Tensor:
            return F.max_pool2d(y, 3, 2, 1)

        one = self.block_1(x)
        two = self.block_2(one)
        two_down = pooled(two)
        two_add = two_down + self.side_1(one)
        three, _ = self.dblock_3([two_add, self.pre_dense_3(two_down)])
        three_down = pooled(three)
        three_add = three_down + self.side_2(two_add)
        four_pre = self.pre_dense_4(three_down + self.pre_dense_2(two_down))
        four, _ = self.dblock_4([three_add, four_pre])
        maps = [one, two, three, four]
        if not self.small:
            four_down = pooled(four)
            four_add = four_down + self.side_3(three_add)
            five, _ = self.dblock_5([four_add, self.pre_dense_5(four_down)])
            six, _ = self.dblock_6([five + self.side_4(four_add), self.pre_dense_6(five)])
            maps += [five, six]
        scores = [getattr(self, f"up_block_{k}")(map_) for k, map_ in enumerate(maps, 1)]
        return torch.sigmoid(self.block_cat(torch.cat(scores, 1)))


class Shift(nn.Module):
    def __init__(self, sign: float) -> None:
        super().__init__()
        self.shifter = nn.Conv2d(3, 3, 1)
        self.shifter.weight.data = torch.eye(3)[:, :, None, None].clone()
        self.shifter.bias.data = sign * torch.tensor([0.4488, 0.4371, 0.4040])

    def forward(self, x: Tensor) -> Tensor:
        return self.shifter(x)


class Basic(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(i, o, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Residual(nn.Module):
    def __init__(self, c: int, group: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(c, c, 3, 1, 1, groups=group), nn.ReLU()]
        layers += [nn.Conv2d(c, c, 3, 1, 1, groups=group)]
        self.body = nn.Sequential(*layers, *([nn.ReLU(), nn.Conv2d(c, c, 1)] if group > 1 else []))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + x)


class Cascade(nn.Module):
    def __init__(self, c: int, blocks: list[nn.Module]) -> None:
        super().__init__()
        for k, block in enumerate(blocks, 1):
            setattr(self, f"b{k}", block)
        self.count = len(blocks)
        self.c1, self.c2, self.c3 = Basic(2 * c, c), Basic(3 * c, c), Basic(4 * c, c)

    def forward(self, x: Tensor) -> Tensor:
        gathered = x
        for k in (1, 2, 3):
            block = getattr(self, f"b{min(k, self.count)}")
            gathered = torch.cat([gathered, block(x)], 1)
            x = getattr(self, f"c{k}")(gathered)
        return x


class UpBlock(nn.Module):
    def __init__(self, c: int, scale: int, shuffles: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for factor in [3] if scale == 3 else [2] * int(math.log2(scale)):
            if shuffles:
                layers += [nn.Conv2d(c, c * factor**2, 3, 1, 1), nn.ReLU(), nn.PixelShuffle(factor)]
            else:
                layers += [nn.Upsample(scale_factor=factor), nn.Conv2d(c, c, 3, 1, 1), nn.ReLU()]
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Carn(Cascade):
    def __init__(self, group: int = 1, shuffles: bool = True, scales: tuple[int, ...] = (2, 3, 4)) -> None:
        c = 8
        count = 3 if group == 1 else 1
        super().__init__(c, [Cascade(c, [Residual(c, group) for _ in range(count)]) for _ in range(3)])
        self.sub_mean, self.add_mean = Shift(-1), Shift(1)
        self.entry, self.exit = nn.Conv2d(3, c, 3, 1, 1), nn.Conv2d(c, 3, 3, 1, 1)
        named = {f"up{scale}" if len(scales) > 1 else "up": UpBlock(c, scale, shuffles) for scale in scales}
        self.upsample = nn.ModuleDict(named)

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(self.entry(self.sub_mean(x)))
        return self.add_mean(self.exit(list(self.upsample.values())[-1](x)))


class Fsrcnn(nn.Module):
    def __init__(self, scale: int = 2, channels: int = 1) -> None:
        super().__init__()
        d, s = 8, 4
        self.first_part = nn.Sequential(nn.Conv2d(channels, d, 5, padding=2), nn.PReLU(d))
        mid = [nn.Conv2d(d, s, 1), nn.PReLU(s)]
        for _ in range(2):
            mid += [nn.Conv2d(s, s, 3, padding=1), nn.PReLU(s)]
        self.mid_part = nn.Sequential(*mid, nn.Conv2d(s, d, 1), nn.PReLU(d))
        self.last_part = nn.ConvTranspose2d(d, channels, 9, scale, 4, output_padding=scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last_part(self.mid_part(self.first_part(x)))


class Reflecting(nn.Module):
    def __init__(self, i: int, o: int, kernel: int, stride: int = 1, norm: bool = True) -> None:
        super().__init__()
        self.reflection_pad, self.conv_layer = nn.ReflectionPad2d(kernel // 2), nn.Conv2d(i, o, kernel, stride)
        self.norm_layer = nn.InstanceNorm2d(o, affine=True) if norm else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_layer(self.reflection_pad(x))
        return self.norm_layer(x) if self.norm_layer is not None else x


class NormFirst(nn.Module):
    def __init__(self, i: int, o: int, kernel: int) -> None:
        super().__init__()
        self.norm_layer = nn.InstanceNorm2d(i, affine=True)
        self.reflection_pad, self.conv_layer = nn.ReflectionPad2d(kernel // 2), nn.Conv2d(i, o, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_layer(self.reflection_pad(self.norm_layer(x).relu()))


class Deconv(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv_transpose = nn.ConvTranspose2d(i, o, 3, 2, 1, 1)
        self.norm_layer = nn.InstanceNorm2d(o, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm_layer(self.conv_transpose(x))


class ResNextLayer(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = Reflecting(c, 4, 1), Reflecting(4, 4, 3), Reflecting(4, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(self.conv2(self.conv1(x).relu()).relu()) + x


class Bottleneck(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv1, self.conv3 = NormFirst(i, 4 * o, 1), NormFirst(4 * o, o, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv3(self.conv1(x))), 1)


class BlockPainter(nn.Module):
    def __init__(self, dense: bool = False) -> None:
        super().__init__()
        relu = nn.ReLU()
        self.ConvBlock = nn.Sequential(
            Reflecting(3, 4, 9), relu, Reflecting(4, 6, 3, 2), relu, Reflecting(6, 8, 3, 2), relu
        )
        if dense:
            self.DenseBlock = nn.Sequential(NormFirst(8, 4, 1), Bottleneck(4, 2), Bottleneck(6, 2))
        else:
            self.ResidualBlock = nn.Sequential(ResNextLayer(8), ResNextLayer(8))
        last = Reflecting(4, 3, 9, norm=False)
        self.DeconvBlock = nn.Sequential(Deconv(8, 6), relu, Deconv(6, 4), relu, last)
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        y = self.ConvBlock(x)
        return self.DeconvBlock(self.DenseBlock(y) if self.dense else self.ResidualBlock(y))


EDGES = {
    "rcf": ("rcf", Rcf, (3, 32, 48)),
    "pidinet": ("pidinet", PiDiNet, (3, 32, 40)),
    "pidinet plain": ("pidinet", lambda: PiDiNet(converted=True), (3, 32, 40)),
    "pidinet bare": ("pidinet", lambda: PiDiNet(0, sa=False), (3, 24, 40)),
    "dexined": ("dexined", DexiNed, (3, 64, 96)),
    "ldc": ("dexined", lambda: DexiNed(small=True), (3, 64, 96)),
    "carn": ("carn", Carn, (3, 12, 10)),
    "carn upsampled": ("carn", lambda: Carn(shuffles=False), (3, 12, 10)),
    "carn-m": ("carn", lambda: Carn(group=4, scales=(3,)), (3, 9, 10)),
    "fsrcnn": ("fsrcnn", Fsrcnn, (1, 12, 10)),
    "resnext painter": ("resnext-painter", BlockPainter, (3, 24, 32)),
    "dense painter": ("resnext-painter", lambda: BlockPainter(dense=True), (3, 24, 32)),
}
"""What each is recognised as, what makes it, and the shape of its input."""
