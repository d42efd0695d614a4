"""Runs that are under way beside each other make what each makes alone, and what changes meanwhile counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
import torch
from helpers import branched_network, layer, network, normal, picture, tiny_network

import studio.engine.torch.engine as torch_engine
from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.torch.engine import TorchEngine
from studio.model.bends.stage import Painted, Stage
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.picture import to_tensor

SIZE = {"input": Size(12, 16)}


@pytest.fixture
def lanes() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def ready(made: Network, *stages: Stage) -> TorchEngine:
    engine = TorchEngine(made, "cpu")
    engine.set_stages(stages)
    engine.run({"input": normal(3, 12, 16)})
    return engine


def maps(engine: Engine) -> dict[str, np.ndarray]:
    names = [i.name for i in engine.graph.inputs] + [node.name for node in engine.graph.nodes]
    return {name: engine.activation(name) for name in names}


def check_same(found: Engine, wanted: Engine) -> None:
    ours, theirs = maps(found), maps(wanted)
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values)


@pytest.mark.parametrize("made", [tiny_network, branched_network])
def test_two_under_way_make_what_each_makes_by_itself(made: object, lanes: Executor) -> None:
    assert callable(made)
    soft = Painted(np.linspace(0, 1, 192, dtype=np.float32).reshape(12, 16))
    first = made().graph.nodes[0].name
    stages = (
        Stage(1, first, make_bend("Multiply", {"factor": 1.7})),
        Stage(2, first, make_bend("Blur", {"sigma": 1.5}), mask=soft),
    )
    engine, alone = ready(made(), *stages), ready(made(), *stages)
    shown = [picture(12, 16, seed) for seed in range(6)]
    flights = [engine.launch({}, {"input": each}, lanes) for each in shown[:2]]
    for number, each in enumerate(shown):
        assert engine.land(flights[number])
        if number + 2 < len(shown):
            flights.append(engine.launch({}, {"input": shown[number + 2]}, lanes))
        alone.run({}, pictures={"input": each})
        check_same(engine, alone)
        assert engine.times().keys() == alone.times().keys()


def test_a_picture_is_the_input_that_it_stands_for() -> None:
    engine, alone, shown = ready(tiny_network()), ready(tiny_network()), picture(12, 16, 3)
    engine.run({}, pictures={"input": shown})
    alone.run({"input": to_tensor(shown, 3, alone.graph.inputs[0].range)})
    check_same(engine, alone)


def test_until_it_lands_the_engine_keeps_what_it_has(lanes: Executor) -> None:
    engine = ready(tiny_network())
    before = maps(engine)
    flight = engine.launch({"input": normal(3, 12, 16, seed=1)}, {}, lanes)
    flight.wait()
    assert flight.is_over
    for name, values in before.items():
        np.testing.assert_array_equal(engine.activation(name), values)
    assert engine.land(flight)
    assert not np.array_equal(engine.output(), before[engine.graph.output])


def test_what_was_changed_meanwhile_makes_it_useless_and_what_was_put_back_does_not(lanes: Executor) -> None:
    stage = Stage(1, "enc", make_bend("Multiply", {"factor": 2.0}))

    def edited(engine: Engine) -> None:
        engine.replace("enc.weight", Rect(0, 0, 1, 1), np.ones((1, 1), np.float32))
        engine.update()

    def bent(engine: Engine) -> None:
        engine.set_stages([stage])
        engine.update()

    def turned(engine: Engine) -> None:
        engine.set_number(1, "factor", 3.0)
        engine.update()

    for change, begins in ((edited, ()), (bent, ()), (turned, (stage,)), (lambda e: e.bypass(["enc"]), ())):
        engine = ready(tiny_network(), *begins)
        flight = engine.launch({"input": normal(3, 12, 16, seed=1)}, {}, lanes)
        change(engine)
        held = engine.output()
        assert not engine.land(flight)
        np.testing.assert_array_equal(engine.output(), held)
    engine = ready(tiny_network())
    flight = engine.launch({"input": normal(3, 12, 16, seed=1)}, {}, lanes)
    bent(engine)
    engine.set_stages(())
    engine.update()
    assert engine.land(flight)
    alone = ready(tiny_network())
    alone.run({"input": normal(3, 12, 16, seed=1)})
    check_same(engine, alone)


def test_a_run_under_way_leaves_no_packed_weights_behind_that_are_others_by_now(
    lanes: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=16, kernel_size=3, padding=1),
        layer("act", "Sigmoid", "enc"),
        layer("mid", "Conv2d", "act", in_channels=16, out_channels=16, kernel_size=3, padding=1),
    )
    engine, begins, reached, ends = ready(made), Event(), Event(), Event()
    sigmoid, pack = type(made.graph.node("act").op).torch, torch_engine.pack

    def waits(*given: object) -> torch.Tensor:
        begins.wait(60.0)
        return sigmoid(*given)  # type: ignore[arg-type]

    def packs(*given: object) -> torch.Tensor:
        packed = pack(*given)  # type: ignore[arg-type]
        reached.set()
        ends.wait(60.0)
        return packed

    def stroke(value: float) -> None:
        engine.replace("mid.weight", Rect(0, 0, 3, 3), np.full((3, 3), value, np.float32))

    with monkeypatch.context() as patched:
        patched.setattr(type(made.graph.node("act").op), "torch", waits)
        patched.setattr(torch_engine, "pack", packs)
        flight = engine.launch({"input": normal(3, 12, 16, seed=1)}, {}, lanes)
        flight.when_over(reached.set)
        stroke(1.0)
        begins.set()
        assert reached.wait(60.0), "it packs the first stroke, or what there was"
        stroke(2.0)
        ends.set()
        flight.wait()
    engine.update()
    assert not engine.land(flight)
    fresh = ready(made.with_tensors({"mid.weight": engine.tensor("mid.weight")}))
    check_same(engine, fresh)


def test_runs_that_need_those_before_them_are_not_launched(lanes: Executor) -> None:
    del lanes
    assert ready(tiny_network()).can_launch(SIZE)
    assert not TorchEngine(tiny_network(), "cpu").can_launch(SIZE), "before the first run"
    assert not ready(tiny_network()).can_launch({"input": Size(16, 12)}), "at another size"
    remembers = Stage(1, "enc", make_bend("Feedback", {}))
    moves = Stage(1, "enc", make_bend("Noise", {}))
    for stage in (remembers, moves):
        engine = ready(tiny_network(), stage)
        assert engine.moves
        assert not engine.can_launch(SIZE)
    stale = ready(tiny_network())
    stale.replace("enc.weight", Rect(0, 0, 1, 1), np.ones((1, 1), np.float32))
    assert not stale.can_launch(SIZE)


def test_what_fails_under_way_is_raised_where_it_lands(lanes: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ready(network(layer("a", "Sigmoid", "input"), layer("b", "ReLU", "a")))
    kept, goes = engine.output(), Event()

    def fails(*_: object) -> torch.Tensor:
        goes.wait(60.0)
        raise RuntimeError("a driver's")

    with monkeypatch.context() as patched:
        patched.setattr(type(engine.graph.node("b").op), "torch", fails)
        flight = engine.launch({"input": normal(3, 12, 16)}, {}, lanes)
        assert not flight.is_over
        goes.set()
        with pytest.raises(RuntimeError, match="a driver's"):
            engine.land(flight)
    np.testing.assert_array_equal(engine.output(), kept)
    engine.run({"input": normal(3, 12, 16)})
    np.testing.assert_array_equal(engine.output(), kept)
