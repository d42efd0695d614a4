"""pix2pix as its authors run it: the picture's own statistics, and half of the values left out in the same blocks."""

from __future__ import annotations

from pathlib import Path

import torch
from helpers import EngineFor, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.io.importers import Options, open_model
from studio.io.importers._traced.drawn import drawing
from studio.model.declared.tick import Tick


class Block(nn.Module):
    """A block of the U-Net as its authors write it, dropout and all."""

    def __init__(self, outer: int, inner: int, within: nn.Module | None, drops: bool, outermost: bool = False) -> None:
        super().__init__()
        self.outermost = outermost
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=outermost)
        if outermost:
            up = nn.ConvTranspose2d(inner * 2, 3, 4, 2, 1)
            layers: list[nn.Module] = [down, within, nn.ReLU(), up, nn.Tanh()]  # type: ignore[list-item]
        elif within is None:
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False)
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        else:
            up = nn.ConvTranspose2d(inner * 2, outer, 4, 2, 1, bias=False)
            layers = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inner), within, nn.ReLU(), up, nn.BatchNorm2d(outer)]
            layers += [nn.Dropout(0.5)] if drops else []
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Pix2Pix(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        block = Block(8, 8, None, False)
        for _ in range(2):
            block = Block(8, 8, block, True)
        block = Block(4, 8, block, False)
        self.model = Block(3, 4, block, False, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def test_it_is_what_its_authors_show(engine_for: EngineFor, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, picture = Pix2Pix().train(), torch.rand(1, 3, 64, 96)
    torch.save(module.state_dict(), tmp_path / "latest_net_G.pth")
    plain = open_model(tmp_path / "latest_net_G.pth")
    assert "--dropout" in " ".join(plain.notes)
    assert not any(type(node.op).__name__ == "RandomMap" for node in plain.network.graph.nodes)
    imported = open_model(tmp_path / "latest_net_G.pth", Options(statistics="picture", dropout=True))
    drawn = [node for node in imported.network.graph.nodes if type(node.op).__name__ == "RandomMap"]
    assert len(drawn) == 2
    with torch.no_grad(), drawing():
        wanted = module(picture)[0].numpy()
    engine = engine_for(imported.network)
    for frame in range(2):
        engine.run({"input": picture[0].numpy()}, Tick(frame))
        assert relative_error(engine.output(), wanted) < 1e-4
    engine.set_number(drawn[0].name, "hold", 1)
    engine.run({"input": picture[0].numpy()}, Tick(3))
    assert relative_error(engine.output(), wanted) > 1e-3


def test_what_is_left_out_is_left_out_by_channels_too(tmp_path: Path) -> None:
    class Spatial(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.dropout2d(x, 0.5, training=True) + F.dropout(x, 0.25, training=True)

    module = Spatial()
    found = studio.export_torch(module, torch.rand(1, 6, 8, 8), tmp_path / "spatial", state="zeros")
    assert found.relative_error < 1e-6
