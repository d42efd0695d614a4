"""Depth and mattes: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from families_masks import Pyramid, row
from torch import Tensor, nn
from torch.nn import functional as F


def same(i: int, o: int, kernel: int = 3, **more: object) -> nn.Conv2d:
    return nn.Conv2d(i, o, kernel, padding=kernel // 2, **{"bias": False, **more})


class Bottleneck(nn.Module):
    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = same(i, 8, 1), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = same(8, 8, stride=stride, groups=4), nn.BatchNorm2d(8)
        self.conv3, self.bn3 = same(8, o, 1), nn.BatchNorm2d(o)
        if stride > 1 or i != o:
            self.downsample = nn.Sequential(same(i, o, 1, stride=stride), nn.BatchNorm2d(o))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        return F.relu(self.bn3(self.conv3(y)) + skip)


class SameConv(nn.Conv2d):
    """TensorFlow's border, worked out of the map's size."""

    def forward(self, x: Tensor) -> Tensor:
        (k, _), (s, _) = self.kernel_size, self.stride
        tall, wide = (max((-(-side // s) - 1) * s + k - side, 0) for side in x.shape[2:])
        x = F.pad(x, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, groups=self.groups)


def _norm(count: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(count, eps=1e-3)


class Separable(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv_dw, self.bn1 = SameConv(i, i, 3, groups=i, bias=False), _norm(i)
        self.conv_pw, self.bn2 = same(i, o, 1), _norm(o)
        self.skips = i == o

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))
        return y + x if self.skips else y


class Inverted(nn.Module):
    def __init__(self, i: int, o: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_pw, self.bn1 = same(i, 2 * i, 1), _norm(2 * i)
        self.conv_dw, self.bn2 = SameConv(2 * i, 2 * i, kernel, stride, groups=2 * i, bias=False), _norm(2 * i)
        self.conv_pwl, self.bn3 = same(2 * i, o, 1), _norm(o)
        self.skips = i == o and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.bn2(self.conv_dw(F.relu6(self.bn1(self.conv_pw(x))))))
        y = self.bn3(self.conv_pwl(y))
        return y + x if self.skips else y


class InPlaceUnit(nn.Module):
    def __init__(self, c: int, inplace: bool) -> None:
        super().__init__()
        self.conv1, self.conv2, self.relu = same(c, c, bias=True), same(c, c, bias=True), nn.ReLU(inplace)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(self.relu(x))
        return self.conv2(self.relu(y)) + x


class Fusion(nn.Module):
    def __init__(self, c: int, o: int, small: bool) -> None:
        super().__init__()
        self.resConfUnit1, self.resConfUnit2 = InPlaceUnit(c, not small), InPlaceUnit(c, not small)
        if small:
            self.out_conv = nn.Conv2d(c, o, 1)

    def forward(self, *maps: Tensor) -> Tensor:
        x = maps[0]
        if len(maps) > 1:
            x = x + self.resConfUnit1(maps[1])
        x = F.interpolate(self.resConfUnit2(x), scale_factor=2, mode="bilinear", align_corners=True)
        return self.out_conv(x) if hasattr(self, "out_conv") else x


class Midas(nn.Module):
    def __init__(self, small: bool = False) -> None:
        super().__init__()
        self.pretrained, self.scratch = nn.Module(), nn.Module()
        widths = self._small() if small else self._large()
        fused = (4, 8, 8, 16) if small else (6, 6, 6, 6)
        for k, (i, c) in enumerate(zip(widths, fused, strict=True), 1):
            setattr(self.scratch, f"layer{k}_rn", same(i, c))
            setattr(self.scratch, f"refinenet{k}", Fusion(c, fused[max(k - 2, 0)], small))
        up = nn.Upsample(scale_factor=2, mode="bilinear")
        c = fused[0]
        self.scratch.output_conv = nn.Sequential(
            same(c, 4, bias=True), up, same(4, 4, bias=True), nn.ReLU(), nn.Conv2d(4, 1, 1), nn.ReLU(), nn.Identity()
        )
        nn.init.constant_(self.scratch.output_conv[4].bias, 1)

    def _large(self) -> tuple[int, ...]:
        p = self.pretrained
        first = nn.Sequential(Bottleneck(6, 8, 1), Bottleneck(8, 8, 1))
        p.layer1 = nn.Sequential(
            nn.Conv2d(3, 6, 7, 2, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        p.layer1.append(first)
        p.layer2, p.layer3 = nn.Sequential(Bottleneck(8, 10, 2)), nn.Sequential(Bottleneck(10, 12, 2))
        p.layer4 = nn.Sequential(Bottleneck(12, 14, 2))
        return 8, 10, 12, 14

    def _small(self) -> tuple[int, ...]:
        p = self.pretrained
        row = nn.Sequential
        p.layer1 = row(SameConv(3, 4, 3, 2, bias=False), _norm(4), nn.ReLU6(), row(Separable(4, 4)))
        p.layer1.append(row(Inverted(4, 6, 3, 2), Inverted(6, 6, 3, 1)))
        p.layer2 = row(row(Inverted(6, 6, 5, 2)))
        p.layer3 = row(row(Inverted(6, 8, 3, 2), Inverted(8, 8, 3, 1)), row(Inverted(8, 10, 5, 1)))
        p.layer4 = row(row(Inverted(10, 12, 5, 2)), row(Inverted(12, 14, 3, 1)))
        return 6, 6, 10, 14

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for k in range(1, 5):
            x = getattr(self.pretrained, f"layer{k}")(x)
            maps.append(getattr(self.scratch, f"layer{k}_rn")(x))
        x = self.scratch.refinenet4(maps[3])
        for k in (3, 2, 1):
            x = getattr(self.scratch, f"refinenet{k}")(x, maps[k - 1])
        x = self.scratch.output_conv(x)
        least, most = x.amin(), x.amax()
        return (x - least) / (most - least)


class SmallMidas(Midas):
    def __init__(self) -> None:
        super().__init__(small=True)


class Ib(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.half = c // 2
        self.bnorm, self.inorm = nn.BatchNorm2d(self.half), nn.InstanceNorm2d(c - self.half)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.bnorm(x[:, : self.half]), self.inorm(x[:, self.half :])], 1)


class Cir(nn.Module):
    def __init__(self, i: int, o: int, kernel: int = 3, stride: int = 1, pad: int = 1, plain: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(i, o, kernel, stride, pad)]
        self.layers = nn.Sequential(*layers, *([] if plain else [Ib(o), nn.ReLU(True)]))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MobileBlock(nn.Module):
    def __init__(self, i: int, o: int, stride: int, wide: int) -> None:
        super().__init__()
        c = i * wide
        layers = [same(i, c, 1), nn.BatchNorm2d(c), nn.ReLU6()] if wide > 1 else []
        layers += [same(c, c, stride=stride, groups=c), nn.BatchNorm2d(c), nn.ReLU6(), same(c, o, 1), nn.BatchNorm2d(o)]
        self.conv, self.skips = nn.Sequential(*layers), stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.skips else self.conv(x)


def _to(x: Tensor, factor: float) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class ModNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        hr, enc = 4, (4, 6, 6, 8, 10)
        self.backbone, self.lr_branch, self.hr_branch, self.f_branch = (nn.Module() for _ in range(4))
        self.backbone.model = nn.Module()
        rows, i = [nn.Sequential(same(3, 4, stride=2), nn.BatchNorm2d(4), nn.ReLU6())], 4
        for wide, o, count, stride in (
            (1, 4, 1, 1),
            (2, 6, 2, 2),
            (2, 6, 3, 2),
            (2, 8, 4, 2),
            (2, 8, 3, 1),
            (2, 8, 3, 2),
        ):
            for k in range(count):
                rows.append(MobileBlock(i, o, stride if k == 0 else 1, wide))
                i = o
        rows += [MobileBlock(8, 8, 1, 2), nn.Sequential(same(8, 10, 1), nn.BatchNorm2d(10), nn.ReLU6())]
        self.backbone.model.features = nn.Sequential(*rows)
        lr = self.lr_branch
        lr.se_block = nn.Module()
        dense = [nn.Linear(10, 3, bias=False), nn.ReLU(), nn.Linear(3, 10, bias=False), nn.Sigmoid()]
        lr.se_block.fc = nn.Sequential(*dense)
        lr.conv_lr16x, lr.conv_lr8x = Cir(enc[4], enc[3], 5, 1, 2), Cir(enc[3], enc[2], 5, 1, 2)
        lr.conv_lr = Cir(enc[2], 1, 3, 2, 1, plain=True)
        h = self.hr_branch
        h.tohr_enc2x, h.conv_enc2x = Cir(enc[0], hr, 1, 1, 0), Cir(hr + 3, hr, 3, 2)
        h.tohr_enc4x, h.conv_enc4x = Cir(enc[1], hr, 1, 1, 0), Cir(2 * hr, 2 * hr)
        h.conv_hr4x = nn.Sequential(Cir(2 * hr + enc[2] + 3, 2 * hr), Cir(2 * hr, 2 * hr), Cir(2 * hr, hr))
        h.conv_hr2x = nn.Sequential(Cir(2 * hr, 2 * hr), Cir(2 * hr, hr), Cir(hr, hr), Cir(hr, hr))
        h.conv_hr = nn.Sequential(Cir(hr + 3, hr), Cir(hr, 1, plain=True))
        f = self.f_branch
        f.conv_lr4x, f.conv_f2x = Cir(enc[2], hr, 5, 1, 2), Cir(2 * hr, hr)
        f.conv_f = nn.Sequential(Cir(hr + 3, 2), Cir(2, 1, 1, 1, 0, plain=True))

    def forward(self, x: Tensor) -> Tensor:
        y, encoded = x, {}
        for k, part in enumerate(self.backbone.model.features):
            encoded[k] = y = part(y)
        enc2, enc4 = encoded[1], encoded[3]
        lr, h, f = self.lr_branch, self.hr_branch, self.f_branch
        y = y * lr.se_block.fc(y.mean((2, 3)))[..., None, None]
        lr8 = lr.conv_lr8x(_to(lr.conv_lr16x(_to(y, 2)), 2))
        enc2 = h.tohr_enc2x(enc2)
        hr4 = h.conv_enc2x(torch.cat([_to(x, 1 / 2), enc2], 1))
        hr4 = h.conv_enc4x(torch.cat([hr4, h.tohr_enc4x(enc4)], 1))
        hr4 = h.conv_hr4x(torch.cat([hr4, _to(lr8, 2), _to(x, 1 / 4)], 1))
        hr2 = h.conv_hr2x(torch.cat([_to(hr4, 2), enc2], 1))
        f2 = f.conv_f2x(torch.cat([_to(f.conv_lr4x(_to(lr8, 2)), 2), hr2], 1))
        return torch.sigmoid(f.conv_f(torch.cat([_to(f2, 2), x], 1)))


class Squeeze(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, 2, 1), nn.Conv2d(2, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


def acting(i: int, o: int, kernel: int, act: type[nn.Module], **more: int) -> nn.Sequential:
    far = more.get("dilation", 1)
    conv = nn.Conv2d(i, o, kernel, padding=kernel // 2 * far, bias=False, **more)
    return nn.Sequential(conv, _norm(o), *([act()] if act is not nn.Identity else []))


class MobileV3Block(nn.Module):
    def __init__(
        self, i: int, kernel: int, c: int, o: int, squeezed: int, act: type[nn.Module], stride: int, far: int
    ) -> None:
        super().__init__()
        rows: list[nn.Module] = [acting(i, c, 1, act)] if c != i else []
        rows.append(acting(c, c, kernel, act, stride=1 if far > 1 else stride, groups=c, dilation=far))
        rows += [Squeeze(c)] if squeezed else []
        self.block = nn.Sequential(*rows, acting(c, o, 1, nn.Identity))
        self.skips = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.skips else self.block(x)


def mobile_v3() -> list[nn.Module]:
    """MobileNetV3's large body without its classifier, an eighth as wide."""
    re, hs = nn.ReLU, nn.Hardswish
    # Kernel, widened, made, whether squeezed, curve, stride, distance: the table of torchvision, narrower.
    table = [
        (3, 4, 4, 0, re, 1, 1), (3, 8, 6, 0, re, 2, 1), (3, 12, 6, 0, re, 1, 1), (5, 12, 5, 1, re, 2, 1),
        (5, 15, 5, 1, re, 1, 1), (5, 15, 5, 1, re, 1, 1), (3, 30, 8, 0, hs, 2, 1), (3, 20, 8, 0, hs, 1, 1),
        (3, 18, 8, 0, hs, 1, 1), (3, 18, 8, 0, hs, 1, 1), (3, 24, 9, 1, hs, 1, 1), (3, 27, 9, 1, hs, 1, 1),
        (5, 27, 10, 1, hs, 2, 2), (5, 30, 10, 1, hs, 1, 2), (5, 30, 10, 1, hs, 1, 2),
    ]  # fmt: skip
    rows, i = [acting(3, 4, 3, hs, stride=2)], 4
    for kernel, c, o, squeezed, act, stride, far in table:
        rows.append(MobileV3Block(i, kernel, c, o, squeezed, act, stride, far))
        i = o
    return [*rows, acting(10, 12, 1, hs)]


class LrAspp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.ModuleDict({str(k): part for k, part in enumerate(mobile_v3())})
        head = self.classifier = nn.Module()
        head.cbr = nn.Sequential(nn.Conv2d(12, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        head.scale = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(12, 6, 1, bias=False), nn.Sigmoid())
        head.low_classifier, head.high_classifier = nn.Conv2d(5, 3, 1), nn.Conv2d(6, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y, low = x, x
        for name, part in self.backbone.items():
            y = part(y)
            low = y if name == "4" else low
        head = self.classifier
        y = head.cbr(y) * head.scale(y)
        y = F.interpolate(y, size=low.shape[2:], mode="bilinear", align_corners=False)
        y = head.low_classifier(low) + head.high_classifier(y)
        return F.softmax(F.interpolate(y, size=x.shape[2:], mode="bilinear", align_corners=False), 1)


class MobileDeepLab(LrAspp):
    """DeepLabV3 on the same body, as torchvision has it: a dict of what each place is, and of a second head's word."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(Pyramid(12), *row(6, 6, 3), nn.Conv2d(6, 5, 1))
        self.aux_classifier = nn.Sequential(*row(5, 4, 3), nn.Dropout(0.1), nn.Conv2d(4, 5, 1))

    def heads(self, x: Tensor) -> dict[str, Tensor]:
        y, low = x, x
        for name, part in self.backbone.items():
            y = part(y)
            low = y if name == "4" else low
        made = {"out": self.classifier(y), "aux": self.aux_classifier(low)}
        return {k: F.interpolate(v, x.shape[-2:], mode="bilinear", align_corners=False) for k, v in made.items()}

    def forward(self, x: Tensor) -> Tensor:
        return self.heads(x)["out"].softmax(1)


DEPTH = {
    "deeplab on a mobilenet": ("mobile-masks", MobileDeepLab, (3, 64, 96)),
    "lraspp": ("mobile-masks", LrAspp, (3, 64, 96)),
    "midas": ("midas", Midas, (3, 64, 96)),
    "midas small": ("midas", SmallMidas, (3, 64, 96)),
    "modnet": ("modnet", ModNet, (3, 64, 96)),
}
