"""Channels taken one by one, worked on as planes of (1, height, width) and padded, as low-light networks do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.io.importers import open_model

FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "reflect": lambda grey: F.pad(grey[:, None], (3, 2, 4, 1), "reflect"),
    "zeros": lambda grey: F.pad(grey[:, None], (3, 2, 4, 1)),
    "cut": lambda grey: F.pad(grey[:, None], (-1, -2, -3, -1)),
    "plane": lambda grey: F.pad(grey, (3, 2, 0, 0), value=0.5)[:, None],
    "channels last": lambda grey: F.pad(grey[..., None].expand(-1, -1, -1, 3), (1, 1, 2, 2)).permute(0, 3, 1, 2),
}


class Grey(nn.Module):
    def __init__(self, how: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        red, green, blue = x[:, 0] + 1, x[:, 1] + 1, x[:, 2] + 1
        return self.how(1 - (0.299 * red + 0.587 * green + 0.114 * blue) / 2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["module", "pt2"])
def test_a_grey_is_padded_where_it_lies(form: str, way: str, tmp_path: Path, engine_for: EngineFor) -> None:
    module, example = Grey(FORMS[form]).eval(), torch.rand(1, 3, 12, 16)
    if way == "module":
        network = studio.export_torch(module, example, tmp_path / "net").network
    else:
        side = torch.export.Dim.AUTO
        torch.export.save(
            torch.export.export(module, (example,), dynamic_shapes=({2: side, 3: side},)), tmp_path / "net.pt2"
        )
        network = open_model(tmp_path / "net.pt2").network
    engine = engine_for(network)
    for size in ((12, 16), (16, 12), (24, 20)):
        picture = torch.rand(1, 3, *size)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5, size
