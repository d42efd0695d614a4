"""Networks that are fed a time beside the picture, a number of shape (1,), as those of diffusion are."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import Imported, open_model
from studio.model.networks.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
TIMES = [torch.tensor([5]), torch.tensor([5.0])]


class Denoiser(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 3, 3, padding=1)
        self.norm, self.time = nn.GroupNorm(4, 16), nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 16))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        rates = torch.exp(-math.log(10000) * torch.arange(0, 8, dtype=torch.float32) / 8)
        turns = t[:, None].float() * rates[None]
        told = self.time(torch.cat([turns.sin(), turns.cos()], -1))[:, :, None, None]
        return self.last(F.silu(self.norm(self.first(x))) + told)


def _is_right(network: Network, module: nn.Module) -> None:
    assert [put.kind for put in network.graph.inputs] == ["picture", "vector"]
    engine = on_torch(network)
    for size, time in (((16, 24), 5.0), ((24, 16), 37.0), ((33, 40), 0.0)):
        picture, t = torch.rand(1, 3, *size), torch.tensor([time])
        engine.run({"x": picture[0].numpy(), "t": t.numpy().reshape(1, 1, 1)})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture, t)[0].numpy()) < 1e-4


def _opened(module: nn.Module, time: Tensor, path: Path) -> Imported:
    example = (torch.rand(1, 3, 16, 24), time)
    if path.suffix == ".pt2":
        free = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
        torch.export.save(torch.export.export(module, example, dynamic_shapes=(free, None)), path)
    else:
        axes = {"x": {2: "h", 3: "w"}}
        torch.onnx.export(module, example, path, dynamo=False, dynamic_axes=axes, input_names=["x", "t"])
    return open_model(path)


@pytest.mark.parametrize("time", TIMES, ids=["whole", "broken"])
@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_a_time_of_one_number_is_a_vector(suffix: str, time: Tensor, tmp_path: Path) -> None:
    module = Denoiser().eval()
    _is_right(_opened(module, time, tmp_path / f"m{suffix}").network, module)


def test_a_module_takes_one_too(tmp_path: Path) -> None:
    module = Denoiser().eval()
    _is_right(studio.export_torch(module, (torch.rand(1, 3, 16, 24), TIMES[1]), tmp_path / "net").network, module)


class Scaled(nn.Module):
    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return x * t


@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_a_bare_number_is_told_the_shape_that_opens(suffix: str, tmp_path: Path) -> None:
    path, given = tmp_path / f"m{suffix}", (torch.rand(1, 3, 16, 24), torch.tensor(0.5))
    if suffix == ".pt2":
        torch.export.save(torch.export.export(Scaled(), given), path)
    else:
        torch.onnx.export(Scaled(), given, path, dynamo=False, input_names=["x", "t"])
    with pytest.raises(StudioError, match=r'input "t" is a bare number of shape \(\); export.* of shape \(1,\)\.$'):
        open_model(path)
