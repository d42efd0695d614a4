"""ONNX models that were exported for several pictures at a time, and those of one size that hold numbers of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import normal, on_torch, relative_error
from torch import nn

from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.model.declared.size import Size

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch warns of its older exporter


class Step(nn.Module):
    """A convolution, and a step behind it."""

    def __init__(self, step: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.step = nn.Conv2d(3, 4, 3, padding=1), step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.step(self.conv(x))


def exported(module: nn.Module, folder: Path, *shape: int) -> Path:
    path = folder / "model.onnx"
    torch.onnx.export(module.eval(), (torch.zeros(shape),), path, dynamo=False, opset_version=17)
    return path


def instances(x: torch.Tensor) -> torch.Tensor:
    rows = x.view(2, 4, -1)
    return ((rows - rows.mean(-1, keepdim=True)) / (rows.std(-1, keepdim=True) + 1)).view(2, 4, 16, 16)


def attended(x: torch.Tensor) -> torch.Tensor:
    rows = x.reshape(2, 2, 2, 256).transpose(2, 3)
    return (torch.softmax(rows @ rows.transpose(2, 3), -1) @ rows).transpose(2, 3).reshape(2, 4, 16, 16)


@pytest.mark.parametrize(
    "step",
    [
        torch.tanh,
        instances,
        attended,
        lambda x: nn.functional.interpolate(x, (32, 32)) * x.mean((1, 2, 3), keepdim=True),
        lambda x: nn.functional.group_norm(x, 2),
        lambda x: nn.functional.softmax(x, 1) + x.flatten(1).mean(1)[:, None, None, None],
    ],
)
def test_a_model_of_two_pictures_is_read_for_one(step: Callable[[torch.Tensor], torch.Tensor], tmp_path: Path) -> None:
    module = Step(step)
    values = normal(3, 16, 16)
    with torch.no_grad():
        wanted = module(torch.from_numpy(np.stack([values, values[::-1]])))[0].numpy()
    network = open_model(exported(module, tmp_path, 2, 3, 16, 16)).network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: values})
    assert relative_error(engine.output(), wanted) < 1e-5


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x - x.mean(0, keepdim=True),
        lambda x: torch.softmax(x, 0),
        lambda x: x * x.mean((0, 2, 3), keepdim=True),
        lambda x: nn.functional.batch_norm(x, None, None, training=True),
        lambda x: torch.sort(x, 0)[0],
        lambda x: torch.cumsum(x, 0),
        lambda x: nn.functional.layer_norm(x, (2, 4, 16, 16)),
        lambda x: (x.flatten(1).T @ x.flatten(1)).mean() * x,
        lambda x: x.reshape(1, 8, 16, 16).softmax(1).reshape(2, 4, 16, 16),
        lambda x: x + x.flip(0),
    ],
)
def test_a_model_that_mixes_its_pictures_is_refused(
    step: Callable[[torch.Tensor], torch.Tensor], tmp_path: Path
) -> None:
    path = exported(Step(step), tmp_path, 2, 3, 16, 16)
    with pytest.raises(StudioError, match=r"on all 2 pictures of its batch together; export the model for one pic"):
        open_model(path)


@pytest.mark.parametrize(
    ("step", "side", "only"),
    [
        (lambda x: x * x.sum((2, 3), keepdim=True) / (16 * 16), 16, (16, 16)),
        (lambda x: x * x.sum(3, keepdim=True) / 31, 32, (32, 32)),
        (lambda x: x * x.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3]), 16, (16, 16)),
        (lambda x: x * 255 + 0.5, 256, None),
        (lambda x: x * x.mean((2, 3), keepdim=True) / 3, 16, None),
    ],
)
def test_a_model_of_one_size_in_which_numbers_were_worked_out_takes_no_other(
    step: Callable[[torch.Tensor], torch.Tensor], side: int, only: Size | None, tmp_path: Path
) -> None:
    module = Step(step)
    path = exported(module, tmp_path, 1, 3, side, side)
    for options in (Options(), Options(input_size=Size(48, 64))):
        opened = open_model(path, options)
        assert opened.network.graph.only_size == only
        assert any("numbers in it were worked out from that size" in note for note in opened.notes) == (
            only is not None
        )
        values = normal(3, side, side)
        engine = on_torch(opened.network)
        engine.run({opened.network.graph.inputs[0].name: values})
        with torch.no_grad():
            wanted = module(torch.from_numpy(values)[None])[0].numpy()
        assert relative_error(engine.output(), wanted) < 1e-5
