"""Networks that take neither one channel nor three, fed from pictures by a layer before them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import on_torch, relative_error
from torch import nn

from studio.errors import StudioError
from studio.io.importers import Options, open_model, save_imported
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.runtime.render.size import working_size


def _file(tmp_path: Path, channels: int) -> tuple[nn.Module, Path]:
    torch.manual_seed(channels)
    module = nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 3, 3, padding=1))
    program = torch.export.export(module, (torch.rand(1, channels, 16, 24),))
    torch.export.save(program, tmp_path / "net.pt2")
    return module, tmp_path / "net.pt2"


def _made(way: str, picture: torch.Tensor, channels: int, low: float, high: float) -> torch.Tensor:
    if way == "grey":
        luma = (picture * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
        return luma.expand(channels, -1, -1)
    if way == "repeat":
        return torch.stack([picture[k % 3] for k in range(channels)])
    rest = torch.full((max(channels - 3, 0), *picture.shape[1:]), high if way == "opaque" else low)
    return torch.cat([picture, rest])[:channels]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("channels", [2, 4, 6])
@pytest.mark.parametrize("way", ["repeat", "grey", "opaque", "zeros"])
def test_channels_are_made_of_a_picture(way: str, channels: int, tmp_path: Path) -> None:
    module, file = _file(tmp_path, channels)
    assert "--channels opaque" in " ".join(open_model(file).notes)
    mean, std = tuple(0.1 * k for k in range(channels)), tuple(1 + 0.5 * k for k in range(channels))
    options = Options(channels=way, input_range=(-1.0, 1.0), mean=mean, std=std)
    imported = open_model(file, options)
    assert "makes its" in imported.notes[-1]
    assert "--channels" not in " ".join(imported.notes)
    save_imported(imported, tmp_path / "mine")
    network = load_network(tmp_path / "mine")
    (put,) = network.graph.inputs
    assert (put.channels, put.mean, put.std, put.range) == (3, (), (), (-1.0, 1.0))
    assert working_size(network.graph, Size(30, 41)).padded == Size(30, 41)
    picture, engine = torch.rand(3, 20, 28) * 2 - 1, on_torch(network)
    engine.run({put.name: picture.numpy()})
    fed = _made(way, picture, channels, -1.0, 1.0)
    fed = (fed - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)
    with torch.no_grad():
        assert relative_error(engine.output(), module(fed[None].float())[0].numpy()) < 1e-5


@pytest.mark.filterwarnings("ignore")
def test_what_asks_for_no_map_says_so(tmp_path: Path) -> None:
    _, file = _file(tmp_path, 3)
    with pytest.raises(StudioError, match="which need no map"):
        open_model(file, Options(channels="grey"))
    _, file = _file(tmp_path, 5)
    with pytest.raises(StudioError, match="there are repeat, grey, opaque, zeros"):
        open_model(file, Options(channels="alpha"))
    np.testing.assert_equal(open_model(file).network.graph.inputs[0].channels, 5)
