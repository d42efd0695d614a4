"""The panel of cameras: what is chosen is asked of the camera that plays, and kept for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from running import FILM, Running

from studio.model.declared.size import Size
from studio.model.views.camera_setup import CameraSetup
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Report
from studio.ui.source.camera_panel import CameraPanel

LIVE = PlayerState("camera:0", replace(FILM, duration=None), status="live", is_camera=True, exposure=-6.0)


@pytest.fixture
def at(tmp_path: Path, qapp: object) -> Iterator[Running]:
    del qapp
    made = Running(tmp_path)
    yield made
    made.close()


def panel_of(at: Running, qtbot: QtBot, cameras: list[int]) -> CameraPanel:
    made = CameraPanel(at.telemetry, at.session, at.live.play, at.worker, lambda: cameras)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: not made._looks)
    return made


def pick(qtbot: QtBot, box: object, downs: int) -> None:
    for _ in range(downs):
        qtbot.keyClick(box, Qt.Key.Key_Down)  # type: ignore[arg-type]


def test_where_there_is_none_it_says_what_to_do(at: Running, qtbot: QtBot) -> None:
    panel = panel_of(at, qtbot, [])
    assert panel.device.currentText() == "No camera found"
    assert panel.says.text().startswith("No camera was found: connect one")
    assert not panel.start.isEnabled()


def test_what_is_chosen_holds_when_the_camera_is_played(at: Running, qtbot: QtBot) -> None:
    panel = panel_of(at, qtbot, [0, 2])
    pick(qtbot, panel.device, 1)
    pick(qtbot, panel.resolution, 3)
    qtbot.mouseClick(panel.mirror, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.mirror.height() // 2))
    assert at.live.of("play") == []
    qtbot.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    assert at.live.of("play") == [("camera:2,size=1280x720,mirror",)]
    assert at.session.camera(2) == CameraSetup(2, Size(720, 1280), mirrored=True)
    qtbot.keyClick(panel.device, Qt.Key.Key_Up)
    assert panel.resolution.currentText() == "As it comes"
    assert not panel.mirror.isChecked()


def test_of_the_camera_that_plays_all_follows_at_once(at: Running, qtbot: QtBot) -> None:
    panel = panel_of(at, qtbot, [])
    at.telemetry.take(Report([LIVE]))
    panel.look()
    qtbot.waitUntil(lambda: not panel._looks)
    assert (panel.device.currentText(), panel.says.text()) == ("Camera 1", "It gives 64×48 at 25 fps.")
    assert (panel.exposure.value(), panel.exposure.isEnabled(), panel.start.isVisible()) == (-6.0, False, False)
    qtbot.mouseClick(panel.by_hand, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.by_hand.height() // 2))
    panel.exposure.setValue(-8.0)
    pick(qtbot, panel.rate, 6)
    assert [spec for (spec,) in at.live.of("play")] == [
        "camera:0,exposure=-6",
        "camera:0,exposure=-8",
        *(f"camera:0,fps={fps},exposure=-8" for fps in (15, 24, 25, 30, 50, 60)),
    ]
    at.telemetry.take(Report([replace(LIVE, spec="camera:0,fps=60", warning="camera 0 gives 30 pictures a second")]))
    assert panel.says.text() == "Camera 0 gives 30 pictures a second."
    assert panel.rate.currentText() == "60 fps"
    assert not panel.by_hand.isChecked()


def test_one_that_says_nothing_of_its_exposure_cannot_be_asked_for_it(at: Running, qtbot: QtBot) -> None:
    panel = panel_of(at, qtbot, [0])
    at.telemetry.take(Report([replace(LIVE, exposure=None)]))
    assert not panel.by_hand.isEnabled()
    assert "cannot be set" in panel.by_hand.toolTip()


def test_what_was_typed_as_a_source_is_shown(at: Running, qtbot: QtBot) -> None:
    panel = panel_of(at, qtbot, [0])
    at.telemetry.take(Report([replace(LIVE, spec="camera:0,size=1000x500,fps=77")]))
    assert (panel.resolution.currentText(), panel.rate.currentText()) == ("1000×500", "77 fps")
