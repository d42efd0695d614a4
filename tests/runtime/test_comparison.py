"""Two networks at the same lesson, a step of each in turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.learn.networks import parse_new
from studio.learn.prepare import Asked, prepare
from studio.runtime.learning.comparison import Comparison, _Race

NAMES = ("transposed", "fractional")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.calls: deque[Callable[[], None]] = deque()
        self.said: list[str] = []
        self.comparison = Comparison(self.calls.append, lambda text, _: self.said.append(text))
        self.asked = Asked(source=str(folder), size=16, batch=2, rate=1e-3, seed=3)
        self.networks = [(name, parse_new(f"autoencoder,width=4,seed=1,upsampling={name}").make()) for name in NAMES]

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it has not happened in time"
            while self.calls:
                self.calls.popleft()()
            time.sleep(0.002)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    made = Desk(tmp_path)
    yield made
    made.comparison.end(60.0)


def test_both_take_the_same_steps_as_each_alone(desk: Desk) -> None:
    desk.comparison.begin(desk.networks, desk.asked, steps=5)
    desk.until(lambda: desk.comparison.state == "paused")
    for run, (name, network) in zip(desk.comparison.runs, desk.networks, strict=True):
        assert run.name == name
        assert run.curves.steps == [1, 2, 3, 4, 5]
        assert run.pictures is not None
        assert run.seconds > 0
        alone, _ = prepare(network, desk.asked, "torch")
        losses = [alone.step().loss for _ in range(5)]
        assert run.curves.total == pytest.approx(losses, rel=1e-6)
        for key, value in alone.result().tensors.items():
            assert np.allclose(run.network.tensors[key], value, atol=1e-7)
        alone.close()
    shown = [run.pictures[0] for run in desk.comparison.runs if run.pictures is not None]
    assert np.array_equal(*shown), "both were shown the same"


def test_it_goes_on_pauses_and_begins_anew(desk: Desk) -> None:
    desk.comparison.begin(desk.networks, desk.asked)
    desk.until(lambda: desk.comparison.runs[1].curves.steps)
    desk.comparison.pause()
    desk.until(lambda: desk.comparison.state == "paused")
    count = len(desk.comparison.runs[0].curves.steps)
    assert len(desk.comparison.runs[1].curves.steps) == count
    desk.comparison.go_on(2)
    desk.until(lambda: len(desk.comparison.runs[1].curves.steps) == count + 2)
    desk.comparison.begin(desk.networks, replace(desk.asked, seed=4), steps=1)
    desk.until(lambda: desk.comparison.state == "paused")
    assert desk.comparison.runs[0].curves.steps == [1]


def test_a_rest_is_that_of_the_order_before_where_it_is_told_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _Race.run

    def late(race: _Race, rounds: float) -> None:
        """An order that comes when what rests has told so, and is under way before that is heard."""
        end = time.monotonic() + 0.5
        while rounds and not desk.calls and time.monotonic() < end:
            time.sleep(0.002)
        run(race, rounds)
        end = time.monotonic() + 60.0
        while race._left and time.monotonic() < end:
            time.sleep(0.002)

    monkeypatch.setattr(_Race, "run", late)
    desk.comparison.begin(desk.networks, desk.asked, steps=1)
    desk.until(lambda: desk.comparison.state == "paused")
    assert desk.comparison.runs[0].curves.steps == [1]
    desk.comparison.pause()
    desk.comparison.go_on(1)
    desk.until(lambda: desk.comparison.state == "paused")
    assert desk.comparison.runs[0].curves.steps == [1, 2]


def test_a_pause_is_heard_wherever_they_are(desk: Desk) -> None:
    def pause_then(call: Callable[[], None]) -> None:
        # In their own thread, when a round has been counted and before the next is waited for.
        desk.comparison.pause()
        desk.calls.append(call)

    comparison = desk.comparison
    comparison.begin(desk.networks, desk.asked)
    comparison.pause()
    desk.until(lambda: comparison.state == "paused")
    assert not comparison.problem
    assert comparison.runs[0].curves.steps in ([], [1])
    for _ in range(2):
        before = len(comparison.runs[0].curves.steps)
        comparison._post = pause_then
        comparison.go_on()
        desk.until(lambda before=before: len(comparison.runs[0].curves.steps) > before)
        desk.until(lambda: comparison.state == "paused")
    comparison._post = desk.calls.append
    comparison.go_on(3)
    before = len(comparison.runs[0].curves.steps)
    desk.until(lambda: comparison.state == "paused")
    assert len(comparison.runs[0].curves.steps) == before + 3


def test_what_does_not_fit_is_one_sentence(desk: Desk) -> None:
    desk.comparison.begin(desk.networks, replace(desk.asked, source="/nowhere"))
    desk.until(lambda: desk.comparison.problem)
    assert "nothing at" in desk.comparison.problem
    assert desk.said == [desk.comparison.problem]
    assert desk.comparison.state == "off"
    desk.comparison.begin(desk.networks, desk.asked, steps=1)
    desk.until(lambda: desk.comparison.state == "paused")
    assert not desk.comparison.problem


def test_a_step_that_is_not_finite_is_not_taken_and_said(desk: Desk) -> None:
    wild = desk.networks[1][1]
    broken = wild.with_tensors({"enc1.weight": np.full_like(wild.tensors["enc1.weight"], 1e38)})
    desk.comparison.begin([desk.networks[0], ("broken", broken)], desk.asked)
    desk.until(lambda: desk.comparison.problem)
    assert "not taken" in desk.comparison.problem
    desk.until(lambda: desk.comparison.state == "paused")
