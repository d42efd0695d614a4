"""In which values an imported network is fed and shown: what was asked for, what its family says, what is guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import on_torch
from modules import made

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.runtime.render.frame_runner import FrameRunner

CAFFE = (103.939, 116.779, 123.68)


def saved(family: str, folder: Path) -> Path:
    _, module, _ = made(family)
    torch.save(module.state_dict(), folder / "model.pth")
    return folder / "model.pth"


def of(family: str, folder: Path, **options: object) -> Imported:
    return open_model(saved(family, folder), Options(**options))


@pytest.mark.parametrize("family", ["espcn", "srcnn"])
def test_super_resolution_of_luma_keeps_the_colour(family: str, tmp_path: Path) -> None:
    imported = of(family, tmp_path)
    assert imported.network.graph.colour == "input"
    red = np.zeros((12, 10, 3), np.uint8)
    red[..., 0] = 255
    shown = FrameRunner(on_torch(imported.network))(red).astype(int)
    assert (shown[..., 0] - shown[..., 1]).min() > 100
    assert of(family, tmp_path, colour="own").network.graph.colour == "own"


def test_a_network_of_colours_makes_its_own(tmp_path: Path) -> None:
    assert of("autoencoder", tmp_path).network.graph.colour == "own"


def test_order_and_ranges_are_as_asked_for(tmp_path: Path) -> None:
    graph = of("autoencoder", tmp_path, order="bgr", input_range=(0.0, 255.0), output_range=(-1.0, 1.0)).network.graph
    assert (graph.inputs[0].order, graph.output_order) == ("bgr", "bgr")
    assert (graph.inputs[0].range, graph.output_range) == ((0.0, 255.0), (-1.0, 1.0))


def test_the_mean_of_caffe_tells_the_order(tmp_path: Path) -> None:
    imported = of("johnson", tmp_path, mean=CAFFE)
    assert imported.network.graph.inputs[0].order == "bgr"
    assert any("Caffe" in note for note in imported.notes)
    assert of("johnson", tmp_path, mean=CAFFE, order="rgb").network.graph.inputs[0].order == "rgb"
    assert of("johnson", tmp_path, mean=CAFFE[::-1]).network.graph.inputs[0].order == "rgb"


def test_values_leave_every_weight_as_it_is(tmp_path: Path) -> None:
    plain, changed = of("autoencoder", tmp_path), of("autoencoder", tmp_path, order="bgr", mean=(0.5,), std=(0.2,))
    assert changed.names == plain.names
    assert all(np.array_equal(changed.network.tensors[name], v) for name, v in plain.network.tensors.items())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"colour": "input"}, "must be luma"), ({"mean": (1.0, 2.0)}, "2 numbers"), ({"std": (0.0,)}, "above 0")],
)
def test_values_that_do_not_fit_are_one_sentence(options: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=sentence):
        of("autoencoder", tmp_path, **options)


class Bytes(torch.nn.Module):
    """A convolution between what is done to a picture before it, and to what it makes."""

    def __init__(self, before: str, after: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.before, self.after = torch.nn.Conv2d(3, 3, 3, padding=1), before, after
        self.mean, self.std = (torch.tensor(n).view(1, 3, 1, 1) for n in ([123.7, 116.3, 103.5], [58.4, 57.1, 57.4]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = {
            "255": lambda: x / 255,
            "127.5": lambda: x / 127.5 - 1,
            "mean": lambda: x - self.mean,
            "both": lambda: (x - self.mean) / self.std,
            "of one": lambda: (x - self.mean / 255) / (self.std / 255),
            "twice": lambda: x * 2 - 1,
            "lightness": lambda: (x - 50) / 100,
            "faint": lambda: x * 0.02,
        }[self.before]()
        y = self.conv(x)
        return {
            "": y,
            "255": y * 255,
            "127.5": (y.tanh() + 1) * 127.5,
            "moved": y.tanh() * 127.5 + 127.5,
            "in steps": (y.tanh() / 2 + 0.5) * 255,
            "clamp": y.clamp(0, 255),
            "round": (y * 255).round(),
            "both signs": y.tanh() * 127.5,
        }[self.after]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("255", "divides by 255"),
        ("127.5", "divides by 255"),
        ("both", "divides by 255"),
        ("mean", "takes off the mean of bytes"),
        ("of one", ""),
        ("twice", ""),
        ("lightness", ""),
        ("faint", ""),
    ],
)
def test_a_first_layer_for_bytes_is_fed_bytes(before: str, said: str, suffix: str, tmp_path: Path) -> None:
    _write(Bytes(before), tmp_path / f"m{suffix}")
    imported = open_model(tmp_path / f"m{suffix}")
    assert imported.network.graph.inputs[0].range == ((0.0, 255.0) if said else (0.0, 1.0))
    assert any(said in note and "white 255" in note for note in imported.notes) == bool(said)
    asked = open_model(tmp_path / f"m{suffix}", Options(input_range=(0.0, 1.0)))
    assert asked.network.graph.inputs[0].range == (0.0, 1.0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
@pytest.mark.parametrize("after", ["", "255", "127.5", "moved", "in steps", "clamp", "round", "both signs"])
def test_an_output_of_bytes_is_shown_as_bytes(after: str, suffix: str, tmp_path: Path) -> None:
    _write(Bytes("255", after), tmp_path / f"m{suffix}")
    wanted = (0.0, 1.0) if after in ("", "both signs") else (0.0, 255.0)
    assert open_model(tmp_path / f"m{suffix}").network.graph.output_range == wanted


def _write(module: torch.nn.Module, path: Path) -> None:
    picture = torch.rand(1, 3, 16, 24)
    if path.suffix == ".pt2":
        torch.export.save(torch.export.export(module.eval(), (picture,)), path)
    else:
        axes = {"x": {2: "h", 3: "w"}}
        torch.onnx.export(module.eval(), (picture,), path, dynamo=False, dynamic_axes=axes, input_names=["x"])
