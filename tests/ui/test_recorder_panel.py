"""The recorder: what it asks the render thread for, and how it shows what that tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QStandardItemModel
from pytestqt.qtbot import QtBot
from running import FILM, Running

from studio.io.sinks import CodecInfo
from studio.model.declared.size import Size
from studio.runtime.live.output_writer import Recording, Written
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.recorder import RecordingStatus, RecordingTarget
from studio.runtime.live.report import Report
from studio.ui.recording import panel as recorder_panel
from studio.ui.recording.panel import RecorderPanel
from studio.ui.services.choices import RecordingChoice

pytestmark = pytest.mark.usefixtures("qapp")

CODECS = [
    CodecInfo("h264", "plays everywhere", ".mp4", True),
    CodecInfo("prores", "for editing", ".mov", False, "this FFmpeg has no ProRes"),
    CodecInfo("ffv1", "loses nothing", ".mkv", True),
]


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(recorder_panel, "codecs", lambda: CODECS)
    made = Running(tmp_path)
    made.session.recording = RecordingChoice(folder=str(tmp_path))
    yield made
    made.close()


def open_panel(at: Running, qtbot: QtBot) -> RecorderPanel:
    made = RecorderPanel(at.document, at.live, at.telemetry, at.session, at.worker)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(280, 360)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: made.codec.count() == 3)
    return made


@pytest.fixture
def panel(at: Running, qtbot: QtBot) -> RecorderPanel:
    return open_panel(at, qtbot)


def show(at: Running, status: RecordingStatus | None) -> None:
    at.telemetry.take(Report([Recording(status)]))


def test_the_button_begins_and_ends_a_recording(panel: RecorderPanel, at: Running, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    target = RecordingTarget(at.home, "h264", Fraction(30), name="{preset} {date} {time}")
    assert at.live.calls == [("record", target, "alpha", False)]
    show(at, RecordingStatus(at.home / "x.mp4", 61.27, 1530, 3, 4_240_000, Size(48, 64)))
    assert (panel.button.text(), panel.facts.text()) == ("1:01.2", "1530 frames · 3 dropped · 4.2 MB")
    assert not panel.codec.isEnabled()
    assert panel.last is None
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert at.live.calls[1:] == [("stop_recording",)]


def test_the_rate_is_the_sources_until_one_is_chosen(panel: RecorderPanel, at: Running) -> None:
    film = replace(FILM, fps=Fraction(30000, 1001))
    for info, rate, said in (
        (film, Fraction(30000, 1001), "29.97 fps"),
        (replace(FILM, fps=Fraction(24)), Fraction(24), "24 fps"),
        (replace(FILM, fps=None), Fraction(30), "30 fps"),
    ):
        at.telemetry.take(Report([PlayerState("demo", info)]))
        assert panel.rate.currentText() == f"The source's ({said})"
        panel.toggle()
        assert at.live.of("record")[-1][0].fps == rate
    panel.rate.setCurrentIndex(panel.rate.findData("50"))
    panel.rate.activated.emit(panel.rate.currentIndex())
    at.telemetry.take(Report([PlayerState("demo", film)]))
    panel.toggle()
    assert at.live.of("record")[-1][0].fps == Fraction(50)
    assert (panel.rate.currentData(), at.session.recording.rate) == ("50", "50")


def test_a_recording_that_is_whole_can_be_opened(
    panel: RecorderPanel, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    film = at.home / "alpha 2026.mp4"
    show(at, RecordingStatus(film, 3.0, 75, 0, 900, Size(48, 64)))
    assert not panel.link.isVisible()
    show(at, RecordingStatus(film, 3.0, 75, 0, 900, Size(48, 64), finished=True))
    assert (panel.button.text(), panel.facts.text()) == ("Record", "0:03.0 · 75 frames · 900 bytes")
    assert panel.codec.isEnabled()
    assert panel.link.text() == "alpha 2026.mp4"
    qtbot.mouseClick(panel.link, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.reveal, Qt.MouseButton.LeftButton)
    assert opened == [film, at.home]


def test_a_recording_that_broke_off_says_why(panel: RecorderPanel, at: Running) -> None:
    show(at, RecordingStatus(at.home / "x.mp4", 1.0, 25, error="the disk is full", finished=True))
    assert panel.facts.text() == "the disk is full"
    assert panel.last is None


def test_how_to_record_is_chosen_once(panel: RecorderPanel, at: Running, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    panel.choose_folder(str(folder))
    qtbot.keyClicks(panel.rate, "29")
    panel.rate.activated.emit(panel.rate.currentIndex())
    for box in (panel.codec, panel.what):
        qtbot.keyClick(box, Qt.Key.Key_End)
        box.activated.emit(box.currentIndex())
    again = open_panel(at, qtbot)
    assert [box.currentData() for box in (again.codec, again.rate, again.what)] == ["ffv1", "30000/1001", True]
    again.toggle()
    [(target, name, shown)] = at.live.of("record")
    assert (target.codec, target.fps, target.folder, name, shown) == (
        "ffv1",
        Fraction(30000, 1001),
        folder,
        "alpha",
        True,
    )


def test_a_codec_that_does_not_work_here_is_grey_and_says_why(panel: RecorderPanel) -> None:
    model = panel.codec.model()
    assert isinstance(model, QStandardItemModel)
    assert [model.item(row).isEnabled() for row in range(3)] == [True, False, True]
    assert panel.codec.itemData(1, Qt.ItemDataRole.ToolTipRole) == "Does not work here: this FFmpeg has no ProRes"
    assert panel.codec.itemData(2, Qt.ItemDataRole.ToolTipRole) == "loses nothing"


def test_a_remembered_codec_that_is_gone_gives_way(at: Running, qtbot: QtBot) -> None:
    at.session.recording = RecordingChoice("prores", folder=str(at.home))
    panel = open_panel(at, qtbot)
    assert panel.codec.currentData() == "h264"
    assert at.session.recording.codec == "h264"


def test_single_pictures_get_free_names_and_a_link_when_they_are_there(
    panel: RecorderPanel, at: Running, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.still, Qt.MouseButton.LeftButton)
    [(still,)] = at.live.of("still")
    assert (still.parent, still.suffix, still.name.split()[0]) == (at.home, ".png", "alpha")
    at.telemetry.take(Report([Written()]))
    assert panel.last is None
    still.write_bytes(b"png")
    at.telemetry.take(Report([Written(still)]))
    assert panel.last == still
    qtbot.mouseClick(panel.still, Qt.MouseButton.LeftButton)
    assert at.live.of("still")[1] != (still,)
    qtbot.mouseClick(panel.sheet, Qt.MouseButton.LeftButton)
    [(sheet,)] = at.live.of("sheet")
    assert sheet.stem.endswith(" layers")
