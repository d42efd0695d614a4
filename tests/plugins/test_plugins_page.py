"""The examples of docs/plugins.md, as they are written: a package that is installed, and every kind of it works."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error
from installing import page_of_plugins

from studio import plugin
from studio.bends import make_bend
from studio.control.move import move
from studio.edits import make_edit
from studio.io.exporters import export_preset
from studio.io.importers import open_model
from studio.io.outlets import outlet
from studio.io.presets import load_preset, save_preset
from studio.io.sinks import open_sink
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.movement.route import ROUTES
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover


@pytest.fixture
def page(install: Callable[..., None], tmp_path: Path) -> None:
    install("wave_pack", site=page_of_plugins(tmp_path / "page"))


@pytest.mark.usefixtures("page")
def test_operator_bend_and_source_of_movement_run_on_every_engine(engine_for: EngineFor) -> None:
    made = network(layer("ripple", "Ripple", "input", times=1.5), layer("out", "Identity", "ripple"))
    document = Document(Preset("p", made, {}))
    document.add_stage("ripple", make_bend("Waves", {"height": 0.5}))
    document.set_section(ROUTES, move((), "/bend/1/height", "ramp", seconds=4.0, depth=0.25)[0], "Move")
    engine = engine_for(made)
    mover = Mover(document.preset(), engine, FrameRunner(engine))
    picture = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    mover(picture, 0.0)
    mover(picture, 3.0, 1)
    x = torch.from_numpy(engine.activation("input"))
    ripple = (1.5 * x).sin()
    assert relative_error(engine.activation("ripple>made"), ripple.numpy()) < 1e-5
    wanted = ripple + (0.5 + 0.75 * 0.25 * 8) * ripple.sin()
    assert relative_error(engine.output(), wanted.numpy()) < 1e-5
    engine.set_number("ripple", "times", 3.0)
    engine.update()
    assert relative_error(engine.activation("ripple>made"), (3 * x).sin().numpy()) < 1e-5
    assert plugin.check() == ()


@pytest.mark.usefixtures("page")
def test_edit_source_and_sink(tmp_path: Path) -> None:
    tensor = normal(4, 3, 2, 2)
    patch = make_edit("Halve", {"by": 4.0}).apply(tensor, Selection.everything(tensor.shape))
    np.testing.assert_array_equal(patch.applied(tensor), tensor / 4)
    with open_source("noise") as source:
        pictures = [frame.picture for frame in source]
    assert (len(pictures), pictures[0].shape) == (100, (240, 320, 3))
    with open_sink(tmp_path / "x.raw", codec="raw", size=Size(2, 4), fps=Fraction(25)) as sink:
        sink.write(np.full((2, 4, 3), 7, np.uint8))
    assert (tmp_path / "x.raw").read_bytes() == bytes([7] * 24)


@pytest.mark.usefixtures("page")
def test_outlet() -> None:
    line = outlet("file").open(Size(2, 4), 30.0)
    for level in (3, 7):
        line.send(np.full((2, 4, 3), level, np.uint8))
    assert (np.load(line.where) == 7).all()
    line.close()
    assert not Path(line.where).exists()
    assert plugin.check() == ()


@pytest.mark.usefixtures("page")
def test_importer_exporter_and_architecture(tmp_path: Path) -> None:
    (tmp_path / "model.wave").write_text("3.5", "utf-8")
    imported = open_model(tmp_path / "model.wave")
    preset = Preset("p", imported.network, {})
    assert export_preset(preset, tmp_path / "layers.names") == ("Weights are left out.",)
    assert (tmp_path / "layers.names").read_text("utf-8") == "ripple"
    tensors = {"up.weight": normal(8, 3, 3, 3), "up.bias": normal(8)}
    tensors |= {"down.weight": normal(3, 8, 3, 3), "down.bias": normal(3)}
    torch.save({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, tmp_path / "m.pth")
    assert open_model(tmp_path / "m.pth").arch == "up-down"


@pytest.mark.usefixtures("page")
def test_section_and_its_numbers(tmp_path: Path) -> None:
    from wave_pack.section import MOOD  # type: ignore[import-not-found]

    document = Document(Preset("p", network(layer("out", "Identity", "input")), {}))
    document.set("/mood/wild", 1)
    assert (document.section(MOOD), document.history.labels) == ("wild", ("Wild",))
    save_preset(document.preset(), tmp_path / "p")
    assert load_preset(tmp_path / "p").section(MOOD) == "wild"
