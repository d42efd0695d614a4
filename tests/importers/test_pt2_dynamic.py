"""Files of torch.export with dynamic shapes and several outputs, held against the program that they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from test_sizes import FORMS, Frozen
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.model.declared.size import Size

TOLERANCE = 1e-4
pytestmark = pytest.mark.filterwarnings("ignore")
# Where PyTorch finds a size that it cannot leave open, or the module asks for one.
_STATIC = {"windows", "shifted windows", "a batch of windows", "a batch of windows, channel by channel"}
_STATIC |= {"coordinates", "pooled by the map's size"}
_STATIC |= {"cosine attention", "adaptive by a part of the size", "halved and back", "attention over channels"}


class Several(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        height, width = x.shape[2:]
        small = F.interpolate(F.max_pool2d(x, 2), (height, width), mode="bilinear")
        return {"mean": x.mean((2, 3)), "out": small - x, "part": x / (height * width)}


def _saved(module: nn.Module, path: Path, batch: bool = False) -> None:
    free = torch.export.Dim.DYNAMIC
    shapes = {2: free, 3: free} | ({0: free} if batch else {})
    program = torch.export.export(module.eval(), (torch.rand(2 if batch else 1, 3, 16, 24),), dynamic_shapes=(shapes,))
    torch.export.save(program, path)


def _check(file: Path, module: nn.Module, key: str = "") -> None:
    imported = open_model(file, Options(output=key))
    assert imported.network.graph.only_size is None
    engine = on_torch(imported.network)
    for size in ((16, 24), (24, 32), (40, 16)):
        picture = torch.rand(1, 3, *size)
        engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            returned = module(picture)
        wanted = returned[key] if key else returned
        assert relative_error(engine.output(), wanted[0].numpy()) < TOLERANCE, size


@pytest.mark.parametrize("form", sorted(FORMS.keys() - _STATIC))
def test_a_form_that_was_exported_for_any_size_runs_at_three(form: str, tmp_path: Path) -> None:
    module = Frozen(FORMS[form])
    _saved(module, tmp_path / "any.pt2")
    _check(tmp_path / "any.pt2", module)


def test_outputs_have_the_names_of_their_dict_and_maps_come_first(tmp_path: Path) -> None:
    _saved(Several(), tmp_path / "several.pt2", batch=True)
    imported = open_model(tmp_path / "several.pt2")
    assert imported.outputs == ("out", "part", "mean")
    assert imported.picked == "out"
    assert '"out" was taken, --output takes another: part, mean' in imported.notes[0]
    for key in ("out", "part"):
        _check(tmp_path / "several.pt2", Several(), key)
    with pytest.raises(StudioError, match='no output "mask"; it gives out, part, mean'):
        open_model(tmp_path / "several.pt2", Options(output="mask"))


def test_it_is_read_for_the_size_that_is_asked_for(tmp_path: Path) -> None:
    _saved(Several(), tmp_path / "several.pt2")
    assert open_model(tmp_path / "several.pt2", Options(input_size=Size(40, 56))).size == Size(40, 56)


class Counting(nn.Module):
    """Makes a tensor of its picture's sides, as DySample does, and hands it from one device to the other."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        sides = torch.tensor([width, height, 64], dtype=x.dtype).to("cpu", x.dtype).view(1, 3, 1, 1)
        return x / sides


def test_a_tensor_of_sides_is_moved_to_a_device(tmp_path: Path) -> None:
    _saved(Counting(), tmp_path / "any.pt2")
    imported = open_model(tmp_path / "any.pt2")
    engine, picture = on_torch(imported.network), torch.rand(1, 3, *imported.network.graph.nearest(Size(16, 24)))
    engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
    assert relative_error(engine.output(), Counting()(picture)[0].numpy()) < TOLERANCE
