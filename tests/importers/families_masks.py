"""Networks of segmentation on a ResNet: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, i: int, o: int, stride: int = 1, far: int = 1, wide: bool = False) -> None:
        super().__init__()
        inner = o // 4 if wide else o
        first = {"kernel_size": 1} if wide else {"kernel_size": 3, "stride": stride, "padding": 1}
        second = {"stride": stride, "padding": far, "dilation": far} if wide else {"padding": 1}
        self.conv1, self.bn1 = nn.Conv2d(i, inner, bias=False, **first), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, bias=False, **second), nn.BatchNorm2d(inner)
        self.wide = wide
        if wide:
            self.conv3, self.bn3 = nn.Conv2d(inner, o, 1, bias=False), nn.BatchNorm2d(o)
        if stride != 1 or i != o:
            self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        y = self.bn3(self.conv3(F.relu(y))) if self.wide else y
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, dilated: bool = False, wide: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        i, far = 4, 1
        for group, o in enumerate((8, 8, 12, 16), 1):
            before, stride = far, 1 if group == 1 else 2
            if dilated and group > 2:
                stride, far = 1, far * 2
            layers = Block(i, o, stride, before, wide), Block(o, o, 1, far, wide)
            setattr(self, f"layer{group}", nn.Sequential(*layers))
            i = o

    def maps(self, x: Tensor) -> list[Tensor]:
        found = [F.relu(self.bn1(self.conv1(x)))]
        x = F.max_pool2d(found[0], 3, 2, 1)
        for group in range(1, 5):
            x = getattr(self, f"layer{group}")(x)
            found.append(x)
        return found


def row(i: int, o: int, kernel: int = 1, far: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(i, o, kernel, padding=far * (kernel // 2), dilation=far, bias=False)
    return [conv, nn.BatchNorm2d(o), nn.ReLU()]


class Pyramid(nn.Module):
    def __init__(self, i: int = 16) -> None:
        super().__init__()
        looks = [nn.Sequential(*row(i, 6))] + [nn.Sequential(*row(i, 6, 3, far)) for far in (12, 24, 36)]
        self.convs = nn.ModuleList([*looks, nn.Sequential(nn.AdaptiveAvgPool2d(1), *row(i, 6))])
        self.project = nn.Sequential(*row(30, 6))

    def forward(self, x: Tensor) -> Tensor:
        parts = [look(x) for look in self.convs]
        parts[-1] = F.interpolate(parts[-1], x.shape[2:], mode="bilinear", align_corners=False)
        return self.project(torch.cat(parts, 1))


class DeepLab(nn.Module):
    def __init__(self, fcn: bool = False) -> None:
        super().__init__()
        self.backbone = ResNet(dilated=True, wide=True)
        last = [nn.Dropout(0.1)] if fcn else []
        first = row(16, 4, 3) if fcn else [Pyramid(), *row(6, 6, 3)]
        self.classifier = nn.Sequential(*first, *last, nn.Conv2d(4 if fcn else 6, 5, 1))
        self.aux_classifier = nn.Sequential(*row(12, 4, 3), nn.Dropout(0.1), nn.Conv2d(4, 5, 1))

    def forward(self, x: Tensor) -> Tensor:
        made = self.classifier(self.backbone.maps(x)[-1])
        return F.interpolate(made, x.shape[2:], mode="bilinear", align_corners=False).softmax(1)


class ConvBNReLU(nn.Module):
    def __init__(self, i: int, o: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(o)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Attended(nn.Module):
    def __init__(self, i: int) -> None:
        super().__init__()
        self.conv = ConvBNReLU(i, 6)
        self.conv_atten, self.bn_atten = nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return y * torch.sigmoid(self.bn_atten(self.conv_atten(y.mean((2, 3), keepdim=True))))


class BiSeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cp = nn.Module()
        self.cp.resnet = ResNet()
        self.cp.arm16, self.cp.arm32 = Attended(12), Attended(16)
        self.cp.conv_head16, self.cp.conv_head32 = ConvBNReLU(6, 6), ConvBNReLU(6, 6)
        self.cp.conv_avg = ConvBNReLU(16, 6, 1)
        self.ffm = nn.Module()
        self.ffm.convblk = ConvBNReLU(14, 8, 1)
        self.ffm.conv1, self.ffm.conv2 = nn.Conv2d(8, 2, 1, bias=False), nn.Conv2d(2, 8, 1, bias=False)
        for name in ("conv_out", "conv_out16", "conv_out32"):
            head = nn.Module()
            head.conv = ConvBNReLU(8 if name == "conv_out" else 6, 4)
            head.conv_out = nn.Conv2d(4, 7, 1, bias=False)
            setattr(self, name, head)

    def forward(self, x: Tensor) -> Tensor:
        cp, ffm = self.cp, self.ffm
        _, _, f8, f16, f32 = cp.resnet.maps(x)
        mean = F.interpolate(cp.conv_avg(f32.mean((2, 3), keepdim=True)), f32.shape[2:])
        y = cp.conv_head32(F.interpolate(cp.arm32(f32) + mean, f16.shape[2:]))
        y = cp.conv_head16(F.interpolate(cp.arm16(f16) + y, f8.shape[2:]))
        y = ffm.convblk(torch.cat([f8, y], 1))
        y = y * torch.sigmoid(ffm.conv2(F.relu(ffm.conv1(y.mean((2, 3), keepdim=True))))) + y
        y = self.conv_out.conv_out(self.conv_out.conv(y))
        return F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=True).softmax(1)


class SmpUnet(nn.Module):
    def __init__(self, classes: int = 1, wide: bool = False) -> None:
        super().__init__()
        self.encoder, self.decoder = ResNet(wide=wide), nn.Module()
        blocks, i = [], 16
        for skip, o in zip((12, 8, 8, 4, 0), (10, 8, 6, 4, 4), strict=True):
            block = nn.Module()
            block.conv1, block.conv2 = nn.Sequential(*row(i + skip, o, 3)), nn.Sequential(*row(o, o, 3))
            blocks.append(block)
            i = o
        self.decoder.blocks = nn.ModuleList(blocks)
        self.segmentation_head = nn.Sequential(nn.Conv2d(4, classes, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        *skips, x = self.encoder.maps(x)
        for block, skip in zip(self.decoder.blocks, [*skips[::-1], None], strict=True):
            x = F.interpolate(x, scale_factor=2)
            x = block.conv2(block.conv1(x if skip is None else torch.cat([x, skip], 1)))
        x = self.segmentation_head(x)
        return x.sigmoid() if x.shape[1] == 1 else x.softmax(1)


MASKS = {
    "deeplab": ("deeplab", DeepLab, (3, 64, 96)),
    "fcn": ("deeplab", lambda: DeepLab(fcn=True), (3, 64, 48)),
    "bisenet": ("bisenet", BiSeNet, (3, 64, 96)),
    "smp-unet": ("smp-unet", SmpUnet, (3, 64, 96)),
    "smp-unet-classes": ("smp-unet", lambda: SmpUnet(4, wide=True), (3, 32, 64)),
}
