"""What a recording takes of a running network: one picture for each of its frames, and never an old one for long."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import Clock

from studio.model.views.view import View
from studio.runtime.live import output_writer
from studio.runtime.live.feature import Frame
from studio.runtime.live.journal import Journal
from studio.runtime.live.output_writer import OutputWriter, Record, Snapshot, Still
from studio.runtime.live.recorder import RecordingStatus, RecordingTarget
from studio.runtime.live.report import Message, Messages


class FakeScreen:
    """Numbers the pictures that it is asked for; each is delivered once."""

    def __init__(self) -> None:
        self.frame = 0
        self.ordered: list[int] = []
        self.under_way: int | None = None

    def order(self, *_: Any) -> None:
        self.ordered.append(self.frame)
        self.under_way = self.frame

    def delivered(self) -> np.ndarray | None:
        number, self.under_way = self.under_way, None
        return None if number is None else np.full((2, 2, 3), number, np.uint8)


class FakeEngine:
    """Has an output."""

    class graph:  # noqa: N801 - an attribute of engines
        output = "out"


class Run:
    """A recording of 10 frames a second on a clock that the test turns."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.screen = Clock(), FakeScreen()
        monkeypatch.setattr(output_writer, "time", self.clock)
        self.outlets = OutputWriter(self.screen, Journal())  # type: ignore[arg-type]
        self.outlets.begin(Record(RecordingTarget(folder, "png", Fraction(10)), "a"))

    def frame(self, seconds: float, *, is_new: bool = True) -> None:
        self.clock.now += seconds
        self.screen.frame += is_new
        self.outlets.took(Frame(FakeEngine(), View(), {}, is_new, 0))  # type: ignore[arg-type]

    def end(self) -> RecordingStatus:
        assert self.outlets._recorder is not None
        self.outlets._deliver()
        self.outlets._recorder.stop(self.clock.now)
        status = self.outlets._recorder.wait(60)
        assert status.finished
        assert not status.error
        return status


def test_a_fast_network_is_asked_once_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, monkeypatch)
    for _ in range(100):
        run.frame(0.01)
    # A second of ten frames, and the one that the last picture begins.
    assert len(run.screen.ordered) in (10, 11)
    # The first picture is the first frame's alone; the second is taken as soon as it may be.
    assert np.all(np.diff(run.screen.ordered)[1:] >= 9)
    assert run.end().frames in (10, 11)


def test_the_last_picture_before_a_pause_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, monkeypatch)
    for _ in range(13):
        run.frame(0.01)
    assert run.screen.ordered[-1] != run.screen.frame
    for _ in range(12):
        run.frame(0.05, is_new=False)
    assert run.screen.ordered[-1] == run.screen.frame
    # It is asked for once, however long the pause lasts.
    assert run.screen.ordered.count(run.screen.frame) == 1
    assert run.end().dropped == 0


def test_what_is_under_way_at_the_end_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, monkeypatch)
    run.frame(0.0)
    assert run.screen.under_way is not None
    run.clock.now += 0.05
    status = run.end()
    assert status.frames == 1


@pytest.mark.parametrize(
    ("wanted", "problem", "said"),
    [
        ("still", "", ["There is no picture yet; choose a source first."]),
        ("snapshot", "", ["There is no picture yet; choose a source first."]),
        ("still", "Layer “a” fails.", ["There is no picture to write. Layer “a” fails."]),
        ("snapshot", "Layer “a” fails.", []),
    ],
)
def test_where_there_is_no_picture_the_true_reason_is_told(
    tmp_path: Path, wanted: str, problem: str, said: list[str]
) -> None:
    """A source that plays was said to be missing, where its network failed."""
    journal, given = Journal(), list[object]()
    writer = OutputWriter(FakeScreen(), journal)  # type: ignore[arg-type]
    if problem:
        journal.problem("picture", Message(problem, "error"))
    order = Still(tmp_path / "a.png") if wanted == "still" else Snapshot(given.append)
    writer.handlers()[type(order)](order)
    writer.blank()
    writer.blank()
    messages = [part for part in journal.parts() if isinstance(part, Messages)]
    assert [message.text for part in messages for message in part.messages] == said
    assert not given
