"""One file adds a thing: each kind in a package of its own, installed by its entry point. Broken ones do no harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, normal, relative_error

import studio
from studio import plugin
from studio.bends import make_bend
from studio.cli.doctor import _plugins as said_by_doctor
from studio.control.move import move
from studio.edits import make_edit
from studio.edits import registry as edit_registry
from studio.errors import StudioError
from studio.io.exporters import export_preset
from studio.io.importers import open_model, save_imported
from studio.io.importers.base import Options
from studio.io.networks import load_network, save_network
from studio.io.opening import find_and_open
from studio.io.outlets import outlet, outlets
from studio.io.presets import load_preset, save_preset
from studio.io.sinks import codec_for, open_sink
from studio.io.sources import open_source
from studio.model.bends.stage import Stage
from studio.model.declared.plugins import problems
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.movement.route import ROUTES
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.ops import operator, registry
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

Install = Callable[..., None]


def network_of(name: str, **params: object) -> Network:
    """A convolution, and twice an operator of that name: behind the convolution, and behind the picture."""
    conv = operator("Conv2d")(in_channels=3, out_channels=6, kernel_size=3, padding=1)
    op = operator(name)(**params)
    nodes = (Node("conv", conv, ("x",)), Node("after", op, ("conv",)), Node("twice", op, ("after",)))
    graph = Graph((Input("x"),), nodes, "twice")
    return Network("n", graph, {"conv.weight": normal(6, 3, 3, 3), "conv.bias": normal(6)})


# -- each kind -------------------------------------------------------------------------------------------------------


def test_an_operator_with_its_shader_runs_on_every_engine(
    install: Install, engine_for: EngineFor, tmp_path: Path
) -> None:
    install("wave_pack")
    save_network(network_of("Ripple", times=1.5), tmp_path / "net")
    network = load_network(tmp_path / "net")
    engine = engine_for(network)
    x = normal(3, 9, 7)
    engine.run({"x": x})
    weight, bias = (torch.from_numpy(network.tensors[f"conv.{key}"]) for key in ("weight", "bias"))
    made = torch.nn.functional.conv2d(torch.from_numpy(x)[None], weight, bias, padding=1)
    wanted = (1.5 * (1.5 * made).sin()).sin()[0].numpy()
    assert relative_error(engine.output(), wanted) < 1e-5
    assert problems() == ()


def test_a_bend_with_its_shader_runs_on_every_engine_and_is_moved_by_a_source(
    install: Install, engine_for: EngineFor, tmp_path: Path
) -> None:
    install("wave_pack")
    document = Document(Preset("p", network_of("ReLU"), {}))
    document.add_stage("conv", make_bend("Waves", {"height": 0.5}))
    routes, _ = move((), "/bend/1/height", "ramp", seconds=4.0, depth=0.25)
    document.set_section(ROUTES, routes, "Route")
    save_preset(document.preset(), tmp_path / "p")
    preset = load_preset(tmp_path / "p")
    engine = engine_for(preset.network)
    mover = Mover(preset, engine, FrameRunner(engine))
    mover(np.full((8, 8, 3), 40, np.uint8), 0.0)
    mover(np.full((8, 8, 3), 200, np.uint8), 3.0, 1)
    x = engine.activation("conv>made")
    # The base, and three quarters of a quarter of the reach from -4 to 4.
    assert relative_error(engine.activation("conv"), x + (0.5 + 0.75 * 0.25 * 8) * np.sin(x)) < 1e-5
    assert problems() == ()


def test_an_edit(install: Install) -> None:
    install("wave_pack")
    tensor = normal(4, 3, 2, 2)
    patch = make_edit("Halve", {"by": 4.0}).apply(tensor, Selection.everything(tensor.shape))
    np.testing.assert_array_equal(patch.applied(tensor), tensor / 4)
    with pytest.raises(StudioError, match="by"):
        make_edit("Halve", {"by": 0})


def test_a_source(install: Install) -> None:
    install("wave_pack")
    with open_source("wave") as source:
        frames = list(source)
        assert next(source.frames(0.5)).index == 5
    assert len(frames) == 10
    assert frames[0].picture.shape == (16, 32, 3)


def test_a_sink(install: Install, tmp_path: Path) -> None:
    install("wave_pack")
    assert codec_for(tmp_path / "x.raw") == "raw"
    with open_sink(tmp_path / "x.raw", codec="raw", size=Size(2, 4), fps=Fraction(25)) as sink:
        for level in (1, 2, 3):
            sink.write(np.full((2, 4, 3), level, np.uint8))
    assert (tmp_path / "x.raw").read_bytes() == bytes([1] * 24 + [2] * 24 + [3] * 24)


def test_an_outlet(install: Install) -> None:
    install("wave_pack")
    assert "collected" in [each.name for each in outlets()]
    line = outlet("collected").open(Size(2, 4), 30.0)
    line.send(np.full((2, 4, 3), 5, np.uint8))
    from wave_pack.outlet import SENT  # type: ignore[import-not-found]

    assert [picture.shape for picture in SENT] == [(2, 4, 3)]
    line.close()
    assert problems() == ()


def test_an_importer_and_an_exporter(install: Install, tmp_path: Path) -> None:
    install("wave_pack")
    (tmp_path / "model.wave").write_text("3.5", "utf-8")
    imported = open_model(tmp_path / "model.wave", Options())
    save_imported(imported, tmp_path / "net")
    preset, _ = find_and_open(str(tmp_path / "net"))
    assert preset.network.graph.node("ripple").op == operator("Ripple")(times=3.5)
    assert export_preset(preset, tmp_path / "layers.names") == ("Weights are left out.",)
    assert (tmp_path / "layers.names").read_text("utf-8") == "ripple"
    (tmp_path / "sea").mkdir()
    with pytest.raises(StudioError, match=r"there are no \.npy files in this folder"):
        open_model(tmp_path / "sea")
    (tmp_path / "sea" / "times.wave").write_text("2.5", "utf-8")
    assert open_model(tmp_path / "sea").network.graph.node("ripple").op == operator("Ripple")(times=2.5)
    (tmp_path / "bad.wave").write_text("three", "utf-8")
    with pytest.raises(StudioError, match="holds no number"):
        open_model(tmp_path / "bad.wave")


def test_an_architecture(install: Install, tmp_path: Path) -> None:
    install("wave_pack")
    tensors = {"up.weight": normal(8, 3, 3, 3), "up.bias": normal(8)}
    tensors |= {"down.weight": normal(3, 8, 3, 3), "down.bias": normal(3)}
    torch.save({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, tmp_path / "m.pth")
    imported = open_model(tmp_path / "m.pth")
    assert imported.arch == "up-down"
    assert len(imported.network.graph.nodes) == 3


def test_a_section_of_presets(install: Install, tmp_path: Path) -> None:
    install("wave_pack")
    from wave_pack.section import MOOD  # type: ignore[import-not-found]

    save_preset(Preset("p", network_of("ReLU"), {}).with_section(MOOD, "calm"), tmp_path / "p")
    assert json.loads((tmp_path / "p" / "preset.json").read_text("utf-8"))["mood"] == "calm"
    assert load_preset(tmp_path / "p").section(MOOD) == "calm"


def test_without_the_plug_in_its_section_is_kept(install: Install, tmp_path: Path) -> None:
    preset = Preset("p", network_of("ReLU"), {})
    save_preset(preset, tmp_path / "p")
    file = tmp_path / "p" / "preset.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"mood": "calm"}), "utf-8")
    without = load_preset(tmp_path / "p")
    assert "mood" in without.notes[0]
    save_preset(without, tmp_path / "again")
    install("wave_pack")
    from wave_pack.section import MOOD

    assert load_preset(tmp_path / "again").section(MOOD) == "calm"


def test_all_of_it_shows_up_from_python(install: Install, tmp_path: Path) -> None:
    install("wave_pack")
    save_network(network_of("Ripple"), tmp_path / "net")
    with studio.load(tmp_path / "net", engine="torch") as net:
        net["conv"].edit(studio.edit("Halve"))
        assert net.run(normal(3, 8, 8)).shape == (6, 8, 8)
    assert plugin.check() == ()


# -- broken ones -----------------------------------------------------------------------------------------------------


def test_broken_ones_are_named_and_the_rest_works(install: Install) -> None:
    install("wave_pack", "broken_pack")
    told = "\n".join(plugin.check())
    for sentence in (
        'The plug-in "crash" (broken-pack 0.1) cannot be loaded: ZeroDivisionError: division by zero; update',
        'The plug-in "exits" (broken-pack 0.1) cannot be loaded: SystemExit: 3; update or uninstall it.',
        'The plug-in "empty" (broken-pack 0.1) declares no EXPORTER in broken_pack.empty.',
        'The plug-in "later" (broken-pack 0.1) was written for a later studio',
        'The plug-in "half" (broken-pack 0.1) declares "CODEC", which the studio cannot use: it has no description.',
        'The plug-in "none" (broken-pack 0.1) declares "OUTLET", which the studio cannot use: it has no label.',
        'declares "Formless", which the studio cannot use: no form can ask for "what"',
        'declares "Missing", which the studio cannot use: There is no shader "nowhere.glsl" in the package broken_pack',
        'defines "ReLU", as studio.ops.activation does; it is left out',
    ):
        assert sentence in told
    assert "wave" not in told
    assert registry()["ReLU"].__module__ == "studio.ops.activation"
    assert "Missing" not in registry()
    assert {"Ripple", "Stumble"} <= registry().keys()
    assert {"Halve", "Trip"} <= edit_registry().keys()
    assert "Formless" not in edit_registry()
    # A source that fails when it is asked whether it knows a word is passed over, and told of.
    with open_source("wave") as source:
        assert len(list(source)) == 10
    assert 'The plug-in "greedy" (broken-pack 0.1) has failed: RuntimeError: cannot decide' in "\n".join(problems())


def test_doctor_names_what_works_and_what_is_wrong(install: Install) -> None:
    install("wave_pack", "broken_pack")
    found = said_by_doctor()
    assert isinstance(found, dict)
    assert {said for name, said in found.items() if "wave-pack 1.2" in name} == {"works"}
    wrong = [said for name, said in found.items() if name.startswith("problem ")]
    assert tuple(wrong) == plugin.check()
    assert any('"crash" (broken-pack 0.1) cannot be loaded' in str(said) for said in wrong)


def test_an_operator_that_fails_is_named_with_its_plug_in(install: Install, engine_for: EngineFor) -> None:
    install("broken_pack")
    engine = engine_for(network_of("Stumble"))
    with pytest.raises(StudioError, match=r"broken.pack"):
        engine.run({"x": normal(3, 8, 8)})
    engine = engine_for(network_of("ReLU"))
    engine.set_stages([Stage(1, "conv", make_bend("Limp", {}))])
    with pytest.raises(StudioError, match=r"broken.pack"):
        engine.run({"x": normal(3, 8, 8)})
    with pytest.raises(
        StudioError, match=r'Layer "after" \(Shapeless\): The plug-in .*\(broken-pack 0\.1\) has failed'
    ):
        network_of("Shapeless").graph.shapes({"x": Size(8, 8)})


def test_an_edit_and_a_source_that_fail_are_named(install: Install) -> None:
    install("broken_pack")
    tensor = normal(2, 2)
    with pytest.raises(StudioError, match=r'plug-in ".*" \(broken-pack 0\.1\) has failed: IndexError: out of reach'):
        make_edit("Trip", {}).apply(tensor, Selection.everything(tensor.shape))
    with open_source("greedy") as source:
        frames = iter(source)
        assert next(frames).index == 0
        with pytest.raises(StudioError, match=r"\(broken-pack 0\.1\) has failed: OverflowError: too much"):
            next(frames)


def test_what_plug_ins_may_use_is_there_and_documented() -> None:
    for name in plugin.__all__:
        assert getattr(plugin, name) is not None
    with pytest.raises(AttributeError, match="it offers"):
        _ = plugin.Nothing
    assert plugin.VERSION == 1
