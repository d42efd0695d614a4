"""The status bar: what it says of the speed is true at every moment."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from studio.runtime.live.report import Progress, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.shell.status import StatusBar


class Bar:
    """A status bar on a clock that stands."""

    def __init__(self, qtbot: QtBot) -> None:
        self.now = 100.0
        self.telemetry = Telemetry(lambda: self.now)
        self.status = StatusBar(self.telemetry, lambda: None)
        qtbot.addWidget(self.status)

    def take(self, progress: Progress) -> None:
        self.telemetry.take(Report([progress]))

    @property
    def text(self) -> str:
        return self.status._speed.text()

    def shown(self) -> str:
        self.status.show_speed()
        return self.text


@pytest.fixture
def bar(qtbot: QtBot) -> Bar:
    return Bar(qtbot)


def test_a_frame_that_takes_long_is_told_while_it_is_under_way(bar: Bar) -> None:
    assert bar.shown() == ""
    bar.take(Progress(serial=9, shown=9, fps=12.0, seconds=0.08))
    assert bar.shown() == "12 fps · 80.0 ms"
    bar.now += 0.4
    assert bar.shown() == "12 fps · 80.0 ms", "reports are some tenths of a second apart"
    bar.now += 3.6
    assert bar.shown() == "0.2 fps · 4000.0 ms"
    bar.take(Progress(serial=10, shown=10, fps=0.25, seconds=4.0))
    assert bar.shown() == "0.2 fps · 4000.0 ms"
    bar.now += 3.9
    assert bar.shown() == "0.2 fps · 4000.0 ms", "they all take as long"


def test_of_reports_that_come_quickly_the_last_one_is_shown(qtbot: QtBot, bar: Bar) -> None:
    """Of a film that is paused nothing more is told, once it has no more frames in a second."""
    bar.take(Progress(serial=9, shown=9, fps=1.0, seconds=0.08))
    qtbot.waitUntil(lambda: bar.text == "1.0 fps · 80.0 ms")
    bar.take(Progress(serial=9, shown=9, fps=0.5, seconds=0.08))
    bar.take(Progress(serial=9, shown=9, fps=0.0, seconds=0.08))
    qtbot.waitUntil(lambda: bar.text == "0.0 fps · 80.0 ms")
