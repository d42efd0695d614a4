"""Pictures bent by tiles are those bent at once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers import on_torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.build import Conv2D, Input, build
from studio.errors import StudioError
from studio.io.networks import load_network
from studio.model.network import Network
from studio.paths import WEIGHTS
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


def test_a_network_that_looks_at_the_whole_picture_is_refused() -> None:
    engine = on_torch(load_network(WEIGHTS / "style-ink"))
    try:
        with pytest.raises(StudioError, match="whole picture at once"):
            reach(FrameRunner(engine))
    finally:
        engine.close()
