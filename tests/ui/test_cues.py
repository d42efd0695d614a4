"""Cue points: set, gone to, named, removed and put back, by mouse, keys, palette and OSC; they stay with the film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot
from running import FILM, Running
from whole_window import WholeWindow

from studio.errors import StudioError
from studio.model.performances.cue import Cue
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message, Report
from studio.ui.services.controllers import Controllers
from studio.ui.services.cues import FilmCues
from studio.ui.services.messages import Action
from studio.ui.services.session import Session
from studio.ui.source.cue_menu import CueMenu
from studio.ui.source.seek_bar import SeekBar

PLAYING = PlayerState("demo", FILM, position=2.0, duration=10.0)


class Desk:
    """Cues, the bar that shows them, and what was said."""

    def __init__(self, at: Running) -> None:
        self.at = at
        self.said: list[tuple[str, list[Action]]] = []
        at.telemetry.take(Report([PLAYING]))
        self.cues = FilmCues(at.telemetry, at.session, at.live.seek, self._say)

    def _say(self, message: Message, actions: object) -> None:
        self.said.append((message.text, list(actions)))  # type: ignore[call-overload]

    def at_second(self, position: float) -> None:
        self.at.telemetry.take(Report([replace(PLAYING, position=position)]))

    @property
    def sought(self) -> list[float]:
        return [seconds for (seconds,) in self.at.live.of("seek")]


@pytest.fixture
def desk(tmp_path: Path, qapp: object) -> Iterator[Desk]:
    del qapp
    at = Running(tmp_path)
    yield Desk(at)
    at.close()


def test_they_are_set_where_the_film_is_and_gone_to_by_number_and_in_turn(desk: Desk) -> None:
    for position in (6.0, 2.0, 4.0, 4.0):
        desk.at_second(position)
        desk.cues.set_here()
    assert desk.cues.cues == (Cue(2.0), Cue(4.0), Cue(6.0))
    assert desk.said[-1][0] == "Cue 2 · 0:04.0 is set."
    desk.cues.go(3)
    desk.at_second(6.1)
    assert desk.cues.number == 3
    desk.cues.go_back()
    desk.at_second(4.0)
    desk.cues.go_on()
    desk.cues.go(0)
    assert desk.sought == [6.0, 4.0, 6.0, 0.0]
    desk.at_second(9.0)
    desk.cues.go_on()
    assert len(desk.sought) == 4
    with pytest.raises(StudioError, match="The film has no cue 4: it has 3"):
        desk.cues.go(4)


def test_they_belong_to_the_film_and_outlive_the_window(desk: Desk, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_text("")
    desk.cues.set_here()
    desk.cues.rename(1, "  drop  ")
    desk.at.telemetry.take(Report([replace(PLAYING, spec=str(film))]))
    assert desk.cues.cues == ()
    desk.cues.set_here()
    desk.at.telemetry.take(Report([PLAYING]))
    assert desk.cues.cues == (Cue(2.0, "drop"),)
    later = Session(QSettings(str(desk.at.settings), QSettings.Format.IniFormat))
    assert later.cues("demo") == (Cue(2.0, "drop"),)
    assert later.cues(str(film)) == (Cue(2.0),)


def test_what_is_removed_can_be_put_back_though_another_film_plays(desk: Desk) -> None:
    desk.cues.set_here()
    desk.cues.remove(1)
    text, [(button, put_back)] = desk.said[-1]
    assert (text, button) == ("Cue 1 · 0:02.0 is removed.", "Put back")
    assert desk.cues.cues == desk.at.session.cues("demo") == ()
    desk.at.telemetry.take(Report([replace(PLAYING, spec="latent")]))
    put_back()
    assert desk.cues.cues == ()
    assert desk.at.session.cues("demo") == (Cue(2.0),)


def test_a_camera_and_a_still_have_none(desk: Desk) -> None:
    for state in (
        PlayerState("camera", replace(FILM, duration=None), status="live", is_camera=True),
        PlayerState("a.png", replace(FILM, fps=None, duration=None)),
    ):
        desk.at.telemetry.take(Report([state]))
        assert not desk.cues.can_have
        with pytest.raises(StudioError, match="has no length"):
            desk.cues.set_here()


def test_what_was_stored_by_something_else_is_left_out(desk: Desk) -> None:
    settings = QSettings(str(desk.at.settings), QSettings.Format.IniFormat)
    settings.setValue("cues", '{"demo": [[3, "b"], [-1, "no"], ["x", 1], [1.5, "a"], null, [NaN, "no"]], "other": 7}')
    session = Session(settings)
    assert session.cues("demo") == (Cue(1.5, "a"), Cue(3.0, "b"))
    assert session.cues("other") == ()


def test_the_seek_bar_marks_them_and_a_press_near_one_goes_there_exactly(desk: Desk, qtbot: QtBot) -> None:
    desk.at_second(4.0)
    desk.cues.set_here()
    bar = SeekBar(desk.cues)
    qtbot.addWidget(bar)
    bar.resize(400, 24)
    with qtbot.waitExposed(bar):
        bar.show()
    bar.show_place(0.0, 10.0)
    before = bar.grab().toImage()
    x = bar.place_of(4.0)
    assert abs(x - 0.4 * 400) < 8
    sought: list[float] = []
    bar.sought.connect(sought.append)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(x + 4, 12))
    assert sought == [4.0]
    desk.cues.remove(1)
    assert bar.grab().toImage() != before
    assert bar.cue_at(x) == 0


def test_the_menu_sets_names_and_removes(desk: Desk, qtbot: QtBot) -> None:
    bar = SeekBar(desk.cues)
    qtbot.addWidget(bar)
    menu = CueMenu(desk.cues, bar)
    menu.aboutToShow.emit()
    assert not menu.actions()[-1].isEnabled()
    menu.actions()[0].trigger()
    assert desk.cues.cues == (Cue(2.0),)
    menu.aboutToShow.emit()
    rename = next(each for each in menu.findChildren(QMenu) if each.title() == "Rename")
    rename.actions()[0].trigger()
    dialog = bar.findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue("the drop")
    dialog.accept()
    assert desk.cues.text(1) == "Cue 1 · the drop · 0:02.0"
    # Another film may have come meanwhile.
    menu.aboutToShow.emit()
    desk.cues.remove(1)
    next(each for each in menu.actions() if each.text().startswith("Cue 1")).trigger()
    assert desk.said[-1][0] == "The film has no cue 1: it has none; J sets one."


@pytest.mark.gl
def test_keys_palette_and_osc_reach_them_in_the_window(whole: WholeWindow) -> None:
    cues = whole.context[FilmCues]
    whole.until(lambda: cues.can_have)
    whole.key(Qt.Key.Key_Space)
    whole.studio.live.seek(3.0)
    whole.until(lambda: whole.told[PlayerState].position == pytest.approx(3.0, abs=0.1))
    whole.key(Qt.Key.Key_J)
    [only] = cues.cues
    whole.key(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    whole.until(lambda: whole.told[PlayerState].position == 0.0)
    whole.key(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    whole.until(lambda: whole.told[PlayerState].position == pytest.approx(only.time, abs=0.05))
    names = whole.context[Controllers].hub.names
    assert names.get("/source/cue") == 1.0
    names.turn("/source/cue", 0)
    whole.until(lambda: whole.told[PlayerState].position == 0.0)
    with pytest.raises(StudioError, match="no cue 5"):
        names.turn("/source/cue", 5)
    assert f"Cue 1 · 0:0{only.time:.1f}" in {
        entry.text for panel in whole.window._declared.panels for entry in panel.entries(whole.context)
    }
