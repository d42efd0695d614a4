"""How a preset moves vectors: numbers, the file, directions against the plain definition, and a pace that changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import layer, network, on_torch
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import load_preset, save_preset
from studio.model.documents.document import Document
from studio.model.movement.generator import GENERATOR, Generator, Phase, directions_of, stepped
from studio.model.networks.inputs import Input
from studio.model.networks.latent import LatentPath
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.turner import Turner

NET = network(
    layer("first", "ConvTranspose2d", "z", in_channels=12, out_channels=5, kernel_size=4),
    layer("act", "Tanh", "first"),
    layer("out", "Conv2d", "act", in_channels=5, out_channels=3, kernel_size=3, padding=1),
    seed=5,
    inputs=(Input("z", 12, kind="vector"),),
    name="generator",
)
BLACK = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def document() -> Document:
    return Document(Preset("p", NET, {}))


def test_every_number_has_an_address_and_is_one_undo(document: Document) -> None:
    addresses = {number.address for number in document.numbers()}
    wanted = {f"/generator/{name}" for name in ("kind", "seed", "to", "seconds", "pace")}
    assert wanted | {f"/generator/direction/{k}" for k in range(1, 9)} <= addresses
    document.set("/generator/kind", 1)
    document.set("/generator/seed", 2**32 - 1)
    document.set("/generator/direction/3", -1.5)
    assert document.section(GENERATOR) == Generator(LatentPath("loop", 2**32 - 1), (0.0, 0.0, -1.5))
    document.set("/generator/direction/3", 0.0)
    assert document.section(GENERATOR).steps == ()
    for _ in range(4):
        document.undo()
    assert document.section(GENERATOR) == Generator()
    with pytest.raises(StudioError, match="/generator/pace"):
        document.set("/generator/pace", 0.0)


def test_a_network_of_pictures_has_none() -> None:
    plain = network(layer("act", "ReLU", "input"), name="plain")
    assert not [n for n in Document(Preset("p", plain, {})).numbers() if n.address.startswith("/generator")]


def test_the_file_keeps_it(tmp_path: Path) -> None:
    save_network(NET, tmp_path / "net")
    held = Generator(LatentPath("between", 3, 9, 4.5, 1.25), (0.5, 0.0, -2.0))
    preset = Preset("p", NET, {}, weights_path=tmp_path / "net").with_section(GENERATOR, held)
    save_preset(preset, tmp_path / "p", BLACK)
    assert load_preset(tmp_path / "p").section(GENERATOR) == held


def test_the_first_direction_is_that_in_which_the_first_layer_varies_most() -> None:
    along = directions_of(NET)["z"]
    np.testing.assert_allclose(along @ along.T, np.eye(8), atol=1e-5)
    matrix = NET.tensors["first.weight"].reshape(12, -1).T.astype(np.float64)
    rng = np.random.default_rng(1)
    lengths = [np.linalg.norm(matrix @ each) for each in along]
    assert lengths == sorted(lengths, reverse=True)
    others = rng.standard_normal((500, 12))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    assert lengths[0] >= np.linalg.norm(others @ matrix.T, axis=1).max()
    assert directions_of(NET) is directions_of(NET.with_tensors({}))


def test_a_convolution_and_a_linear_layer_after_others_count_as_first() -> None:
    for op, arguments in (
        ("Conv2d", {"in_channels": 6, "out_channels": 9, "kernel_size": 1}),
        ("Linear", {"in_features": 6, "out_features": 9}),
    ):
        net = network(
            layer("act", "Tanh", "z"),
            layer("fc", op, "act", **arguments),
            inputs=(Input("z", 6, kind="vector"),),
            name="n",
        )
        matrix = net.tensors["fc.weight"].reshape(9, 6)
        wanted = np.linalg.svd(matrix.astype(np.float64))[2]
        cosines = np.abs((directions_of(net)["z"] * wanted).sum(axis=1))
        np.testing.assert_allclose(cosines, 1.0, atol=1e-5)


def test_steps_reach_the_picture_by_preset_and_by_address() -> None:
    engine = on_torch(NET)
    runner = FrameRunner(engine)
    turner = Turner(engine, runner)
    preset = Preset("p", NET, {}).with_section(GENERATOR, Generator(LatentPath("loop", 3), (0.0, 2.0)))
    turner.show(preset)
    by_preset = runner.raw(BLACK, 1.0)
    path = LatentPath("loop", 3)
    z = path.at(1.0, 12) + 2.0 * directions_of(NET)["z"][1][:, None, None]
    engine.run({"z": z})
    np.testing.assert_allclose(by_preset, engine.output(), atol=1e-6)
    turner.show(Preset("p", NET, {}))
    turner.turn({"/generator/kind": 1.0, "/generator/seed": 3.0, "/generator/direction/2": 2.0})
    np.testing.assert_array_equal(runner.raw(BLACK, 1.0), by_preset)
    # A path of the source's own is stronger; steps are taken on it all the same.
    runner.path = LatentPath("walk", 8)
    z = LatentPath("walk", 8).at(1.0, 12) + 2.0 * directions_of(NET)["z"][1][:, None, None]
    engine.run({"z": z})
    wanted = engine.output()
    np.testing.assert_allclose(runner.raw(BLACK, 1.0), wanted, atol=1e-6)


def test_no_step_leaves_the_vector_bit_for_bit() -> None:
    feeds = LatentPath().feeds(NET.graph.inputs, 0.7)
    assert stepped(feeds, (), directions_of(NET))["z"] is feeds["z"]
    assert stepped(feeds, (0.0,), directions_of(NET))["z"] is feeds["z"]


@given(
    paces=st.lists(st.floats(0.1, 20.0), min_size=2, max_size=30),
    step=st.floats(0.01, 0.2),
    start=st.floats(0.0, 500.0),
)
def test_a_walk_goes_on_from_where_it_is_when_its_pace_changes(paces: list[float], step: float, start: float) -> None:
    phase, time, before, before_pace = Phase(), start, None, paces[0]
    for pace in paces:
        place = phase.time(time, pace) / pace
        if before is not None:
            # The pace of a stretch is that at which it began or that at which it ends.
            assert -1e-6 <= place - before <= step / min(before_pace, pace) + 1e-6
        before, before_pace = place, pace
        time += step


@given(times=st.lists(st.floats(0, 1e4), min_size=1, max_size=20), pace=st.floats(0.1, 20))
def test_a_steady_pace_changes_nothing(times: list[float], pace: float) -> None:
    phase = Phase()
    assert [phase.time(time, pace) for time in sorted(times)] == sorted(times)


def test_between_without_end_comes_back() -> None:
    path = LatentPath("between", seconds=2.0)
    assert [path.endless(t) for t in (0.0, 1.5, 2.0, 2.5, 4.0, 5.0)] == [0.0, 1.5, 2.0, 1.5, 0.0, 1.0]
    assert LatentPath("walk").endless(99.0) == 99.0
