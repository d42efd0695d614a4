"""Networks that colour grey pictures: small modules with their authors' own names and arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_TO_XYZ = torch.tensor(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], dtype=torch.double
)
_WHITE = torch.tensor([0.95047, 1.0, 1.08883], dtype=torch.double)


def to_lab(rgb: Tensor) -> Tensor:
    """As skimage.color.rgb2lab."""
    rgb = rgb.double()
    light = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("ij,bjhw->bihw", _TO_XYZ, light) / _WHITE[None, :, None, None]
    x, y, z = torch.where(xyz > 0.008856, xyz ** (1 / 3), 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def to_rgb(lab: Tensor) -> Tensor:
    """As skimage.color.lab2rgb."""
    light, a, b = lab.double().unbind(1)
    y = (light + 16) / 116
    f = torch.stack([a / 500 + y, y, (y - b / 200).clamp(min=0)], 1)
    xyz = torch.where(f > 0.2068966, f**3, (f - 16 / 116) / 7.787) * _WHITE[None, :, None, None]
    rgb = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(_TO_XYZ), xyz)
    curved = 1.055 * rgb.clamp(min=0) ** (1 / 2.4) - 0.055
    return torch.where(rgb > 0.0031308, curved, rgb * 12.92).clamp(0, 1).float()


def _conv(i: int, o: int, stride: int = 1, far: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(i, o, 3, stride, far, far), nn.ReLU(True)]


def _row(i: int, o: int, count: int = 3, last: int = 1, far: int = 1) -> nn.Sequential:
    layers = [layer for k in range(count) for layer in _conv(o if k else i, o, last if k == count - 1 else 1, far)]
    return nn.Sequential(*layers, nn.BatchNorm2d(o))


class Colouring(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        light = to_lab(x)[:, :1]
        ab = self.ab(((light - 50) / 100).float()) * 110
        return to_rgb(torch.cat([light, ab.double()], 1))


class Eccv16(Colouring):
    def __init__(self) -> None:
        super().__init__()
        self.model1, self.model2, self.model3 = _row(1, 4, 2, 2), _row(4, 5, 2, 2), _row(5, 6, 3, 2)
        self.model4, self.model5, self.model6 = _row(6, 7), _row(7, 7, far=2), _row(7, 7, far=2)
        self.model7 = _row(7, 7)
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(7, 4, 4, 2, 1), nn.ReLU(True), *_conv(4, 4), *_conv(4, 4), nn.Conv2d(4, 9, 1)
        )
        self.model_out = nn.Conv2d(9, 2, 1, bias=False)

    def ab(self, x: Tensor) -> Tensor:
        for k in range(1, 9):
            x = getattr(self, f"model{k}")(x)
        return F.interpolate(self.model_out(F.softmax(x, 1)), scale_factor=4, mode="bilinear")


class Siggraph17(Colouring):
    def __init__(self) -> None:
        super().__init__()
        self.model1, self.model2, self.model3 = _row(4, 4, 2), _row(4, 5, 2), _row(5, 6)
        self.model4, self.model5, self.model6 = _row(6, 7), _row(7, 7, far=2), _row(7, 7, far=2)
        self.model7 = _row(7, 7)
        for k, (i, o) in zip((8, 9, 10), ((7, 6), (6, 5), (5, 4)), strict=True):
            setattr(self, f"model{k}up", nn.Sequential(nn.ConvTranspose2d(i, o, 4, 2, 1)))
            setattr(self, f"model{11 - k}short{k}", nn.Sequential(nn.Conv2d(o, o, 3, 1, 1)))
        self.model8 = nn.Sequential(nn.ReLU(True), *_conv(6, 6), *_conv(6, 6), nn.BatchNorm2d(6))
        self.model9 = nn.Sequential(nn.ReLU(True), *_conv(5, 5), nn.BatchNorm2d(5))
        self.model10 = nn.Sequential(nn.ReLU(True), nn.Conv2d(4, 4, 3, 1, 1), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(6, 9, 1))
        self.model_out = nn.Sequential(nn.Conv2d(4, 2, 1), nn.Tanh())

    def ab(self, x: Tensor) -> Tensor:
        one = self.model1(torch.cat([x, torch.zeros_like(x).repeat(1, 3, 1, 1)], 1))
        two = self.model2(one[:, :, ::2, ::2])
        three = self.model3(two[:, :, ::2, ::2])
        x = three[:, :, ::2, ::2]
        for k in (4, 5, 6, 7):
            x = getattr(self, f"model{k}")(x)
        x = self.model8(self.model8up(x) + self.model3short8(three))
        x = self.model9(self.model9up(x) + self.model2short9(two))
        return self.model_out(self.model10(self.model10up(x) + self.model1short10(one)))


COLOUR = {
    "colorizer of 2016": ("colorizer", Eccv16, (3, 32, 40)),
    "colorizer of 2017": ("colorizer", Siggraph17, (3, 32, 40)),
}
