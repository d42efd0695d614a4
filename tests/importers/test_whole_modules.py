"""Modules that were saved whole, and TorchScript: what is read of them without running anything."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from torch import Tensor, nn

from studio.errors import StudioError
from studio.io.importers import Imported, open_model

TOLERANCE = 1e-5


class Rows(nn.Module):
    """Strides and slopes that no tensor tells."""

    def __init__(self) -> None:
        super().__init__()
        down = [nn.Conv2d(3, 6, 3, 2, 1), nn.LeakyReLU(0.1), nn.Conv2d(6, 8, 5, 3, 1), nn.BatchNorm2d(8), nn.ELU(0.7)]
        up = [nn.ConvTranspose2d(8, 5, 4, 3, 1, 1), nn.PReLU(5), nn.ConvTranspose2d(5, 3, 4, 2, 1), nn.Sigmoid()]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class Sharp(nn.Module):
    """Of a class of its own, whose tensors are those of a family."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.shuffle = nn.ReLU(), nn.PixelShuffle(2)
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 6, 3, padding=1)
        self.conv3, self.conv4 = nn.Conv2d(6, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv3(self.relu(self.conv2(self.relu(self.conv1(x))))))
        return self.shuffle(self.conv4(x))


def row() -> nn.Sequential:
    inner = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.GELU(approximate="tanh"))
    norm = nn.InstanceNorm2d(4, affine=True)
    more = [inner, nn.Upsample(scale_factor=2, mode="bilinear"), nn.MaxPool2d(3, 2, 1), nn.Dropout(0.3)]
    return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(3, 4, 3), norm, nn.ReLU(), *more, nn.Conv2d(4, 3, 1))


def check(imported: Imported, module: nn.Module, *shape: int) -> None:
    picture, engine = torch.rand(shape), on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture.numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture[None])[0].numpy()) < TOLERANCE


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(("kind", "shape"), [(Rows, (3, 48, 36)), (row, (3, 20, 30)), (Sharp, (1, 9, 12))])
def test_a_whole_module_is_read_as_it_is(
    kind: type[nn.Module], shape: tuple[int, ...], nested: bool, zipped: bool, tmp_path: Path
) -> None:
    torch.manual_seed(4)
    module = kind().eval()
    held = {"epoch": 3, "model": module} if nested else module
    torch.save(held, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    check(open_model(tmp_path / "net.pt"), module, *shape)


def test_what_was_taken_to_follow_each_other_is_said(tmp_path: Path) -> None:
    torch.save(Rows(), tmp_path / "net.pt")
    assert "taken to follow each other" in " ".join(open_model(tmp_path / "net.pt").notes)
    torch.save(row(), tmp_path / "net.pt")
    assert "each of which the file describes" in " ".join(open_model(tmp_path / "net.pt").notes)


@pytest.mark.filterwarnings("ignore")
def test_the_tensors_of_torchscript_are_read(tmp_path: Path) -> None:
    torch.manual_seed(4)
    module = Sharp().eval()
    torch.jit.script(module).save(str(tmp_path / "net.pt"))
    check(open_model(tmp_path / "net.pt"), module, 1, 9, 12)


class Touches(nn.Module):
    """Has a file made where it is unpickled."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.conv, self.where = nn.Conv2d(3, 3, 3), where

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.where}",)


def test_nothing_in_a_module_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    torch.save(nn.Sequential(nn.Conv2d(3, 3, 3), Touches(str(mark))), tmp_path / "net.pt")
    with pytest.raises(StudioError, match="no training leaves behind"):
        open_model(tmp_path / "net.pt")
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore")
def test_a_tensor_of_torchscript_that_reaches_past_its_numbers_is_refused(tmp_path: Path) -> None:
    torch.jit.script(Sharp().eval()).save(str(tmp_path / "net.pt"))
    with zipfile.ZipFile(tmp_path / "net.pt") as archive, zipfile.ZipFile(tmp_path / "cut.pt", "w") as cut:
        for name in archive.namelist():
            data = archive.read(name)
            cut.writestr(name, data[: len(data) // 2] if "/data/" in name else data)
    with pytest.raises(StudioError, match="fetch"):
        open_model(tmp_path / "cut.pt")
