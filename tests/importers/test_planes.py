"""Fourier transforms and complex numbers, angles and rests, and what is written by masks: modules at three sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError


class FourierUnit(nn.Module):
    """As in fast Fourier convolution, of which LaMa is made (L. Chi et al. 2020)."""

    def __init__(self, norm: str = "ortho") -> None:
        super().__init__()
        self.norm, self.conv, self.bn = norm, nn.Conv2d(10, 10, 1, bias=False), nn.BatchNorm2d(10)
        self.first, self.last = nn.Conv2d(3, 5, 3, 2, 1), nn.Conv2d(5, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        seen = torch.fft.rfftn(x, dim=(-2, -1), norm=self.norm)
        y = torch.stack((seen.real, seen.imag), -1).permute(0, 1, 4, 2, 3).contiguous()
        y = F.relu(self.bn(self.conv(y.view(1, -1, *y.shape[3:]))))
        y = y.view(1, -1, 2, *y.shape[2:]).permute(0, 1, 3, 4, 2).contiguous()
        back = torch.fft.irfftn(torch.complex(y[..., 0], y[..., 1]), s=x.shape[-2:], dim=(-2, -1), norm=self.norm)
        return self.last(back + x)


class Phases(nn.Module):
    """Length and angle of the whole transform, the length bent, and back."""

    def __init__(self) -> None:
        super().__init__()
        self.bend = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.fft.fft2(x)
        made = torch.polar(torch.sigmoid(self.bend(seen.abs())) * seen.abs(), torch.angle(seen))
        return torch.fft.ifft2(made * (1 + 0j)).real


class GlobalFilter(nn.Module):
    """A learnt filter of frequencies, channels last; of one size alone, as it is (Y. Rao et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.first = nn.Parameter(torch.randn(16, 13, 4, 2)), nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x).permute(0, 2, 3, 1)
        seen = torch.fft.rfft2(y, dim=(1, 2), norm="ortho") * torch.view_as_complex(self.weight)
        return torch.fft.irfft2(seen, s=y.shape[1:3], dim=(1, 2), norm="ortho").permute(0, 3, 1, 2)


class Patches(nn.Module):
    """Transforms within patches, as in FFTformer (L. Kong et al. 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.both = nn.Conv2d(3, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, c, h, w = x.shape
        one, two = (y.view(1, c, h // 4, 4, w // 4, 4).permute(0, 1, 2, 4, 3, 5) for y in self.both(x).chunk(2, dim=1))
        made = torch.fft.irfft2(torch.fft.rfft2(one) * torch.fft.rfft2(two).conj(), s=(4, 4))
        return made.permute(0, 1, 2, 4, 3, 5).reshape(1, c, h, w)


class Hue(nn.Module):
    """Hue, saturation and value, written by masks."""

    def forward(self, x: Tensor) -> Tensor:
        most, least = x.max(1)[0], x.min(1)[0]
        hue = torch.empty(1, *x.shape[2:])
        hue[x[:, 2] == most] = 4.0 + ((x[:, 0] - x[:, 1]) / (most - least + 1e-6))[x[:, 2] == most]
        hue[x[:, 1] == most] = 2.0 + ((x[:, 2] - x[:, 0]) / (most - least + 1e-6))[x[:, 1] == most]
        hue[x[:, 0] == most] = ((x[:, 1] - x[:, 2]) / (most - least + 1e-6))[x[:, 0] == most] % 6
        share = (most - least) / (most + 1e-6)
        share[most < 0.3] = 0
        turned = torch.atan2(share, hue) + torch.div(hue, 2, rounding_mode="floor") + torch.hypot(share, most)
        return torch.stack([hue / 6, share, turned.fmod(1)], 1)


class Curves(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        near = x.clamp(0.01, 0.99)
        made = torch.cat([torch.asin(near), torch.acos(near), torch.atan(x * 9 - 4), torch.logit(near)], 1)
        return torch.cat([made, torch.sinh(x + 0.1), torch.cosh(x), torch.asinh(x - 0.5)], 1)


ANY_SIZE = [FourierUnit, lambda: FourierUnit("backward"), lambda: FourierUnit("forward"), Phases, Patches, Hue, Curves]


@pytest.mark.parametrize("kind", ANY_SIZE, ids=["ortho", "backward", "forward", "phases", "patches", "hue", "curves"])
def test_a_module_means_the_same_at_three_sizes(kind: type[nn.Module], engine_for: EngineFor, tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = kind().eval()
    made = studio.export_torch(module, torch.rand(1, 3, 16, 24), tmp_path / "net")
    assert not made.notes
    for size in ((16, 24), (20, 32), (28, 12)):
        picture, engine = torch.rand(1, 3, *size), engine_for(made.network)
        engine.run({made.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture.clone())[0].numpy()) < 1e-4


def test_a_filter_of_frequencies_runs_at_its_own_size(engine_for: EngineFor, tmp_path: Path) -> None:
    torch.manual_seed(3)
    module, picture = GlobalFilter().eval(), torch.rand(1, 3, 16, 24)
    made = studio.export_torch(module, picture, tmp_path / "net")
    engine = engine_for(made.network)
    engine.run({made.network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-4


class Gathered(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0.5].sum() + x


class Mixed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y[x > 0.5] = x.flip(3)[x < 0.5][: int((x > 0.5).sum())]
        return y


@pytest.mark.parametrize("kind", [Gathered, Mixed])
def test_what_gathers_picked_values_is_refused(kind: type[nn.Module], tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        studio.export_torch(kind().eval(), torch.rand(1, 3, 16, 24), tmp_path / "net")
