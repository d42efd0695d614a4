"""Zeros put between the pixels of a map, as large as the picture asks: by borders of axes of one, and by joins."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.io.importers import open_model
from studio.model.networks.network import Network


def _upsampled(y: Tensor) -> Tensor:
    """StyleGAN2's upsampling, as its authors write it without their own kernels."""
    kernel = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 16
    _, channels, height, width = y.shape
    out = F.pad(y.reshape(-1, height, 1, width, 1, 1), [0, 0, 0, 1, 0, 0, 0, 1]).view(-1, height * 2, width * 2, 1)
    out = F.pad(out, [0, 0, 2, 1, 2, 1]).permute(0, 3, 1, 2).reshape(-1, 1, height * 2 + 3, width * 2 + 3)
    out = F.conv2d(out, kernel.flip(0, 1)[None, None]).reshape(-1, 1, height * 2, width * 2)
    return out.permute(0, 2, 3, 1).reshape(-1, channels, height * 2, width * 2)


def _pyramid(y: Tensor) -> Tensor:
    """A Laplacian pyramid's (J. Liang et al. 2021): rows of zeros joined, then laid anew."""
    _, c, h, w = y.shape
    tall = torch.cat([y, torch.zeros(1, c, h, w)], dim=3).view(1, c, 2 * h, w).permute(0, 1, 3, 2)
    return torch.cat([tall, torch.zeros(1, c, w, 2 * h)], dim=3).view(1, c, 2 * w, 2 * h).permute(0, 1, 3, 2)


def _before(y: Tensor) -> Tensor:
    """One pixel of four, the last, between others of a half."""
    _, c, h, w = y.shape
    return F.pad(y.view(1, c, h, 1, w, 1), (1, 0, 0, 0, 1, 0), value=0.5).reshape(1, c, 2 * h, 2 * w)


def _marked(y: Tensor) -> Tensor:
    """Channels of ones and of two numbers beside the map."""
    _, _, h, w = y.shape
    two = torch.tensor([0.25, -2.0]).view(1, 2, 1, 1).expand(1, 2, h, w)
    return torch.cat([torch.ones(1, 1, h, w), y, two], 1)


FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "upfirdn": _upsampled,
    "pyramid": _pyramid,
    "before": _before,
    "marked": _marked,
}


class Net(nn.Module):
    def __init__(self, form: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.form = nn.Conv2d(3, 4, 3, padding=1), FORMS[form]

    def forward(self, x: Tensor) -> Tensor:
        return self.form(self.conv(x))


def _brought(module: nn.Module, way: str, path: Path) -> Network:
    example, side = torch.rand(1, 3, 16, 24), torch.export.Dim.AUTO
    if way == "module":
        return studio.export_torch(module, example, path / "net").network
    if way == "pt2":
        program = torch.export.export(module, (example,), dynamic_shapes=({2: side, 3: side},))
        torch.export.save(program, path / "net.pt2")
        return open_model(path / "net.pt2").network
    data, axes = io.BytesIO(), {"x": {2: "h", 3: "w"}}
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(module, (example,), data, dynamo=False, input_names=["x"], dynamic_axes=axes)
    (path / "net.onnx").write_bytes(data.getvalue())
    return open_model(path / "net.onnx").network


@pytest.mark.parametrize("way", ["module", "pt2", "onnx"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_between_pixels_follows_the_size(
    form: str, way: str, tmp_path: Path, engine_for: EngineFor, once: Once
) -> None:
    module = Net(form).eval()
    network = once(lambda: _brought(module, way, tmp_path))
    engine = engine_for(network)
    for size in ((16, 24), (24, 16), (40, 32)):
        picture = torch.rand(1, 3, *size)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5, size
