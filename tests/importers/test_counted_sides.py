"""What a module counts along its picture's sides is a layer: the same at every size on every engine."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from test_sizes import Frozen, is_exported_right
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers._traced.exported import spare_triton
from studio.ops._reference import reference


def _grid(height: int, width: int) -> Tensor:
    return torch.stack(torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"), -1)


def _thin_plates(_: Tensor, y: Tensor) -> Tensor:
    """Places bent by what is far from a few points."""
    points = torch.linspace(-0.9, 0.9, 10).view(5, 2)
    grid = _grid(*y.shape[2:]).flip(-1)
    away = ((grid[:, :, None] - points) ** 2).sum(-1)
    bent = grid + (away * torch.log(away + 1e-6)) @ (points.sin() * 0.1)
    return y + F.grid_sample(y, bent[None], align_corners=True, padding_mode="border")


def _pattern_of_places(x: Tensor, y: Tensor) -> Tensor:
    """A picture made of coordinates, a radius and a code, as CPPNs are, with a sine's own frequency."""
    height, width = x.shape[2:]
    rows = torch.linspace(-1, 1, height).view(1, height, 1, 1).expand(1, height, width, 1)
    columns = torch.linspace(-1, 1, width).view(1, 1, width, 1).expand(1, height, width, 1)
    code = y.mean((2, 3)).view(1, 1, 1, -1).expand(1, height, width, -1)
    told = torch.cat([columns, rows, torch.sqrt(rows**2 + columns**2), code], -1)
    weight = torch.linspace(-2, 2, 28).cos().view(4, 7)
    return torch.sin(5 * F.linear(told, weight)).permute(0, 3, 1, 2) + y


def _sines_of_places(_: Tensor, y: Tensor) -> Tensor:
    """Written channel by channel into a map of zeros."""
    _, c, height, width = y.shape
    places = torch.zeros(c, height, width)
    rates = torch.exp(torch.arange(0.0, 2, 2) * -(math.log(1000.0) / 2))
    columns, rows = torch.arange(0.0, width)[:, None] * rates, torch.arange(0.0, height)[:, None] * rates
    places[0:2:2] = torch.sin(columns).T.unsqueeze(1).repeat(1, height, 1)
    places[1:2:2] = torch.cos(columns).T.unsqueeze(1).repeat(1, height, 1)
    places[2::2] = torch.sin(rows).T.unsqueeze(2).repeat(1, 1, width)
    places[3::2] = torch.cos(rows).T.unsqueeze(2).repeat(1, 1, width)
    return y + places


def _counted_ones(_: Tensor, y: Tensor) -> Tensor:
    ones = torch.ones(1, *y.shape[2:], dtype=torch.bool)
    down, across = ones.cumsum(1, dtype=torch.float32), ones.cumsum(2, dtype=torch.float32)
    down, across = down / (down[:, -1:] + 1e-6), across / (across[:, :, -1:] + 1e-6)
    return y * torch.stack([down, across, down * across, down - across], 1).sin()


def _vignette(_: Tensor, y: Tensor) -> Tensor:
    height, width = y.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    away = ((rows - (height - 1) / 2) / height) ** 2 + ((columns - (width - 1) / 2) / width) ** 2
    near = columns.clamp(3, width - 4) / width
    return y * torch.exp(-3 * away) + near * (rows < height - 2)


def _resized_positions(_: Tensor, y: Tensor) -> Tensor:
    held = torch.linspace(0, 7, 4 * 20).sin().view(1, 4, 4, 5)
    return y + F.interpolate(held, y.shape[2:], mode="bicubic", align_corners=False)


def _twice_as_fine(_: Tensor, y: Tensor) -> Tensor:
    """Each place of a picture twice as large, and how far it is from the pixel that it is nearest to."""
    height, width = y.shape[2:]

    def middles(count: int) -> Tensor:
        return -1 + 1 / count + 2 / count * torch.arange(count).float()

    def places(h: int, w: int) -> Tensor:
        return torch.stack(torch.meshgrid(middles(h), middles(w), indexing="ij"), -1)

    fine, own = places(2 * height, 2 * width), places(height, width).permute(2, 0, 1)[None]
    asked = (fine + torch.tensor([1e-3, 1e-3])).clamp(-1 + 1e-6, 1 - 1e-6).flip(-1)[None]
    read, at = (F.grid_sample(held, asked, mode="nearest", align_corners=False) for held in (y, own))
    return torch.cat([read, fine.permute(2, 0, 1)[None] - at], 1)


def _joined_along_rows(_: Tensor, y: Tensor) -> Tensor:
    """Coordinate attention: means of rows and of columns go through one convolution and are taken apart again."""
    height, width = y.shape[2:]
    rows, columns = y.mean(3, keepdim=True), y.mean(2, keepdim=True).permute(0, 1, 3, 2)
    both = F.hardswish(F.conv2d(torch.cat([rows, columns], 2), torch.linspace(-1, 1, 16).view(4, 4, 1, 1)))
    rows, columns = both.split([height, width], 2)
    return y * rows.sigmoid() * columns.permute(0, 1, 3, 2).sigmoid()


def _borders_written(_: Tensor, y: Tensor) -> Tensor:
    y = y.clone()
    y[:, :, 0, :] = 0
    y[:, :, :, -1] = 1
    y[:, :, 2, :] = y[:, :, 5, :]
    y[:, :, 3:-3] = 0.5
    return y


def _token_of_the_whole(_: Tensor, y: Tensor) -> Tensor:
    """A class token before the others, read back by each of them."""
    _, c, height, width = y.shape
    x = torch.cat([torch.linspace(-1, 1, c).view(1, 1, c), y.flatten(2).transpose(1, 2)], 1)
    x = x + F.scaled_dot_product_attention(x, x, x)
    spread = x[:, :1].expand(1, height * width, c)
    x = F.linear(torch.cat([x[:, 1:], spread], -1), torch.linspace(-1, 1, 8 * c).sin().view(c, 2 * c))
    return x.transpose(1, 2).reshape(1, c, height, width)


HOW = [
    _thin_plates, _pattern_of_places, _sines_of_places, _counted_ones, _vignette, _resized_positions, _twice_as_fine,
    _joined_along_rows, _borders_written, _token_of_the_whole,
]  # fmt: skip


@pytest.mark.parametrize("how", HOW, ids=lambda how: how.__name__.strip("_"))
def test_what_is_counted_follows_the_size(
    how: Callable[[Tensor, Tensor], Tensor], engine_for: EngineFor, once: Once, tmp_path: Path
) -> None:
    is_exported_right(Frozen(how), tmp_path / "net", engine_for, once, ((24, 32), (33, 21)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", [_vignette, _sines_of_places, _joined_along_rows], ids=lambda how: how.__name__)
def test_a_file_with_free_sides_is_read_so_as_well(how: Callable[[Tensor, Tensor], Tensor], tmp_path: Path) -> None:
    module, free = Frozen(how).eval(), dict.fromkeys((2, 3), torch.export.Dim.AUTO)
    with torch.no_grad():
        program = torch.export.export(module, (torch.rand(1, 3, 16, 24),), dynamic_shapes=(free,))
    torch.export.save(program, tmp_path / "net.pt2")
    network = open_model(tmp_path / "net.pt2").network
    for size in ((16, 24), (24, 32), (33, 21)):
        picture = torch.rand(1, 3, *size)
        found = reference(network, {network.graph.inputs[0].name: picture})[network.graph.output]
        with torch.no_grad():
            assert relative_error(found.numpy(), module(picture).numpy()) < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_a_file_of_one_size_in_which_numbers_were_worked_out_takes_no_other(tmp_path: Path) -> None:
    def divided(_: Tensor, y: Tensor) -> Tensor:
        return y * y.sum((2, 3), keepdim=True) / (y.shape[2] * y.shape[3])

    def shifted(_: Tensor, y: Tensor) -> Tensor:
        return y.relu() * 255 + torch.ones(1, y.shape[1] * 8, 1, 1).mean()

    for how, size, only in (
        (divided, (16, 24), (16, 24)),
        (lambda _, y: y.relu() / 3, (16, 24), None),
        # 255 is white, and 24 or 32 ones are along no side but along channels.
        (shifted, (256, 32), None),
        (shifted, (16, 24), None),
    ):
        program = torch.export.export(Frozen(how).eval(), (torch.rand(1, 3, *size),))
        torch.export.save(program, tmp_path / "net.pt2")
        assert open_model(tmp_path / "net.pt2").network.graph.only_size == only


def emptied(_: Tensor, y: Tensor) -> Tensor:
    y = torch.cat([y[:, :0], torch.cat([y[..., 0:], y[..., :0]], -1)], 1).clone()
    y[:, :, 4:4] = 0.5
    return y * 2


def test_parts_that_are_empty_change_nothing(engine_for: EngineFor, once: Once, tmp_path: Path) -> None:
    is_exported_right(Frozen(emptied), tmp_path / "net", engine_for, once, ((24, 32), (33, 21)))


class Steered(nn.Module):
    """Another way through for pictures that stand upright."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.transpose(2, 3) if x.shape[2] > x.shape[3] else x)


def test_a_module_that_takes_another_way_at_other_sizes_is_of_its_own(tmp_path: Path) -> None:
    exported = studio.export_torch(Steered(), torch.rand(1, 3, 32, 48), tmp_path / "net")
    assert exported.network.graph.only_size == (32, 48)
    assert any("It takes pictures of 48×32 alone" in note for note in exported.notes)


class Halved(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            x = self.conv(x)
        with torch.autocast("cpu", enabled=False):
            return self.out(x.float())


def test_autocast_is_left_out_and_said(tmp_path: Path) -> None:
    module, enter = Halved(), torch.autocast.__enter__
    exported = studio.export_torch(module, torch.rand(1, 3, 16, 24), tmp_path / "net")
    assert exported.relative_error < 1e-5
    assert any("bfloat16 (torch.autocast)" in note for note in exported.notes)
    assert torch.autocast.__enter__ is enter


@pytest.mark.filterwarnings("ignore")
def test_what_kind_of_module_cannot_be_traced_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"TorchScript module.*load_state_dict\(scripted\.state_dict\(\)\)"):
        studio.export_torch(torch.jit.script(Steered()), torch.rand(1, 3, 16, 24), tmp_path / "net")


def test_a_sort_is_compared_where_no_values_are_the_same(engine_for: EngineFor, once: Once, tmp_path: Path) -> None:
    def largest(_: Tensor, y: Tensor) -> Tensor:
        values, places = y.topk(5, dim=2)
        return torch.zeros_like(y).scatter(2, places, values) + 0.1 * y

    is_exported_right(Frozen(largest), tmp_path / "net", engine_for, once, ((24, 32), (33, 21)))


def test_triton_is_left_out_where_it_would_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "triton", raising=False)
    monkeypatch.setattr(Path, "exists", lambda _: True)
    for mapped, spared in (("/usr/lib/libc.so.6", False), ("/usr/lib/x86_64-linux-gnu/libLLVM-15.so.1", True)):
        monkeypatch.setattr(Path, "read_text", lambda *_, held=mapped, **__: held)
        spare_triton()
        assert ("triton" in sys.modules and sys.modules["triton"] is None) == spared
    monkeypatch.delitem(sys.modules, "triton", raising=False)
