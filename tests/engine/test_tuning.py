"""Tuning between frames: nothing waits for it, whatever wins is run, and what loses is let go of. No clock is asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import branched_network, normal, on_torch, relative_error

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.compute import ComputePasses
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.loops import MATRICES, NARROWS, WINDOWS, Plan
from studio.engine.gl.tuning.settings import Settings
from studio.engine.gl.tuning.tune import Job, Tuner, Tuning
from studio.errors import EngineError, NextTime
from studio.model.views.view import View
from studio.runtime.live.feature import Frame
from studio.runtime.live.tuning import SHARE, StopTuning, TuningState
from studio.runtime.live.tuning import Tuning as TuningFeature


def seconds(plan: Plan) -> float:
    """A made-up time of every plan, the same each time."""
    return 1e-3 * (1 + hash(repr(plan)) % 997)


def test_a_little_at_a_time_finds_what_measuring_all_at_once_does(tmp_path: Path) -> None:
    plans = [Plan(loop) for loop in (*MATRICES, *WINDOWS)]
    jobs = {"a": Job(plans, seconds), "b": Job(plans[::2], seconds), "c": Job([Plan(NARROWS[0], 4)], seconds)}
    at_once = Tuner("a GPU", tmp_path / "once.json").choose(jobs)
    tuner = Tuner("a GPU", tmp_path / "plans.json")
    tuning, found, steps = Tuning(tuner, jobs), {}, 0
    while not tuning.is_over:
        decided = tuning.step()
        steps += 1
        if decided is not None:
            found[decided[0]] = decided[1]
            # Whoever stops here keeps what is known so far.
            known = Tuner("a GPU", tmp_path / "plans.json").known(jobs)
            assert known == found
            assert tuning.done == len(found)
    assert found == at_once
    assert steps > len(plans)
    assert tuning.step() is None


def test_a_plan_that_the_driver_refuses_does_not_win(tmp_path: Path) -> None:
    good, bad = Plan(MATRICES[0]), Plan(MATRICES[1])

    def times(plan: Plan) -> float:
        if plan == bad:
            raise EngineError("The driver cannot compile it.")
        return 1.0

    tuning = Tuning(Tuner("a GPU", tmp_path / "plans.json"), {"a": Job([bad, good], times), "b": Job([bad], times)})
    decided = []
    while not tuning.is_over:
        decided.append(tuning.step())
    assert [each for each in decided if each is not None] == [("a", good)]
    # Nor where it is measured before the first picture: what is left runs.
    jobs = {"a": Job([bad, good], times), "b": Job([bad], times)}
    assert Tuner("another GPU", tmp_path / "plans.json").choose(jobs) == {"a": good}


@pytest.mark.gl
def test_what_lost_keeps_no_memory(device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs, tried = list[dict[str, tuple[int, int]]](), list[int]()

    def timed(self: ComputePasses, each: Any, plan: Plan) -> float:
        self._reserve_parts(each, plan, alone=True)
        tried.append(sum(parts for parts, _ in self._rooms.needs.values()))
        return float(plan.parts)

    monkeypatch.setattr(ComputePasses, "_seconds", timed)
    tries = [Plan(MATRICES[1], parts) for parts in (2, 8, 1)]
    monkeypatch.setattr("studio.engine.gl.tuning.tuned.plans", lambda *_, **__: tries)
    made = branched_network()
    inputs = {i.name: normal(i.channels, 8, 12, seed=n) for n, i in enumerate(made.graph.inputs)}
    for later in (True, False):
        tuner = Tuner(f"a GPU, {later}", tmp_path / "plans.json")
        engine = GLEngine(made, device, Settings("shared", tuner=tuner))
        engine.tunes_later = later
        engine.run(inputs)
        while engine.tune() is not None:
            pass
        engine.run(inputs)
        needs.append(engine._passes._rooms.needs)
        wanted = on_torch(made)
        wanted.run(inputs)
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
        held = [
            buffer.size
            for steps in engine._steps.values()
            for step in steps
            for each in step.run.dispatches  # type: ignore[attr-defined]
            for buffer in each.buffers[1:]
            if buffer is not None
        ]
        assert held == []
        assert max(tried) > 0
        engine.close()
    assert needs == [{}, {}]


@pytest.mark.gl
def test_the_first_picture_waits_for_nothing_and_later_ones_are_run_as_measured(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Counter[str]()

    def timed(self: ComputePasses, each: Any, plan: Plan) -> float:
        asked[self._key(each)] += 1
        # Compiled and run as on a GPU, but told by no clock.
        for dispatch in self._convolution(_alone(each), each, plan):
            assert dispatch
        return seconds(plan)

    monkeypatch.setattr(ComputePasses, "_seconds", timed)
    made = branched_network()
    inputs = {i.name: normal(i.channels, 8, 12, seed=n) for n, i in enumerate(made.graph.inputs)}
    tuner = Tuner("a GPU", tmp_path / "plans.json")
    engine = GLEngine(made, device, Settings("shared", tuner=tuner))
    engine.tunes_later = True
    engine.run(inputs)
    assert not asked
    before, wanted = device.programs, on_torch(made)
    wanted.run(inputs)
    turns, tried = 0, set[object]()
    while (progress := engine.tune()) is not None:
        done, total = progress
        assert 0 <= done < total
        turns += 1
        tried |= device.programs - before
        if turns % 7 == 0:
            # A frame in between is as right as any.
            engine.run(inputs)
            assert relative_error(engine.output(), wanted.output()) <= 1e-5
    assert asked
    engine.run(inputs)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    assert engine.tune() is None
    # Of what was tried there is left what runs.
    runs = {dispatch.program for steps in engine._steps.values() for step in steps for dispatch in step.run.dispatches}  # type: ignore[attr-defined]
    assert len(tried) > 1
    assert all(device._computes[source] in runs for source in device.programs - before)
    # Another engine knows at once.
    again = GLEngine(made, device, Settings("shared", tuner=Tuner("a GPU", tmp_path / "plans.json")))
    again.tunes_later = True
    asked.clear()
    again.run(inputs)
    assert again.tune() is None
    assert not asked
    np.testing.assert_array_equal(again.output(), engine.output())
    again.close()
    engine.close()


def _alone(each: Any) -> Any:
    from studio.engine.gl.frame.fuse import Group

    return Group(each.node)


class Slow:
    """An engine whose every measurement takes ten milliseconds of a clock that it turns."""

    class graph:  # noqa: N801 - an attribute of engines
        output = "out"

    def __init__(self) -> None:
        self.now, self.left, self.size = 0.0, 60, 64

    def shape(self, _: str) -> int:
        return self.size

    def tune(self) -> tuple[int, int] | None:
        if self.left == 0:
            return None
        self.left -= 1
        self.now += 0.01
        return (60 - self.left) // 10, 6


def test_it_takes_a_tenth_of_the_time_and_can_be_stopped() -> None:
    engine = Slow()
    feature = TuningFeature(lambda: engine.now)
    frame = Frame(engine, View(), {}, True, 1)  # type: ignore[arg-type]
    gaps, began = [], engine.now
    while engine.left > 20:
        engine.now += 0.02
        before = engine.now
        feature.rest(frame)
        gaps.append(engine.now - before)
    spent = sum(gaps)
    assert spent <= SHARE * (engine.now - began) + 0.03
    assert max(gaps) <= 0.03
    [state] = feature.parts()
    assert state == TuningState((60 - engine.left) // 10, 6)
    feature.handlers()[StopTuning](StopTuning())
    left = engine.left
    for _ in range(100):
        engine.now += 0.02
        feature.rest(frame)
    assert engine.left == left
    assert list(feature.parts()) == [TuningState()]
    # At another size there is something else to find out.
    engine.size = 128
    for _ in range(1000):
        engine.now += 0.02
        feature.rest(frame)
    assert engine.left == 0
    assert list(feature.parts()) == [TuningState()]


def test_what_is_compiled_for_the_next_start_is_measured_then_with_all_its_plans(tmp_path: Path) -> None:
    tuner, good, late = Tuner("a GPU", tmp_path / "plans.json"), Plan(MATRICES[0]), Plan(MATRICES[1])
    asked = []

    def is_ready(plan: Plan) -> bool:
        asked.append(plan)
        if plan == late:
            raise NextTime
        return True

    jobs = {"a": Job([late, good], lambda _: 1.0, is_ready), "b": Job([good], lambda _: 1.0, is_ready)}
    tuning, decided = Tuning(tuner, jobs), []
    assert tuning.total == 2
    while not tuning.is_over:
        decided.append(tuning.step())
    # Of the first layer nothing is remembered: its fastest plan may be the one that comes later.
    assert [each for each in decided if each is not None] == [("b", good)]
    assert set(Tuner("a GPU", tmp_path / "plans.json").known(jobs)) == {"b"}
    assert (tuning.done, tuning.total) == (1, 1)
    # All its plans were asked for, so that they are compiled by then.
    assert asked[:2] == [late, good]
    alone = Tuning(tuner, {"a": jobs["a"]})
    while not alone.is_over:
        assert alone.step() is None
    assert alone.step() is None


def test_a_part_that_turns_out_late_ends_no_tuning(tmp_path: Path) -> None:
    # What adds parts of sums up is looked at once what makes them is compiled.
    tuner, good, late = Tuner("a GPU", tmp_path / "plans.json"), Plan(MATRICES[0]), Plan(MATRICES[1])
    asked = Counter[Plan]()

    def is_ready(plan: Plan) -> bool:
        asked[plan] += 1
        if plan == late and asked[plan] > 2:
            raise NextTime
        return plan == good

    jobs = {"a": Job([late, good], lambda _: 1.0, is_ready), "b": Job([good], lambda _: 1.0, is_ready)}
    tuning, decided = Tuning(tuner, jobs), []
    while not tuning.is_over:
        decided.append(tuning.step())
    assert [each for each in decided if each is not None] == [("b", good)]
    assert (tuning.done, tuning.total) == (1, 1)
    assert set(tuner.known(jobs)) == {"b"}


def test_who_waits_for_the_fastest_waits_for_what_is_compiled_anew_too(tmp_path: Path) -> None:
    def is_ready(_: Plan) -> bool:
        raise NextTime

    plan = Plan(MATRICES[0])
    assert Tuner("a GPU", tmp_path / "plans.json").choose({"a": Job([plan], lambda _: 1.0, is_ready)}) == {"a": plan}


@pytest.mark.gl
@pytest.mark.parametrize("later", [True, False])
def test_an_engine_beside_another_is_tuned_as_that_is(device: Device, later: bool) -> None:
    engine = GLEngine(branched_network(), device)
    engine.tunes_later = later
    beside = engine.beside()
    assert beside.tunes_later is later
    for each in (beside, engine):
        each.close()
