"""Of frames that follow each other sooner than the window is told of them, some are copied, and the last always."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from studio.engine.base import Engine
from studio.engine.display import Display
from studio.model.views.view import View
from studio.runtime.live.journal import Journal
from studio.runtime.live.showing import Showing
from studio.runtime.services.right_of_way import RightOfWay


class Screen:
    """Notes the frames that are copied and those that the window may have."""

    def __init__(self, *, is_software: bool) -> None:
        self.is_software = is_software
        self.frame = 0
        self.copied, self.published = list[int](), list[int]()

    def copy(self, *_: object) -> None:
        self.publish()
        self.copied.append(self.frame)

    def publish(self) -> None:
        if self.copied and self.copied[-1] not in self.published:
            self.published.append(self.copied[-1])


class Turns:
    """A render thread's turns."""

    def __init__(self, *, is_software: bool = False) -> None:
        self.screen, self.now, self.way = Screen(is_software=is_software), 0.0, RightOfWay()
        self.showing = Showing(cast("Display", self.screen), Journal(), self.way, 1 / 80, lambda: self.now)
        graph = SimpleNamespace(output="out", nodes=(), inputs=(), name="", tensor_shapes={})
        self.engine = cast("Engine", SimpleNamespace(graph=graph))

    def turn(self, seconds: float, *, ran: bool = True, looked: bool = False, pressed: bool = True) -> None:
        self.now += seconds
        self.screen.frame += ran
        self.way.take()
        self.showing.show(self.engine, View(), {}, ran=ran, looked=looked, pressed=pressed)


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(*_: object, **__: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return ("out",), ("out",)

    monkeypatch.setattr("studio.runtime.live.showing.looked_at", names)


def test_of_frames_that_nobody_could_see_few_are_copied() -> None:
    turns = Turns()
    turns.turn(1.0)
    for _ in range(1000):
        turns.turn(0.0005)
    # Half a second, at 80 a second at most; and what is copied is let go of a turn later.
    assert 38 <= len(turns.screen.copied) <= 42
    assert turns.screen.published[-1] >= 1001 - 26
    assert not turns.way.wait(0), "frames follow each other"


def test_the_last_frame_is_seen_and_what_is_looked_at_at_once() -> None:
    turns = Turns()
    turns.turn(1.0)
    turns.turn(0.0005)
    assert turns.screen.copied == [1]
    # No other comes, though one was due.
    turns.turn(0.0005, ran=False, pressed=False)
    assert turns.screen.published == [1, 2]
    assert turns.way.wait(0)
    turns.turn(0.0005)
    turns.turn(0.0005, ran=False, looked=True)
    assert turns.screen.copied == [1, 2, 3]
    # What has been copied is not copied again.
    turns.turn(1.0, ran=False, pressed=False)
    assert turns.screen.copied == [1, 2, 3]


@pytest.mark.parametrize("is_software", [True, False])
def test_frames_that_take_their_time_are_seen_one_and_all(is_software: bool) -> None:
    turns = Turns(is_software=is_software)
    for _ in range(10):
        turns.turn(0.0005 if is_software else 0.02)
    assert turns.screen.copied == list(range(1, 11))
    assert turns.screen.published == list(range(1, 11 if is_software else 10))
