"""DeOldify: fastai's dynamic U-Nets on a small ResNet, with their authors' own names, norms and last step."""

from __future__ import annotations

import warnings

import torch
from families_masks import ResNet
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm, weight_norm

_MEAN, _STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
# OpenCV's BGR2YUV, which they give the channels red, green, blue: Y, 0.492 (B - Y) and 0.877 (R - Y).
_Y = torch.tensor([0.114, 0.587, 0.299])
_YUV = torch.stack([_Y, 0.492 * (torch.tensor([1, 0, 0]) - _Y), 0.877 * (torch.tensor([0, 0, 1]) - _Y)])


class Attention(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        for name, out in (("query", c // 8), ("key", c // 8), ("value", c)):
            setattr(self, name, spectral_norm(nn.Conv1d(c, out, 1, bias=False)))
        self.gamma = nn.Parameter(torch.tensor([0.7]))

    def forward(self, x: Tensor) -> Tensor:
        size = x.size()
        x = x.view(*size[:2], -1)
        f, g, h = self.query(x), self.key(x), self.value(x)
        beta = F.softmax(torch.bmm(f.permute(0, 2, 1).contiguous(), g), dim=1)
        return (self.gamma * torch.bmm(h, beta) + x).view(*size).contiguous()


def _row(i: int, o: int, kernel: int = 3, active: bool = True, norm: bool = True, attends: bool = False) -> nn.Module:
    layers: list[nn.Module] = [spectral_norm(nn.Conv2d(i, o, kernel, padding=kernel // 2, bias=not norm))]
    layers += [nn.ReLU(True)] if active else []
    layers += [nn.BatchNorm2d(o)] if norm else []
    return nn.Sequential(*layers, *([Attention(o)] if attends else []))


class Shuffle(nn.Module):
    def __init__(self, i: int, o: int, last: bool = False) -> None:
        super().__init__()
        self.conv = _row(i, o * 4, 1, active=False)
        if last:
            with warnings.catch_warnings(action="ignore"):  # PyTorch has another now
                self.conv = nn.Sequential(weight_norm(nn.Conv2d(i, o * 4, 1)))
        self.pad, self.blur = nn.ReplicationPad2d((1, 0, 1, 0)), nn.AvgPool2d(2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.blur(self.pad(F.pixel_shuffle(F.relu(self.conv(x), True), 2)))


class UnetBlock(nn.Module):
    def __init__(self, up: int, skip: int, out: int, deep: bool, attends: bool) -> None:
        super().__init__()
        self.shuf, self.bn, self.deep = Shuffle(up, up // 2 if deep else out), nn.BatchNorm2d(skip), deep
        joined = skip + (up // 2 if deep else out)
        if deep:
            self.conv1, self.conv2 = _row(joined, out), _row(out, out, attends=attends)
        else:
            self.conv = _row(joined, out, attends=attends)

    def forward(self, x: Tensor, stored: Tensor) -> Tensor:
        x = self.shuf(x)
        if x.shape[-2:] != stored.shape[-2:]:
            x = F.interpolate(x, stored.shape[-2:], mode="nearest")
        x = F.relu(torch.cat([x, self.bn(stored)], 1))
        return self.conv2(self.conv1(x)) if self.deep else self.conv(x)


class Merged(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_row(c, c, norm=False), _row(c, c, norm=False), nn.Identity()])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](self.layers[0](x)) + x


class DeOldify(nn.Module):
    def __init__(self, deep: bool) -> None:
        super().__init__()
        net = ResNet(wide=not deep)
        groups = [getattr(net, f"layer{k}") for k in (1, 2, 3, 4)]
        body = nn.Sequential(net.conv1, net.bn1, nn.ReLU(True), nn.MaxPool2d(3, 2, 1), *groups)
        layers = [body, nn.BatchNorm2d(16), nn.ReLU(), nn.Sequential(_row(16, 32), _row(32, 16))]
        up = 16
        for k, skip in enumerate((12, 8, 8, 4)):
            layers.append(UnetBlock(up, skip, 8, deep, attends=k == 1))
            up = 8
        layers += [Shuffle(8, 8, last=True), nn.Identity(), Merged(11), _row(11, 3, 1, active=False, norm=False)]
        self.layers = nn.ModuleList(layers)

    def coloured(self, fed: Tensor) -> Tensor:
        x, stored = fed, {}
        for k, layer in enumerate(self.layers[0]):
            x = layer(x)
            if k in (2, 4, 5, 6):
                stored[k] = x
        x = self.layers[3](F.relu(self.layers[1](x)))
        for k, skip in enumerate((6, 5, 4, 2), 4):
            x = self.layers[k](x, stored[skip])
        x = self.layers[10](torch.cat([self.layers[8](x), fed], 1))
        return torch.sigmoid(self.layers[11](x)) * 6 - 3

    def forward(self, x: Tensor) -> Tensor:
        grey = torch.einsum("c,bchw->bhw", torch.tensor([0.299, 0.587, 0.114]), x)[:, None].expand_as(x)
        mean, std = _MEAN.view(3, 1, 1), _STD.view(3, 1, 1)
        colour = (self.coloured((grey - mean) / std) * std + mean).clamp(0, 1)
        mixed = torch.einsum("ij,bjhw->bihw", _YUV, colour)
        mixed[:, :1] = torch.einsum("ij,bjhw->bihw", _YUV[:1], x)
        return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(_YUV), mixed)


FASTAI = {
    "deoldify, artistic": ("deoldify", lambda: DeOldify(deep=True), (3, 32, 48)),
    "deoldify, stable": ("deoldify", lambda: DeOldify(deep=False), (3, 32, 48)),
}
