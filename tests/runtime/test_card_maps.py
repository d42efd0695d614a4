"""Live maps of the channels that are in sight: what is asked for and no more, in a share of the time."""

from __future__ import annotations

import numpy as np
from helpers import EngineFor, on_torch, tiny_network

from studio.engine.base import Engine
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Array
from studio.model.views.view import View
from studio.runtime.live.budget import SHARE, Budget
from studio.runtime.live.card_maps import CardMaps, ShowMaps, ShownMaps
from studio.runtime.live.feature import Frame


class Turns:
    """Turns of a loop whose clock goes on by so much with each look at it, and with each turn."""

    def __init__(self, look: float = 0.0005, turn: float = 0.04) -> None:
        self.now, self.look, self.turn, self.serial = 0.0, look, turn, 0
        self.maps = CardMaps(Budget(), self._clock)
        self.graph: Graph = tiny_network().graph
        self.engine: Engine = on_torch(tiny_network())
        self.told: dict[int, Array] = {}
        self.counts: dict[int, int] = {}
        self.maps.opened(self.engine, self.graph)

    def _clock(self) -> float:
        self.now += self.look
        return self.now

    def order(self, layer: str, *channels: int, side: int = 32) -> None:
        self.maps.handlers()[ShowMaps](ShowMaps(self.graph, layer, channels, side))

    def go(self, turns: int = 1, *, runs: bool = True) -> None:
        for _ in range(turns):
            if runs:
                self.serial += 1
                rng = np.random.default_rng(self.serial)
                self.engine.run({"input": rng.random((3, 40, 24), np.float32)})
            self.maps.rest(Frame(self.engine, View(), {}, runs, self.serial))
            for part in self.maps.parts():
                assert isinstance(part, ShownMaps)
                self.told |= part.maps
                for channel in part.maps:
                    self.counts[channel] = self.counts.get(channel, 0) + 1
            self.now += self.turn


def test_maps_are_those_of_the_channels_that_are_asked_for() -> None:
    turns = Turns()
    turns.go()
    assert not turns.told, "nobody has asked"
    turns.order("enc", 2, 3)
    turns.go()
    whole = turns.engine.activation("enc")
    assert set(turns.told) == {2, 3}
    assert max(whole.shape[1:]) <= 32
    for channel, values in turns.told.items():
        np.testing.assert_array_equal(values, whole[channel])
    turns.order("enc", 2, side=4)
    turns.go()
    assert max(turns.told[2].shape) == 4
    turns.order("")
    turns.told.clear()
    turns.go(3)
    assert not turns.told


def test_each_is_told_once_a_run_and_those_come_first_that_wait_longest() -> None:
    turns = Turns(look=0.006)
    turns.order("enc", 0, 1, 2, 3)
    turns.go(60)
    assert set(turns.counts) == {0, 1, 2, 3}
    assert max(turns.counts.values()) - min(turns.counts.values()) <= 1
    assert sum(turns.counts.values()) < 4 * 60, "there was no time for all of them in each run"
    before = dict(turns.counts)
    turns.go(200, runs=False)
    assert all(turns.counts[channel] <= before[channel] + 1 for channel in before), "the picture stands"


def test_it_takes_no_more_than_its_share_of_the_time() -> None:
    turns = Turns(look=0.004)
    turns.order("enc", 0, 1, 2, 3)
    turns.go(300)
    assert sum(turns.counts.values()) * 0.004 <= SHARE * turns.now + 0.2
    assert sum(turns.counts.values()) * 0.004 >= 0.3 * SHARE * turns.now


def test_a_channel_or_a_layer_that_is_gone_is_passed_over() -> None:
    turns = Turns()
    turns.order("enc", 1, 900)
    turns.go(3)
    assert set(turns.told) == {1}
    turns.order("none", 0)
    turns.go(3)
    assert set(turns.told) == {1}


def test_a_sample_begins_with_any_channel(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.run({"input": np.random.default_rng(1).random((3, 16, 16), np.float32)})
    shape = engine.shape("enc")
    all_of_it = engine.sample("enc", shape.channels, Size(5, 3), Size(shape.height, shape.width))
    for first in range(shape.channels):
        few = engine.sample("enc", shape.channels - first, Size(5, 3), Size(shape.height, shape.width), first=first)
        np.testing.assert_array_equal(few, all_of_it[first:])
