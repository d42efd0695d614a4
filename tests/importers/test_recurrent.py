"""Networks that hand states on: which output is which input in the next step, and states smaller than the picture."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from torch.nn import functional as F

import studio
from studio.cli import main
from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.io.importers._state_pairs import hand_on, paired
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.network import Network
from studio.model.networks.shape import Shape
from studio.model.networks.state import shrunk
from studio.runtime.render.frame_runner import FrameRunner

EXAMPLE = Size(32, 48)
CHANNELS, PARTS = (4, 5, 6), (2, 4, 8)


class Gru(torch.nn.Module):
    """A convolutional gated unit."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = torch.nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)
        self.new = torch.nn.Conv2d(2 * channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        reset, update = torch.sigmoid(self.gates(torch.cat([x, h], 1))).chunk(2, 1)
        return (1 - update) * h + update * torch.tanh(self.new(torch.cat([x, reset * h], 1)))


class Matting(torch.nn.Module):
    """States at a half, a quarter and an eighth of the picture, as networks that matte films keep them."""

    def __init__(self) -> None:
        super().__init__()
        rows = zip((3, *CHANNELS), CHANNELS, strict=False)
        self.down = torch.nn.ModuleList(torch.nn.Conv2d(i, o, 3, 2, 1) for i, o in rows)
        self.units = torch.nn.ModuleList(Gru(channels) for channels in CHANNELS)
        rows = zip(CHANNELS[1:], CHANNELS, strict=False)
        self.up = torch.nn.ModuleList(torch.nn.Conv2d(i, o, 1) for i, o in rows)
        self.out = torch.nn.Conv2d(CHANNELS[0], 4, 3, padding=1)

    def forward(self, src: torch.Tensor, r1i: torch.Tensor, r2i: torch.Tensor, r3i: torch.Tensor) -> object:
        x, states = src, []
        for down, unit, state in zip(self.down, self.units, (r1i, r2i, r3i), strict=True):
            x = unit(torch.relu(down(x)), state)
            states.append(x)
        for k in (1, 0):
            x = F.interpolate(self.up[k](x), scale_factor=2, mode="bilinear", align_corners=False) + states[k]
        made = self.out(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))
        return torch.sigmoid(made[:, :3]), torch.sigmoid(made[:, 3:]), *states


def _module() -> Matting:
    torch.manual_seed(2)
    return Matting().eval()


def _example(size: Size = EXAMPLE) -> tuple[torch.Tensor, ...]:
    drawn = torch.Generator().manual_seed(3)
    states = zip(CHANNELS, PARTS, strict=True)
    sides = [(3, *size), *((channels, size.height // part, size.width // part) for channels, part in states)]
    return tuple(torch.rand(1, *each, generator=drawn) for each in sides)


def _written(module: torch.nn.Module, file: Path, *, free: bool = True) -> Path:
    names, made = ["src", "r1i", "r2i", "r3i"], ["fgr", "pha", "r1o", "r2o", "r3o"]
    axes = {name: {2: f"{name}_h", 3: f"{name}_w"} for name in (*names, *made)} if free else None
    with torch.no_grad():
        torch.onnx.export(
            module,
            _example(),
            str(file),
            dynamo=False,
            opset_version=17,
            input_names=names,
            output_names=made,
            dynamic_axes=axes,
        )
    return file


def _brought(module: torch.nn.Module, way: str, folder: Path) -> Network:
    if way == "module":
        made = studio.export_torch(module, _example(), folder / "net", state="zeros")
        assert made.relative_error < 1e-5
        return load_network(folder / "net")
    if way == "onnx":
        return open_model(_written(module, folder / "net.onnx"), Options(input_size=EXAMPLE)).network
    sides = dict.fromkeys((2, 3), torch.export.Dim.AUTO)
    with torch.no_grad():
        torch.export.save(torch.export.export(module, _example(), dynamic_shapes=(sides,) * 4), folder / "net.pt2")
    return open_model(folder / "net.pt2", Options(state="zeros")).network


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["module", "pt2", "onnx"])
def test_states_smaller_than_the_picture_are_handed_on(
    way: str, engine_for: EngineFor, once: Once, tmp_path: Path
) -> None:
    module = _module()
    network = once(lambda: _brought(module, way, tmp_path))
    assert [(put.kind, put.smaller) for put in network.graph.inputs] == [
        ("picture", (1, 1)),
        *(("state", (part, part)) for part in PARTS),
    ]
    assert network.graph.only_size is None
    assert network.graph.multiple == (8, 8)
    engine = engine_for(network)
    runner = FrameRunner(engine)
    for size in (EXAMPLE, Size(64, 40), Size(24, 56)):
        states = [torch.zeros_like(state) for state in _example(size)[1:]]
        for frame in range(6):
            shown = np.random.default_rng(frame).integers(0, 256, (*size, 3), np.uint8)
            runner.tick = Tick(frame)
            runner(shown)
            with torch.no_grad():
                wanted, _, *states = module(torch.from_numpy(shown.transpose(2, 0, 1)[None] / np.float32(255)), *states)
            assert relative_error(engine.output(), wanted[0].numpy()) < 1e-4
        for put, state in zip(network.graph.states, states, strict=True):
            assert relative_error(engine.activation(put.comes_from), state[0].numpy()) < 1e-4
    # A picture whose sides are no multiples is padded, and its states with it.
    assert runner(np.zeros((21, 30, 3), np.uint8)).shape == (21, 30, 3)


@pytest.mark.filterwarnings("ignore")
def test_a_file_of_one_size_names_its_states(tmp_path: Path) -> None:
    imported = open_model(_written(_module(), tmp_path / "net.onnx", free=False))
    assert [put.kind for put in imported.network.graph.inputs] == ["picture", "state", "state", "state"]
    said = " ".join(imported.notes)
    assert '"r1o" is its next step' in said
    assert "pha, which is no state" in said
    with pytest.raises(StudioError, match='no output besides its picture "nothing"; it has pha, r1o, r2o, r3o'):
        open_model(tmp_path / "net.onnx", Options(state="r1i=nothing"))
    with pytest.raises(StudioError, match="a state has one shape in every step"):
        open_model(tmp_path / "net.onnx", Options(state="zeros,r1i=r2o"))


class Twins(torch.nn.Module):
    """Two states of one shape, handed on crosswise."""

    def forward(self, x: torch.Tensor, one: torch.Tensor, two: torch.Tensor) -> Mapping[str, torch.Tensor]:
        return {"y": x + 0.5 * one[:, :3], "first": two * 0.5 + 1, "second": one + x[:, :1]}


def test_what_names_do_not_say_is_said_and_asked(tmp_path: Path) -> None:
    example = (torch.rand(1, 3, 8, 8), torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8))
    plain = studio.export_torch(Twins(), example, tmp_path / "plain", state="zeros")
    assert any("--state one=first,two=second pairs them, or others" in note for note in plain.notes)
    crossed = studio.export_torch(Twins(), example, tmp_path / "crossed", state="one=second,two=first")
    assert not any("paired in their order" in note for note in crossed.notes)
    one, two = crossed.network.graph.states
    assert [one.comes_from, two.comes_from] == [put.comes_from for put in reversed(plain.network.graph.states)]


@pytest.mark.filterwarnings("ignore")
def test_the_command_line_takes_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "twins.onnx"
    example = (torch.rand(1, 3, 8, 8), torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8))
    names = {"input_names": ["x", "one", "two"], "output_names": ["y", "first", "second"]}
    torch.onnx.export(Twins(), example, str(file), dynamo=False, opset_version=17, **names)
    said = ["--state", "noise,seed=3", "--state", "one=second", "--state", "two=first"]
    monkeypatch.setattr(sys, "argv", ["studio", "import", str(file), str(tmp_path / "net"), *said])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    states = load_network(tmp_path / "net").graph.states
    assert [(put.name, put.begins, put.seed) for put in states] == [("one", "noise", 3), ("two", "noise", 3)]


@pytest.mark.parametrize(
    ("put", "made"),
    [
        ("r1i", "r1o"),
        ("h_in", "h_out"),
        ("state", "next_state"),
        ("past_x", "present_x"),
        ("h0", "hn"),
        ("prevFrame", "newFrame"),
        ("hidden", "hidden_out"),
        ("memory.0", "memory.0.out"),
    ],
)
def test_names_pair_against_the_order(put: str, made: str) -> None:
    shape = Shape(4, 8, 8)
    assert hand_on(["x", put], ["y", made])
    found = paired({"x": Shape(3, 8, 8), "other": shape, put: shape}, [(made, shape), ("rest", shape)])
    assert dict(found.made) == {put: 0, "other": 1}
    assert not found.by_order
    assert not hand_on(["input", "mask"], ["output", "mask2"])


def test_a_beginning_is_the_mean_of_what_it_stands_for() -> None:
    colour = np.arange(2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    found = shrunk(colour, Size(2, 3))
    assert found.shape == (2, 2, 2)
    assert found[0, 0, 0] == colour[0, :2, :3].mean()
