"""What `torch.no_grad()` and `torch.autocast` hold of a module lies in a graph of its own in a .pt2."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model


class Partial(nn.Conv2d):
    """A partial convolution (G. Liu et al. 2018): of the mask no gradient is taken."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            mask = (x.mean(1, keepdim=True) > 0.4).float()
            share = F.conv2d(mask, torch.ones(1, 1, 3, 3), padding=1)
            ratio, mask = 9 / (share + 1e-8), share.clamp(0, 1)
            ratio = ratio * mask
        return super().forward(x * mask) * ratio


class Clusters(nn.Module):
    """Expectation maximisation (X. Li et al. 2019), which goes on in what it made before."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, 2, 1)
        self.register_buffer("mu", F.normalize(torch.randn(1, 6, 3), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        flat, mu = y.flatten(2), self.mu.repeat(len(y), 1, 1)
        with torch.no_grad():
            for _ in range(2):
                z = torch.bmm(flat.transpose(1, 2), mu).softmax(2)
                mu = F.normalize(torch.bmm(flat, z / (1e-6 + z.sum(1, keepdim=True))), dim=1)
        return y + torch.bmm(mu, z.transpose(1, 2)).view_as(y)


class Written(nn.Module):
    """In place within a block, one in another, one that hands on what it was given, and one with nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        with torch.no_grad():
            y.mul_(2)
            same = y
            with torch.enable_grad():
                z = self.one(y).relu_()
            scaled = self.one.weight * 0.5
        with torch.no_grad():
            z = z.view(1, 4, -1).mean(-1)
        with torch.no_grad():
            pass
        return F.conv2d(same + z[..., None, None], scaled)


class Counted(nn.Module):
    """What counts places within a block is used behind it, and in another."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        with torch.no_grad():
            places = x.shape[2] * x.shape[3]
            mean = y.sum((2, 3), keepdim=True) / places
        z = y.relu() * mean
        with torch.no_grad():
            other = z.sum((2, 3), keepdim=True) / places
        return z + other + z.square().sum((2, 3), keepdim=True) / places


def _archive(module: nn.Module, path: Path, *, free: bool, strict: bool = False) -> Path:
    side = torch.export.Dim.AUTO
    shapes = ({2: side, 3: side},) if free else None
    program = torch.export.export(module.eval(), (torch.rand(1, 3, 16, 24),), dynamic_shapes=shapes, strict=strict)
    torch.export.save(program, path / "net.pt2")
    return path / "net.pt2"


@pytest.mark.parametrize("free", [False, True], ids=["of one size", "of any size"])
@pytest.mark.parametrize("strict", [False, True], ids=["traced", "strict"])
@pytest.mark.parametrize(
    "kind",
    [lambda: Partial(3, 4, 3, padding=1), Clusters, Written, Counted],
    ids=["mask", "em", "in place", "counted"],
)
def test_what_takes_no_gradient_is_read(kind: type[nn.Module], strict: bool, free: bool, tmp_path: Path) -> None:
    torch.manual_seed(4)
    module = kind()
    network = open_model(_archive(module, tmp_path, free=free, strict=strict)).network
    engine = on_torch(network)
    for size in ((16, 24), (24, 16), (32, 32)) if free else ((16, 24),):
        picture = torch.rand(1, 3, *size)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


class Kept(nn.Module):
    """Gradients are kept in blocks within others, one of which makes what it returns, and another writes into it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

    @torch.enable_grad()
    def shifted(self, y: Tensor) -> Tensor:
        return self.one(y) + 1

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            y = self.conv(x)
            with torch.enable_grad():
                y[:, :2] += 1
                with torch.set_grad_enabled(False):
                    z = self.shifted(y).chunk(2, 1)[1]
        with torch.autocast("cpu", enabled=False), torch.enable_grad():
            y = torch.cat([y, z * y.mean((2, 3), keepdim=True)[:, :2]], 1)
        return {"out": y, "part": z}


@pytest.mark.parametrize("output", ["out", "part"])
def test_a_module_keeps_gradients_in_some_of_its_blocks(output: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    module = Kept().eval()
    exported = studio.export_torch(module, torch.rand(1, 3, 16, 24), tmp_path / "mine", output=output)
    assert not exported.notes
    engine = on_torch(exported.network)
    for size in ((16, 24), (24, 16), (32, 32)):
        picture = torch.rand(1, 3, *size)
        engine.run({exported.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[output][0].numpy()) < 1e-5


def test_a_module_that_takes_gradients_is_refused_by_name(tmp_path: Path) -> None:
    class Descending(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            with torch.enable_grad():
                x = x.clone().requires_grad_()
                return x - torch.autograd.grad(super().forward(x).square().sum(), x)[0]

    with pytest.raises(StudioError, match=r"convolution_backward.*has no operator for it"):
        studio.export_torch(Descending(3, 4, 3), torch.rand(1, 3, 16, 24), tmp_path / "mine")


class Halved(nn.Module):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.conv, self.where = nn.Conv2d(3, 4, 3), where

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.where == "within"):
            y = torch.matmul(x, x.transpose(2, 3))
        return self.conv(y.float())


@pytest.mark.parametrize("where", ["within", "nowhere"])
def test_half_precision_is_left_out_and_said(where: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    module, picture = Halved(where), torch.rand(1, 3, 16, 24)
    imported = open_model(_archive(module, tmp_path, free=False))
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
    module.where = "nowhere"
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5
    assert ("float32" in " ".join(imported.notes)) == (where == "within")


class Deciding(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,))


def test_ways_that_the_picture_decides_are_still_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"control flow .*cond.* is not supported"):
        open_model(_archive(Deciding(), tmp_path, free=False))
