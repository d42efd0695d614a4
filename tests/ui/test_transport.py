"""The source bar shows what the player reports, and tells it what the person wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cut import cut_in
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from running import FILM, Running

from studio.errors import StudioError
from studio.model.views.camera_setup import CameraSetup
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Report
from studio.ui.kit import theme
from studio.ui.services.cues import FilmCues
from studio.ui.source import panel as transport
from studio.ui.source import seek_bar
from studio.ui.source.panel import Transport

pytestmark = pytest.mark.usefixtures("qapp")

PLAYING = PlayerState("demo", FILM, position=2.0, duration=10.0)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.close()


def cues_of(at: Running) -> FilmCues:
    return FilmCues(at.telemetry, at.session, at.live.seek, lambda message, _: at.said.append(message))


@pytest.fixture
def bar(at: Running, qtbot: QtBot) -> Transport:
    made = Transport(at.live, at.telemetry, at.session, at.worker, cues_of(at), lambda: [0, 2])  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1280, 40)
    with qtbot.waitExposed(made):
        made.show()
    show(at, PLAYING)
    return made


class Moved(QObject):
    """Notes what is shown and hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QEvent.Type] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        del watched
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.seen.append(event.type())
        return False


def show(at: Running, state: PlayerState) -> None:
    at.telemetry.take(Report([state]))


def centre_of(bar: Transport, part: float) -> QPoint:
    return QPoint(round(7 + (bar.seek.width() - 14) * part), bar.seek.height() // 2)


def test_a_film_shows_where_it_is(bar: Transport) -> None:
    assert (bar.source.text(), bar.place.text(), bar.facts.text()) == ("Demo clip", "0:02.0 / 0:10.0", "64×48 · 25 fps")
    assert (bar.seek.value(), bar.seek.maximum()) == (2000, 10000)
    assert bar.loop.isChecked()
    assert not bar.reset.isVisible()
    assert bar.status.whole == ""


def test_the_bar_of_every_width_holds_still_and_nothing_of_it_is_cut(letters: int, bar: Transport) -> None:
    assert bar.source.font().pointSizeF() == letters
    around, moved = QWidget(), Moved()
    bar.setParent(around)
    around.resize(1280, 80)
    around.show()
    bar.show()
    for width in range(bar.minimumSizeHint().width(), 1000, 9):
        bar.resize(width, 60)
        QApplication.processEvents()
        assert cut_in(bar) == [], width
        assert bar.source.toolTip().startswith("demo")
        bar.place.installEventFilter(moved)
        bar.resize(width, 61)
        QApplication.processEvents()
        bar.place.removeEventFilter(moved)
        assert moved.seen == [], f"{width}: what is hidden and shown again lays the window out for ever"
    bar.setParent(None)


def test_play_pauses_what_plays_and_starts_what_stands_or_has_ended(bar: Transport, at: Running, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.play_button, Qt.MouseButton.LeftButton)
    show(at, replace(PLAYING, playing=False))
    assert bar.play_button.accessibleName() == "Play"
    bar.toggle()
    show(at, replace(PLAYING, ended=True))
    assert bar.status.whole == "Ended"
    bar.toggle()
    assert at.live.of("pause") == [(True,), (False,), (False,)]


def test_frames_are_stepped_through_while_paused(bar: Transport, at: Running, qtbot: QtBot) -> None:
    assert not bar.forth.isEnabled()
    show(at, replace(PLAYING, playing=False))
    qtbot.mouseClick(bar.forth, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    assert at.live.of("step") == [(1,), (-1,)]


def test_a_click_goes_there(bar: Transport, at: Running, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.seek, Qt.MouseButton.LeftButton, pos=centre_of(bar, 0.75))
    [(seconds,)] = at.live.of("seek")
    assert seconds == pytest.approx(7.5, abs=0.1)


def test_a_drag_goes_along_and_reports_do_not_pull_it_back(
    bar: Transport, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seek_bar, "_SETTLES", 600.0)
    qtbot.mousePress(bar.seek, Qt.MouseButton.LeftButton, pos=centre_of(bar, 0.2))
    for part in (0.4, 0.6, 0.8):
        qtbot.mouseMove(bar.seek, centre_of(bar, part))
        show(at, PLAYING)
    assert bar.seek.value() == pytest.approx(8000, abs=100)
    qtbot.mouseRelease(bar.seek, Qt.MouseButton.LeftButton, pos=centre_of(bar, 0.8))
    sought = [seconds for (seconds,) in at.live.of("seek")]
    assert sought == sorted(sought)
    assert sought[-1] == pytest.approx(8.0, abs=0.1)
    show(at, replace(PLAYING, position=2.0))
    assert bar.seek.value() == pytest.approx(8000, abs=100), "it was told of before"
    monkeypatch.setattr(seek_bar, "_SETTLES", -1.0)
    show(at, replace(PLAYING, position=8.04))
    assert bar.seek.value() == 8040
    assert [seconds for (seconds,) in at.live.of("seek")] == sought


def test_arrow_keys_go_a_second(bar: Transport, at: Running, qtbot: QtBot) -> None:
    qtbot.keyClick(bar.seek, Qt.Key.Key_Right)
    assert at.live.of("seek") == [(3.0,)]


def test_loop_and_speed(bar: Transport, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_SETTLES", 600.0)
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    bar.speed.selectAll()
    qtbot.keyClicks(bar.speed, "0.5")
    qtbot.keyClick(bar.speed, Qt.Key.Key_Return)
    show(at, PLAYING)
    assert bar.speed.value() == 0.5
    assert not bar.speed.hasFocus()
    monkeypatch.setattr(transport, "_SETTLES", -1.0)
    show(at, replace(PLAYING, speed=0.5, loop=False))
    assert not bar.loop.isChecked()
    assert bar.reset.isVisible()
    qtbot.mouseClick(bar.reset, Qt.MouseButton.LeftButton)
    assert at.live.of("set_loop") == [(False,)]
    assert at.live.of("set_speed") == [(0.5,), (1.0,)]
    at.live.calls.clear()
    show(at, replace(PLAYING, speed=2.0))
    assert bar.speed.value() == 2.0
    assert at.live.calls == []


def test_a_camera_has_no_length_and_says_when_it_is_lost(bar: Transport, at: Running) -> None:
    camera = PlayerState("camera:2", replace(FILM, duration=None), status="live", is_camera=True)
    show(at, camera)
    assert (bar.source.text(), bar.status.whole) == ("Camera 3", "Live")
    assert not any(part.isVisible() for part in (bar.seek, bar.place, bar.loop, bar.speed, bar.forth))
    show(at, replace(camera, status="lost: it was unplugged; waiting for it"))
    assert bar.status.whole == "Camera lost: it was unplugged; waiting for it"
    show(at, replace(camera, playing=False))
    assert bar.status.whole == "Frozen"


def test_a_still_has_nothing_to_play(bar: Transport, at: Running) -> None:
    show(at, PlayerState("/p/flower.png", replace(FILM, fps=None, duration=None)))
    assert not bar.play_button.isEnabled()
    assert not bar.seek.isVisible()
    assert (bar.source.text(), bar.facts.text()) == ("flower.png", "64×48")
    assert bar.source.property("picture") == "image"
    # Where there is no room for its size, what there is lies together at the left, and not spread over the bar.
    bar.resize(668, 40)
    bar.layout().activate()
    assert (bar.facts.isVisible(), bar.source.x()) == (False, theme.SPACE)
    assert bar.play_button.x() - bar.source.geometry().right() <= 3 * theme.SPACE
    show(at, PLAYING)
    assert bar.source.property("picture") == "film-strip"


def test_what_is_being_opened_and_what_is_wrong_is_said(bar: Transport, at: Running) -> None:
    show(at, replace(PLAYING, warning="its index is damaged"))
    assert bar.status.whole == "its index is damaged"
    show(at, replace(PLAYING, warning="its index is damaged", opening="/films/next.mp4"))
    assert bar.status.whole == "Opening next.mp4…"


def texts(bar: Transport) -> list[str]:
    return [action.text() for action in bar.menu.actions() if not action.isSeparator()]


def choose(bar: Transport, text: str) -> None:
    next(action for action in bar.menu.actions() if action.text() == text).trigger()


def test_cameras_are_looked_for_when_the_menu_opens_and_nobody_waits(at: Running, qtbot: QtBot) -> None:
    go_on, looked = threading.Event(), []

    def slow() -> list[int]:
        looked.append(threading.current_thread())
        assert go_on.wait(60)
        return [0, 2]

    bar = Transport(at.live, at.telemetry, at.session, at.worker, cues_of(at), slow)  # type: ignore[arg-type]
    qtbot.addWidget(bar)
    assert looked == []
    bar.menu.popup(QPoint(0, 0))
    assert texts(bar) == [
        "Demo clip",
        "Looking for cameras…",
        "Film…",
        "Picture…",
        "Folder of pictures…",
        "For generators",
    ]
    go_on.set()
    qtbot.waitUntil(lambda: "Camera 1" in texts(bar))
    assert texts(bar) == [
        "Demo clip",
        "Camera 1",
        "Camera 3",
        "Film…",
        "Picture…",
        "Folder of pictures…",
        "For generators",
    ]
    assert threading.main_thread() not in looked
    choose(bar, "Camera 3")
    choose(bar, "Demo clip")
    bar.menu.close()
    assert at.live.of("play") == [("camera:2",), ("demo",)]
    # Once they are known they are there as soon as it opens, in the same place.
    at.session.set_camera(CameraSetup(2, mirrored=True))
    bar.menu.popup(QPoint(0, 0))
    assert texts(bar)[:3] == ["Demo clip", "Camera 1", "Camera 3"]
    choose(bar, "Camera 3")
    bar.menu.close()
    assert at.live.of("play")[-1] == ("camera:2,mirror",)


def test_where_there_is_no_camera_the_menu_says_so(at: Running, qtbot: QtBot) -> None:
    def broken() -> list[int]:
        raise StudioError("the driver is gone")

    bar = Transport(at.live, at.telemetry, at.session, at.worker, cues_of(at), broken)  # type: ignore[arg-type]
    qtbot.addWidget(bar)
    bar.menu.popup(QPoint(0, 0))
    qtbot.waitUntil(lambda: "No camera found" in texts(bar))
    assert texts(bar) == ["Demo clip", "No camera found", "Film…", "Picture…", "Folder of pictures…", "For generators"]
    bar.menu.close()


def test_what_was_played_is_offered_again(bar: Transport, at: Running, tmp_path: Path) -> None:
    film = tmp_path / "one & two.mp4"
    film.write_text("")
    show(at, replace(PLAYING, spec=str(film)))
    assert at.session.sources == [str(film)]
    bar.menu.popup(QPoint(0, 0))
    choose(bar, "one && two.mp4")
    bar.menu.close()
    assert at.live.of("play") == [(str(film),)]
