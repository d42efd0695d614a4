"""Stages as data: which channels they choose, what is live of them, and names of the maps between."""

from __future__ import annotations

import numpy as np
import pytest

from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import (
    AllChannels,
    ChannelList,
    ChannelRange,
    Channels,
    Cluster,
    Guard,
    Painted,
    SomeChannels,
    Stage,
    after,
    layer_of,
    made,
    of_layers,
)
from studio.model.declared.param import Shaded, lives, param


class Turn(Bend):
    label = "Turn"
    shader = "turn"


def where(channels: Channels, count: int) -> list[int]:
    return [int(c) for c in np.flatnonzero(channels.chosen(count))]


def test_channels_are_chosen_all_by_range_by_list_and_by_cluster() -> None:
    assert where(AllChannels(), 3) == [0, 1, 2]
    assert where(ChannelRange(first=2, last=4), 6) == [2, 3, 4]
    assert where(ChannelList(channels=(5, 1)), 6) == [1, 5]
    assert where(Cluster("enc1", "eyes", (0, 3)).as_channels, 4) == [0, 3]


@pytest.mark.parametrize(("share", "count", "many"), [(0.5, 10, 5), (0.01, 10, 1), (1.0, 7, 7), (0.0, 7, 0)])
def test_a_share_is_drawn_by_seed_alone(share: float, count: int, many: int) -> None:
    first = where(SomeChannels(share=share, seed=3), count)

    assert len(first) == many
    assert first == where(SomeChannels(share=share, seed=3), count)


def test_another_seed_draws_other_channels() -> None:
    assert len({tuple(where(SomeChannels(seed=seed), 32)) for seed in range(8)}) == 8


@pytest.mark.parametrize(
    "channels", [ChannelRange(first=1, last=3), ChannelRange(first=2, last=1), ChannelList(channels=(3,))]
)
def test_channels_that_there_are_not_are_refused_in_words(channels: Channels) -> None:
    with pytest.raises(StudioError, match="not among 0 to 2"):
        channels.chosen(3)


def test_maps_between_have_names_that_no_layer_can_have() -> None:
    assert [made("enc1"), after("enc1", 7)] == ["enc1>made", "enc1>7"]
    assert {layer_of(name) for name in ("enc1", "enc1>made", "enc1>7")} == {"enc1"}


def test_stages_are_shared_out_among_layers_in_their_order() -> None:
    stages = Stage(1, "b", Turn()), Stage(2, "a", Turn()), Stage(3, "b", Turn())

    assert {layer: [s.id for s in found] for layer, found in of_layers(stages).items()} == {"b": [1, 3], "a": [2]}


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_an_amount_goes_from_none_to_all(amount: float) -> None:
    with pytest.raises(StudioError, match="from 0 to 1"):
        Stage(1, "a", Turn(), amount=amount)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((0, 4)), np.full((2, 2), np.nan)])
def test_a_mask_is_a_plane_of_numbers(values: np.ndarray) -> None:
    with pytest.raises(StudioError, match="mask"):
        Painted(values.astype(np.float32))


class Knobs(Shaded):
    way: str = param("up", doc="Compiled")
    size: tuple[int, int] = param((2, 3), doc="Compiled")
    strength: float = param(1.0, lo=0.0, hi=2.0, live=True, doc="Told")
    radius: int = param(3, lo=1, live=True, doc="Told")
    frozen: bool = param(False, live=True, doc="Told")


def test_what_is_live_is_told_and_the_rest_is_compiled() -> None:
    assert Knobs().structure() == {"WAY_UP": 1, "SIZE_H": 2, "SIZE_W": 3}
    assert Knobs().numbers() == {"STRENGTH": 1.0, "RADIUS": 3.0, "FROZEN": 0.0}
    assert next((live.name, live.lo, live.hi) for live in lives(Knobs)) == ("strength", 0.0, 2.0)


def test_a_turned_record_has_values_of_its_parameters_kinds() -> None:
    turned = Knobs().turned({"strength": 0.5, "radius": 4.4, "frozen": 0.7})

    assert (turned.strength, turned.radius, turned.frozen) == (0.5, 4, True)
    assert Knobs().strength == 1.0
    assert next(live.name for live in lives(Guard)) == "times"
