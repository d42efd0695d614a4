"""Pictures bent by tiles are those bent at once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers import on_torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.bends import registry as bends
from studio.build import Conv2D, Input, build
from studio.errors import StudioError
from studio.io.networks import load_network
from studio.model.bends.stage import Guard, Painted, Stage
from studio.model.networks.network import Network
from studio.paths import WEIGHTS
from studio.runtime.render import tiles as by_tiles
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.tiles import TiledRunner, reach, tiles


@given(length=st.integers(1, 400), core=st.integers(1, 90), far=st.integers(0, 40), step=st.sampled_from([1, 2, 4, 8]))
def test_tiles_cover_an_axis_once_and_see_far_enough(length: int, core: int, far: int, step: int) -> None:
    found = tiles(length, core, far, step)
    assert found[0].first == 0
    assert found[-1].last == length
    assert all(before.last == after.first for before, after in itertools.pairwise(found))
    for tile in found:
        assert tile.start % step == 0
        assert tile.start == 0 or tile.first - tile.start >= far
        assert tile.stop == length or tile.stop - tile.last >= far
        assert 0 <= tile.start <= tile.first < tile.last <= tile.stop <= length


def _network(kernel: int, stride: int, direction: str) -> Network:
    picture = Input(3)
    first = Conv2D(picture, 6, kernel=kernel, stride=stride, activation="relu")
    last = Conv2D(first, 3, kernel=kernel, stride=stride, direction=direction, activation="sigmoid")
    return build(last).network


@given(
    kernel=st.sampled_from([3, 4, 5]),
    size=st.tuples(st.integers(40, 150), st.integers(40, 150)),
    side=st.integers(8, 64),
)
@settings(max_examples=10)
def test_a_picture_by_tiles_is_the_whole(kernel: int, size: tuple[int, int], side: int) -> None:
    _compare(_network(kernel, 2, "up"), size, side)


@pytest.mark.parametrize("name", ["autoencoder-transposed", "autoencoder-fractional"])
def test_shipped_networks_by_tiles(name: str) -> None:
    _compare(load_network(WEIGHTS / name), (150, 203), 64)


def _compare(network: Network, size: tuple[int, int], side: int) -> None:
    engine = on_torch(network)
    try:
        runner = FrameRunner(engine)
        picture = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
        whole = runner(picture)
        found = TiledRunner(runner, side)(picture)
        assert found.shape == whole.shape
        assert np.abs(found.astype(int) - whole).max() <= 1
        assert (found != whole).mean() < 1e-3
    finally:
        engine.close()


def _bent(**settings: Any) -> tuple[Network, Stage]:
    network = _network(4, 2, "up")
    layer = network.graph.nodes[0].name
    if settings["bend"].other == "layer":
        settings["source"] = network.graph.inputs[0].name
    return network, Stage(1, layer, **settings)


def _whole_and_by_tiles(network: Network, *turns: tuple[Stage, ...]) -> list[int]:
    """How far pictures by tiles are off, with these stages one after the other."""
    whole, tiled = on_torch(network), on_torch(network)
    try:
        runner, cut = FrameRunner(whole), TiledRunner(FrameRunner(tiled), 32)
        pictures = np.random.default_rng(5).integers(0, 256, (2 * len(turns), 96, 130, 3), np.uint8)
        found = []
        for stages, picture in zip((*turns, *turns), pictures, strict=True):
            for engine in (whole, tiled):
                engine.set_stages(stages)
            found.append(int(np.abs(runner(picture).astype(int) - cut(picture)).max()))
        return found
    finally:
        whole.close()
        tiled.close()


@pytest.mark.parametrize("name", bends())
def test_every_bend_by_tiles_is_that_of_the_whole_or_is_refused(name: str) -> None:
    network, stage = _bent(bend=bends()[name]())
    if stage.bend.in_tiles:
        assert max(_whole_and_by_tiles(network, (stage,))) <= 1
        return
    with pytest.raises(StudioError, match=r"Stage 1 .* bends the whole map, which tiles are not; leave --tile out"):
        _whole_and_by_tiles(network, (stage,))
    assert max(_whole_and_by_tiles(network, (replace(stage, on=False),))) <= 1


@pytest.mark.parametrize(
    "settings",
    [
        {"mask": Painted(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8))},
        {"guard": Guard(kind="norm")},
        {"guard": Guard(kind="deviation")},
    ],
)
def test_what_masks_and_guards_the_whole_map_is_refused(settings: dict[str, Any]) -> None:
    network, stage = _bent(bend=make_bend("Invert", {}), **settings)
    with pytest.raises(StudioError, match="is masked or guarded by the whole map"):
        _whole_and_by_tiles(network, (stage,))


@pytest.mark.parametrize("kernel", [3, 4])
def test_a_second_pictures_map_is_cut_with_the_tiles(kernel: int) -> None:
    network = _network(kernel, 2, "up")
    layer = network.graph.nodes[0].name
    whole, tiled = on_torch(network), on_torch(network)
    try:
        runner, cut = FrameRunner(whole), TiledRunner(FrameRunner(tiled), 32)
        one, other = np.random.default_rng(6).integers(0, 256, (2, 96, 130, 3), np.uint8)
        runner(other)
        lent = whole.activation(layer).copy()
        for engine in (whole, tiled):
            engine.set_stages([Stage(1, layer, make_bend("FromPicture", {}), amount=0.6)])
            engine.lend(1, lent)
        for _ in range(2):
            wanted = runner(one)
            assert np.abs(wanted.astype(int) - cut(one)).max() <= 1
        np.testing.assert_array_equal(tiled.lent[1], lent)
        assert np.abs(wanted.astype(int) - runner(other)).max() > 8
        tiled.lend(1, lent[:, 1:])
        with pytest.raises(StudioError, match="a second picture whose map is of another size"):
            cut(one)
    finally:
        whole.close()
        tiled.close()


@pytest.mark.parametrize("name", ["Ablate", "Invert"])
def test_what_hides_the_network_at_first_does_not_shorten_its_sight(name: str) -> None:
    first = Conv2D(Input(3), 6, kernel=9, activation="relu")
    network = build(Conv2D(first, 3, kernel=9, activation="sigmoid")).network
    stage = Stage(1, network.graph.nodes[0].name, make_bend(name, {}))
    amounts = (1.0, 0.5, 0.0) if name == "Ablate" else (0.5, 1.0, 0.0)
    assert max(_whole_and_by_tiles(network, *((replace(stage, amount=amount),) for amount in amounts))) <= 1


def test_tiles_see_farther_where_a_blur_is_turned_up() -> None:
    network, near = _bent(bend=make_bend("Blur", {"sigma": 0.2}))
    far = replace(near, bend=make_bend("Blur", {"sigma": 7.0}))
    assert max(_whole_and_by_tiles(network, (near,), (far,))) <= 1


def test_the_output_does_not_come_back_by_tiles() -> None:
    engine = on_torch(_network(4, 2, "up"))
    try:
        runner = FrameRunner(engine)
        runner.feedback = runner.feedback.model_copy(update={"amount": 0.5})
        with pytest.raises(StudioError, match="fed back whole"):
            TiledRunner(runner, 32)(np.zeros((64, 64, 3), np.uint8))
    finally:
        engine.close()


def test_a_network_that_looks_at_the_whole_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # At the largest size that is tried it takes half a minute.
    monkeypatch.setattr(by_tiles, "_TRIED", by_tiles._TRIED[:2])
    engine = on_torch(load_network(WEIGHTS / "style-ink"))
    try:
        with pytest.raises(StudioError, match="whole picture at once"):
            reach(FrameRunner(engine))
    finally:
        engine.close()
