"""What learning takes of memory: said beforehand, near what it is, and refused where there is less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.errors import StudioError
from studio.learn.losses import L2
from studio.learn.memory import Need, amount, fitted, free_memory, need_of
from studio.learn.networks import parse_new
from studio.learn.settings import Settings, objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network


def settings(size: int = 64, batch: int = 16, at_once: int = 0) -> Settings:
    return Settings(Size(size, size), (L2(),), batch=batch, at_once=at_once)


@pytest.fixture(scope="module")
def network() -> Network:
    return parse_new("autoencoder,seed=1").make()


def test_maps_count_by_area_and_by_crop_and_weights_do_not(network: Network) -> None:
    one, other = (need_of(objective_of(network, s), s, "torch") for s in (settings(64, 4), settings(128, 8)))
    assert other.weights == one.weights > 4 * 4 * sum(t.size for t in network.tensors.values())
    assert 3.8 < other.crop / one.crop < 4.2
    assert (one.crops, other.crops) == (4, 8)
    assert need_of(objective_of(network, settings()), settings(), "gl").crops == 1


def test_what_fits_is_taken_as_it_is(network: Network) -> None:
    found, need, remark = fitted(network, settings(), "torch", lambda _: 10**12)
    assert (found, remark) == (settings(), "")
    # 61 MB were measured.
    assert 40e6 < need.total < 100e6


def test_fewer_crops_at_once_where_not_all_fit(network: Network) -> None:
    found, need, remark = fitted(network, settings(), "torch", lambda _: 40_000_000)
    assert found == replace(settings(), at_once=4)
    assert need.total < 36e6
    assert "4 at a time" in remark


def test_too_little_memory_is_refused_with_a_size_that_fits(network: Network) -> None:
    with pytest.raises(
        StudioError, match=r"at 512×512 needs \d+ MB of memory, and 54 MB are free: choose a size of 128"
    ):
        fitted(network, settings(512), "torch", lambda _: 60_000_000)
    # The size that is offered fits.
    _, need, _ = fitted(network, settings(128), "torch", lambda _: 60_000_000)
    assert need.total < 60e6
    with pytest.raises(StudioError, match="choose a smaller network"):
        fitted(network, settings(), "torch", lambda _: 5_000_000)


def test_memory_is_asked_for_and_said_in_words() -> None:
    assert free_memory("torch") > 2**20
    assert free_memory("gl") > 2**20
    assert [amount(count) for count in (1, 66_600_000, 2_440_000_000)] == ["1 MB", "67 MB", "2.4 GB"]
    assert str(Need(10**6, 10**6, 4)) == "5 MB"
