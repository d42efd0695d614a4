"""Cellular automata: imported with a state, and stepped as PyTorch steps them, on every engine and at any size."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from automata import AUTOMATA, CHANNELS
from helpers import EngineFor, relative_error

import studio
from studio.cli import main
from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.io.importers._traced.drawn import drawing
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.networks.state import STEPPING, Stepping, beginning
from studio.model.numbers import knobs, turned
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("automata")


def made(name: str, folder: Path, state: str = "noise,seed=5") -> tuple[torch.nn.Module, Path]:
    torch.manual_seed(4)
    module, path = AUTOMATA[name](), folder / f"{name}-{state}"
    if not path.exists():
        found = studio.export_torch(module, torch.rand(1, CHANNELS[name], 16, 24), path, state=state)
        assert found.relative_error < 1e-5
        assert not any("alone" in note for note in found.notes)
    return module, path


def black(height: int, width: int) -> Array:
    return np.zeros((height, width, 3), np.uint8)


def in_torch(module: torch.nn.Module, name: str, state: Array, steps: int) -> Array:
    orders = {0: (0, 3, 2, 1)} if name == "growing" else {}
    at = torch.from_numpy(state)[None]
    for step in range(steps):
        with torch.no_grad(), drawing(orders, step):
            at = module(at)
    return at[0].numpy()


@pytest.mark.parametrize("name", AUTOMATA)
def test_thirty_steps_are_those_of_pytorch(name: str, engine_for: EngineFor, folder: Path) -> None:
    module, path = made(name, folder)
    network = load_network(path)
    (put,) = network.graph.states
    for size in (Size(16, 24), Size(13, 10)):
        begun = beginning("noise", CHANNELS[name], size, 5, np.zeros((3, *size), np.float32))
        engine = engine_for(network)
        runner = FrameRunner(engine)
        for frame in range(30):
            runner.tick = Tick(frame)
            runner(black(*size))
        wanted = in_torch(module, name, begun, 30)
        assert relative_error(engine.activation(put.comes_from), wanted) < 1e-4
        shown = engine.output() if CHANNELS[name] > 3 else engine.output()[: len(wanted)]
        assert relative_error(shown, wanted[:3]) < 1e-4


def test_a_render_is_the_same_bytes_again_after_a_seek_and_by_another_number_of_frames(
    engine_for: EngineFor, folder: Path
) -> None:
    _, path = made("texture", folder)
    preset = Preset("p", load_network(path), {})
    engine = engine_for(preset.network)
    runner = FrameRunner(engine)
    mover = Mover(preset, engine, runner)
    mover.begin()
    first = [mover(black(8, 9), k / 25, k).tobytes() for k in range(6)]
    mover.begin()
    assert [mover(black(8, 9), k / 25, k).tobytes() for k in range(6)] == first
    runner.forget()
    assert mover(black(8, 9), 40.0, 1000).tobytes() == first[0]
    mover.show(turned(preset, "/state/steps", 3.0))
    mover.begin()
    assert [mover(black(8, 9), k / 25, k).tobytes() for k in range(2)] == [first[2], first[5]]
    mover.show(turned(preset, "/state/steps", 0.5))
    mover.begin()
    assert [mover(black(8, 9), k / 25, k).tobytes() for k in range(4)] == [first[0], first[0], first[1], first[1]]
    mover.show(turned(preset, "/state/steps", 0.0))
    assert {mover(black(8, 9), 9.0 + k, 100 + k).tobytes() for k in range(3)} == {first[1]}
    mover.show(turned(preset, "/state/held", 1))
    assert {mover(black(8, 9), 19.0 + k, 200 + k).tobytes() for k in range(3)} == {first[0]}
    assert mover.remembers
    assert mover.moves


def test_the_source_comes_into_its_colour(engine_for: EngineFor, folder: Path) -> None:
    _, path = made("leaky", folder, "picture")
    network = load_network(path)
    engine = engine_for(network)
    runner = FrameRunner(engine)
    shown = np.random.default_rng(1).integers(0, 256, (6, 7, 3), np.uint8)
    runner(shown)
    state = engine.activation("x")
    np.testing.assert_allclose(state[:3], shown.transpose(2, 0, 1) / 255, rtol=1e-6)
    assert (state[3] == 1.0).all()
    assert not state[4:].any()
    runner.stepping = Stepping(picture=0.25)
    before = engine.state("x")
    assert before is not None
    runner(255 - shown)
    wanted = before.copy()
    wanted[:3] += ((255 - shown).transpose(2, 0, 1) / 255 - before[:3]) * 0.25
    np.testing.assert_allclose(engine.activation("x"), wanted, rtol=1e-5, atol=1e-6)


def test_a_seed_is_one_living_cell_in_the_middle(folder: Path) -> None:
    begun = beginning("seed", 16, Size(9, 7), 0, np.zeros((3, 9, 7), np.float32))
    assert np.argwhere(begun).tolist() == [[channel, 4, 3] for channel in range(3, 16)]
    assert beginning("seed", 2, Size(3, 3), 0, np.zeros((3, 3, 3), np.float32))[:, 1, 1].tolist() == [1.0, 1.0]
    module, path = made("growing", folder, "seed")
    net = studio.load(path, engine="torch")
    net(black(9, 7))
    assert relative_error(net["mul_1"].output, in_torch(module, "growing", begun, 1)) < 1e-5
    net.close()


def test_its_file_says_what_it_is_and_wrong_ones_are_refused(folder: Path) -> None:
    _, path = made("leaky", folder)
    document = json.loads((path / "network.json").read_text())
    (put,) = document["inputs"]
    assert put["kind"] == "state"
    assert put["begins"] == "noise"
    assert put["seed"] == 5
    assert put["comes_from"] in {layer["name"] for layer in document["layers"]}
    put["comes_from"] = "nowhere"
    (path / "network.json").write_text(json.dumps(document))
    with pytest.raises(StudioError, match='The state "x" comes from the layer "nowhere", which the network does not'):
        load_network(path)
    put["comes_from"], put["begins"] = "tanh", "life"
    (path / "network.json").write_text(json.dumps(document))
    with pytest.raises(StudioError, match="begins"):
        load_network(path)


def written(module: torch.nn.Module, channels: int, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.rand(1, channels, 12, 12),), path, dynamo=False, opset_version=17)


def test_it_is_proposed_where_input_and_output_agree_and_asked_for_by_name(folder: Path) -> None:
    torch.manual_seed(4)
    model = folder / "leaky.onnx"
    written(AUTOMATA["leaky"](), 8, model)
    plain = open_model(model)
    assert any("--state seed" in note for note in plain.notes)
    stated = open_model(model, Options(state="zeros"))
    (put,) = stated.network.graph.states
    assert put.begins == "zeros"
    assert stated.network.graph.node(stated.network.graph.output).inputs == (put.comes_from,)
    for wrong in ("life", "zeros,seed=3", "noise,seed=x", "noise,seed=99999999999"):
        with pytest.raises(StudioError, match=r"give zeros, seed, noise|give a seed"):
            open_model(model, Options(state=wrong))
    written(torch.nn.Conv2d(3, 5, 3), 3, model)
    with pytest.raises(StudioError, match="no input of the output's shape"):
        open_model(model, Options(state="seed"))


def test_the_command_line_renders_it_and_refuses_tiles(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = made("texture", folder, "zeros")
    said = ["--preset", str(path), "--size", "16", "--frames", "0:3", "--engine", "torch"]
    monkeypatch.setattr(sys, "argv", ["studio", "render", "latent", str(tmp_path / "ca"), *said])
    with contextlib.suppress(SystemExit):
        main()
    assert len(list((tmp_path / "ca").glob("*.png"))) == 3
    monkeypatch.setattr(sys, "argv", ["studio", "render", "demo", str(tmp_path / "tiled"), *said, "--tile", "8"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2


def test_its_numbers_have_addresses(folder: Path) -> None:
    _, path = made("texture", folder, "zeros")
    preset = Preset("p", load_network(path), {})
    assert {"/state/steps", "/state/picture", "/state/held"} <= {knob.number.address for knob in knobs(preset)}
    assert turned(preset, "/state/steps", 7).section(STEPPING) == Stepping(steps=7.0)


def test_onnx_gives_the_picture_and_the_next_state(folder: Path) -> None:
    from studio.io.exporters.onnx import onnx_model

    _, path = made("leaky", folder, "zeros")
    network = load_network(path)
    model, _ = onnx_model(Preset("p", network, {}), {"x": Size(8, 9)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [out.name for out in session.get_outputs()] == [network.graph.output, network.graph.states[0].comes_from]
    fed = np.random.default_rng(0).random((1, 8, 8, 9), np.float32)
    picture, state = session.run(None, {"x": fed})
    np.testing.assert_array_equal(picture, state[:, :3])


def test_state_dicts_of_automata_are_known_by_their_tensors(engine_for: EngineFor, tmp_path: Path) -> None:
    for name, arch, begins in (("growing", "automaton", "seed"), ("texture", "texture-automaton", "zeros")):
        torch.manual_seed(7)
        module = AUTOMATA[name]()
        torch.save(module.state_dict(), tmp_path / f"{name}.pth")
        imported = open_model(tmp_path / f"{name}.pth")
        assert imported.arch == arch
        (put,) = imported.network.graph.states
        assert put.begins == begins
        begun = np.random.default_rng(3).random((CHANNELS[name], 11, 14), np.float32)
        engine = engine_for(imported.network)
        for frame in range(12):
            engine.run({} if frame else {put.name: begun}, Tick(frame))
        assert relative_error(engine.activation(put.comes_from), in_torch(module, name, begun, 12)) < 1e-4
        assert open_model(tmp_path / f"{name}.pth", Options(state="noise")).network.graph.states[0].begins == "noise"


class Recurrent(torch.nn.Module):
    """A gated cell that keeps two states beside its picture; as networks for films are written."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.new = (torch.nn.Conv2d(3 + 6, 6, 3, padding=1) for _ in range(2))
        self.slow, self.out = torch.nn.Conv2d(6, 4, 1), torch.nn.Conv2d(6 + 4, 3, 1)

    def forward(
        self, x: torch.Tensor, held: torch.Tensor, slow: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        both = torch.cat([x, held], 1)
        share = torch.sigmoid(self.gate(both))
        held = (1 - share) * held + share * torch.tanh(self.new(both))
        slow = 0.9 * slow + 0.1 * torch.relu(self.slow(held))
        return torch.sigmoid(self.out(torch.cat([held, slow], 1))), held, slow


def _brought(module: torch.nn.Module, example: tuple[torch.Tensor, ...], way: str, folder: Path) -> Network:
    """The network of a recurrent module in one of the ways in which people bring it."""
    if way == "module":
        made = studio.export_torch(module, example, folder / "net", state="zeros")
        assert made.relative_error < 1e-5
        return load_network(folder / "net")
    file, names = folder / f"net.{way}", ["src", "r1i", "r2i"]
    with torch.no_grad():
        if way == "pt2":
            sides = {2: torch.export.Dim("h", min=4, max=512), 3: torch.export.Dim("w", min=4, max=512)}
            torch.export.save(torch.export.export(module, example, dynamic_shapes=(sides,) * 3), file)
        else:
            sides = {2: "h", 3: "w"}
            made = ["fgr", "r1o", "r2o"]
            torch.onnx.export(
                module,
                example,
                str(file),
                dynamo=False,
                opset_version=17,
                input_names=names,
                output_names=made,
                dynamic_axes=dict.fromkeys([*names, *made], sides),
            )
    return open_model(file, Options(state="zeros", input_size=Size(16, 24))).network


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["module", "pt2", "onnx"])
def test_states_beside_a_picture_are_handed_on(way: str, engine_for: EngineFor, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Recurrent().eval()
    example = (torch.rand(1, 3, 16, 24), torch.rand(1, 6, 16, 24), torch.rand(1, 4, 16, 24))
    network = _brought(module, example, way, tmp_path)
    graph = network.graph
    assert [put.kind for put in graph.inputs] == ["picture", "state", "state"]
    assert graph.only_size is None
    engine = engine_for(network)
    runner = FrameRunner(engine)
    held, slow = torch.zeros(1, 6, 12, 10), torch.zeros(1, 4, 12, 10)
    for frame in range(6):
        shown = np.random.default_rng(frame).integers(0, 256, (12, 10, 3), np.uint8)
        runner.tick = Tick(frame)
        runner(shown)
        with torch.no_grad():
            wanted, held, slow = module(torch.from_numpy(shown.transpose(2, 0, 1)[None] / np.float32(255)), held, slow)
        assert relative_error(engine.output(), wanted[0].numpy()) < 1e-4
