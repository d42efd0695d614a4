"""Convolutions by kernels that are worked out: StyleGAN2's, which a style scales, and those that the picture tells."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from torch import Tensor, nn
from torch.nn import functional as F

import studio


class Modulated(nn.Module):
    def __init__(self, i: int, o: int, kernel: int, up: bool = False, demodulate: bool = True) -> None:
        super().__init__()
        self.weight, self.modulation = nn.Parameter(torch.randn(1, o, i, kernel, kernel)), nn.Linear(6, i)
        self.up, self.demodulate = up, demodulate
        self.register_buffer("kernel", torch.outer(*[torch.tensor([1.0, 3, 3, 1])] * 2)[None, None] / 16)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        batch, c, height, width = x.shape
        style = self.modulation(w).view(batch, 1, c, 1, 1)
        weight = 0.3 * self.weight * style
        if self.demodulate:
            length = torch.rsqrt(weight.pow(2).sum([2, 3, 4]) + 1e-8)
            weight = weight * length.view(batch, -1, 1, 1, 1)
        o, kernel = weight.shape[1], weight.shape[-1]
        if not self.up:
            weight = weight.view(batch * o, c, kernel, kernel)
            return F.conv2d(x.view(1, batch * c, height, width), weight, padding=kernel // 2, groups=batch)
        turned = weight.view(batch, o, c, kernel, kernel).transpose(1, 2).reshape(batch * c, o, kernel, kernel)
        y = F.conv_transpose2d(x.view(1, batch * c, height, width), turned, stride=2, groups=batch)
        return F.conv2d(F.pad(y, (1, 1, 1, 1)), self.kernel.expand(o, 1, 4, 4), groups=o)


class StyleGan2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.constant, self.style = nn.Parameter(torch.randn(1, 5, 4, 4)), nn.Linear(6, 6)
        self.one, self.up = Modulated(5, 4, 3), Modulated(4, 4, 3, up=True)
        self.rgb, self.noise = Modulated(4, 3, 1, demodulate=False), nn.Parameter(torch.randn(1))

    def forward(self, z: Tensor) -> Tensor:
        w = F.leaky_relu(self.style(z * torch.rsqrt(z.pow(2).mean(1, keepdim=True) + 1e-8)), 0.2)
        x = F.leaky_relu(self.one(self.constant.repeat(z.shape[0], 1, 1, 1), w), 0.2)
        x = self.up(x, w)
        x = F.leaky_relu(x + self.noise * torch.randn(1, 1, *x.shape[2:]), 0.2) * 2**0.5
        return self.rgb(x, w)


def test_a_style_scales_maps_and_leaves_the_kernels_their_own(
    engine_for: EngineFor, once: Once, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    module = StyleGan2().eval()
    with torch.no_grad():
        module.noise.zero_()
    made = once(lambda: studio.export_torch(module, torch.randn(1, 6), tmp_path / "net"))
    kinds = [type(node.op).__name__ for node in made.network.graph.nodes]
    assert kinds.count("Conv2d") == 3  # and the one that smooths
    assert kinds.count("ConvTranspose2d") == 1
    assert "MatMul" not in kinds
    z, engine = torch.randn(1, 6), engine_for(made.network)
    engine.run({made.network.graph.inputs[0].name: z[0, :, None, None].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(z)[0].numpy()) < 1e-4


class Predicted(nn.Module):
    """Kernels told by the whole picture."""

    def __init__(self, up: bool, square: int = 3) -> None:
        super().__init__()
        self.first, self.tell = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 2 * 4 * square**2)
        self.up, self.square = up, square

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        told = self.tell(y.mean((2, 3)))
        if self.up:
            return F.conv_transpose2d(y, told.view(4, 2, self.square, self.square), stride=2, padding=1)
        return F.conv2d(y, told.view(2, 4, self.square, self.square), told[0, :2], padding=1, stride=2)


class Masked(nn.Module):
    """A style that scales the taps, and one that scales what comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.tell = nn.Parameter(torch.randn(1, 2, 3, 3, 3)), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        told = self.tell(x.mean((2, 3)))
        weight = self.weight * told.view(1, 1, 3, 1, 1) * told.sigmoid().view(1, 1, 1, 3, 1)
        weight = weight / (weight.sum([2, 3, 4], keepdim=True) ** 2 + 1).sqrt()
        return F.conv2d(x, weight.squeeze(0), padding=1)


@pytest.mark.parametrize("kind", [lambda: Predicted(False), lambda: Predicted(True), Masked])
def test_kernels_that_the_picture_tells_go_with_every_size(
    kind: type[nn.Module], engine_for: EngineFor, once: Once, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    module = kind().eval()
    made = once(lambda: studio.export_torch(module, torch.rand(1, 3, 12, 16), tmp_path / "net"))
    assert not made.notes
    for size in ((12, 16), (16, 20), (20, 12)):
        picture, engine = torch.rand(1, 3, *size), engine_for(made.network)
        engine.run({made.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-4
