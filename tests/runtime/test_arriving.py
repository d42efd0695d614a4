"""Weights that are learnt come in beside the picture: some before each frame, all in the end, never over a stroke."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_network

from studio.model.networks.layout import Rect, put, to_sheet
from studio.runtime.live import arriving
from studio.runtime.live.arriving import Arriving
from studio.runtime.live.orders import Hold, Order, Renew, Replace

NETWORK = tiny_network()
GRAPH = NETWORK.graph
NAMES = ("enc.weight", "dec.weight")


class Engine:
    """Tensors as orders make them; every part takes a millisecond of a clock of its own."""

    def __init__(self) -> None:
        self.tensors = {name: np.array(tensor) for name, tensor in NETWORK.tensors.items()}
        self.now, self.takes, self.parts = 0.0, 0.001, 0
        self.others: list[Order] = []

    def carry_out(self, order: Order) -> None:
        if not isinstance(order, Replace):
            self.others.append(order)
            return
        self.now += self.takes
        self.parts += 1
        put(self.tensors[order.tensor], order.rect, order.values)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def weights(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Arriving:
    # A row of a tensor's first axis at a time.
    monkeypatch.setattr(arriving, "_AT_ONCE", 1)
    return Arriving(engine.carry_out, lambda: engine.now)


def renewed(name: str, value: float, *, urgent: bool = False) -> Renew:
    return Renew(GRAPH, name, np.full_like(NETWORK.tensors[name], value), urgent)


def test_a_few_come_in_before_each_frame_and_all_in_the_end(engine: Engine, weights: Arriving) -> None:
    for name in NAMES:
        weights.obey(renewed(name, 3.0))
    assert engine.parts == 0
    frames = 0
    while weights:
        before = engine.parts
        weights.go_on(0.01, runs=True)
        frames += 1
        # A tenth of ten milliseconds is less than what comes in at least.
        assert engine.parts - before <= 5
    assert frames == -(-engine.parts // 5) > 1
    assert all((engine.tensors[name] == 3.0).all() for name in NAMES)
    assert engine.parts == sum(len(NETWORK.tensors[name]) for name in NAMES)


def test_a_slow_frame_has_more_of_them(weights: Arriving) -> None:
    weights.obey(renewed("enc.weight", 3.0))
    weights.obey(renewed("dec.weight", 3.0))
    weights.go_on(1.0, runs=True)
    assert not weights


def test_one_part_comes_in_however_long_it_takes(engine: Engine, weights: Arriving) -> None:
    engine.takes = 9.0
    weights.obey(renewed("enc.weight", 3.0))
    weights.go_on(0.01, runs=True)
    assert engine.parts == 1


def test_what_a_hand_did_comes_at_once_and_whole(engine: Engine, weights: Arriving) -> None:
    weights.obey(renewed("enc.weight", 3.0))
    weights.obey(renewed("enc.weight", 4.0, urgent=True))
    assert (engine.tensors["enc.weight"] == 4.0).all()
    assert not weights, "what was on its way is older"


def test_a_stroke_lies_over_what_was_on_its_way(engine: Engine, weights: Arriving) -> None:
    weights.obey(renewed("enc.weight", 3.0))
    weights.go_on(0.0, runs=True)
    height = to_sheet(NETWORK.tensors["enc.weight"]).shape[0]
    rect = Rect(height - 1, 0, 1, 2)
    weights.obey(Replace(GRAPH, "enc.weight", rect, np.full((1, 2), 9.0, np.float32)))
    while weights:
        weights.go_on(0.01, runs=True)
    sheet = to_sheet(engine.tensors["enc.weight"])
    assert (sheet[-1, :2] == 9.0).all()
    assert (sheet[:-1] == 3.0).all()


def test_what_is_renewed_again_and_again_keeps_nothing_waiting(engine: Engine, weights: Arriving) -> None:
    first, second = NAMES
    weights.obey(renewed(first, 1.0))
    weights.obey(renewed(second, 1.0))
    for number in range(2, 40):
        weights.go_on(0.0, runs=True)
        weights.obey(renewed(first, float(number)))
        weights.obey(renewed(second, float(number)))
    while weights:
        weights.go_on(0.0, runs=True)
    assert all((engine.tensors[name] == 39.0).all() for name in NAMES)


def test_both_get_on_while_they_are_renewed(engine: Engine, weights: Arriving) -> None:
    for number in range(200):
        for name in NAMES:
            weights.obey(renewed(name, float(number)))
        weights.go_on(0.0, runs=True)
    oldest = {name: float(engine.tensors[name].min()) for name in NAMES}
    assert all(value > 100 for value in oldest.values()), oldest


def test_where_nothing_runs_all_comes_in_at_once(engine: Engine, weights: Arriving) -> None:
    for name in NAMES:
        weights.obey(renewed(name, 3.0))
    weights.go_on(0.0, runs=False)
    assert engine.parts == len(NAMES)
    assert all((engine.tensors[name] == 3.0).all() for name in NAMES)


def test_other_orders_pass_and_another_network_voids_what_was_meant_for_this(engine: Engine, weights: Arriving) -> None:
    weights.obey(renewed("enc.weight", 3.0))
    weights.obey(Hold(True))
    weights.clear()
    weights.go_on(0.01, runs=True)
    assert [type(order) for order in engine.others] == [Hold]
    assert engine.parts == 0


def test_a_bias_comes_in_whole(engine: Engine, weights: Arriving) -> None:
    weights.obey(Renew(GRAPH, "enc.bias", np.full_like(NETWORK.tensors["enc.bias"], 7.0), urgent=False))
    weights.go_on(0.0, runs=True)
    assert (engine.tensors["enc.bias"] == 7.0).all()
    assert not weights
