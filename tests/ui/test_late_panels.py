"""Panels that nobody sees at first are made later, and are there for whoever asks before that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import tiny_network
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio import edits
from studio.app import Studio
from studio.io.networks import save_network
from studio.io.opening import find_and_open
from studio.runtime.live.report import Progress
from studio.ui.bends.panel import BendsPanel
from studio.ui.filters.editor import FilterEditor
from studio.ui.filters.edits_panel import EditsPanel
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.kit.events import Events
from studio.ui.learning.panel import LearningPanel
from studio.ui.macros.panel import MacrosPanel
from studio.ui.performance.stage_hand import StageHand
from studio.ui.services.session import Session

pytestmark = pytest.mark.gl


@pytest.fixture
def studio(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[Studio]:
    """A studio whose window has just been made, with no event handled yet."""
    del qtbot, gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    session = Session(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made = Studio(*find_and_open(str(tmp_path / "tiny")), "demo", session, tmp_path / "home")
    made.workspace.engine, made.workspace.size = "torch", "64"
    made.window._may_close = lambda _close: True
    yield made
    made.window.close()
    made.close()
    made.window.deleteLater()
    QApplication.processEvents()


def test_only_what_is_seen_is_made_before_the_window(studio: Studio) -> None:
    panels, docks = studio.window.panels, studio.window.docks
    assert {"bends", "learning", "movement", "graph", "performance", "histogram"} <= set(panels.waiting)
    assert not {"network", "presets", "filters"} & set(panels.waiting)
    # Each has its place, its tab and its entry in the menu all the same.
    assert set(panels.waiting) <= set(docks)


@pytest.mark.parametrize("kind", [BendsPanel, LearningPanel, StageHand])
def test_what_is_asked_for_is_made(studio: Studio, kind: type) -> None:
    assert isinstance(studio.window.context[kind], kind)


def test_the_windows_events_pause_while_a_histogram_is_made(studio: Studio) -> None:
    context = studio.window.context
    assert context[HistogramPanel]._paused == context[Events].paused


def test_what_is_not_there_is_still_an_error(studio: Studio) -> None:
    with pytest.raises(KeyError, match="no Path"):
        studio.window.context[Path]
    assert not studio.window.panels.waiting


def test_a_panel_that_is_shown_is_made(studio: Studio, qtbot: QtBot) -> None:
    studio.window.show()
    qtbot.waitExposed(studio.window)
    waited = "learning" in studio.window.panels.waiting
    studio.window.docks["learning"].raise_()
    qtbot.waitUntil(lambda: studio.window.docks["learning"].widget() is not None)
    assert waited
    assert studio.window.context[LearningPanel].isVisible()


def test_all_are_there_soon_after_the_first_picture(studio: Studio, qtbot: QtBot) -> None:
    finished: list[bool] = []
    settle, studio.window.panels.finished = studio.window.panels.finished, lambda: finished.append(True)
    settle()
    studio.window.show()
    qtbot.waitUntil(lambda: bool(studio.telemetry[Progress].shown))
    qtbot.waitUntil(lambda: not studio.window.panels.waiting)
    qtbot.waitUntil(lambda: finished == [True])
    assert all(dock.widget() is not None for dock in studio.window.docks.values())


def test_a_command_of_a_panel_that_waits_does_what_it_says(studio: Studio) -> None:
    """And its check mark is right once the panel is there."""
    assert "macros" in studio.window.panels.waiting
    studio.window.actions_["macro.choose_3"].trigger()
    assert studio.window.context[MacrosPanel].number == 3
    assert studio.window.actions_["macro.choose_3"].isChecked()
    assert not studio.window.actions_["macro.choose_1"].isChecked()


@pytest.mark.parametrize(
    ("command", "panel"),
    [
        ("bend.throw", "bends"),
        ("controllers.learn", "controllers"),
        ("fade.stop", "fades"),
        ("generator.seed", "generator"),
        ("macro.more", "macros"),
        ("movement.tap", "movement"),
        ("performance.play", "performance"),
        ("learn.release", "learning"),
        ("vary.roll", "vary"),
    ],
)
def test_a_command_makes_the_panel_that_it_belongs_to_and_no_other(studio: Studio, command: str, panel: str) -> None:
    before = set(studio.window.panels.waiting)
    assert panel in before
    studio.window.actions_[command].setEnabled(True)
    studio.window.actions_[command].trigger()
    assert before - set(studio.window.panels.waiting) == {panel}
    assert studio.window.docks[panel].widget() is not None


def test_the_network_runs_once_the_window_has_been_painted(studio: Studio, qtbot: QtBot) -> None:
    # The render thread has its context by then, and waits.
    assert not studio.live._may_begin.is_set()
    studio.window.show()
    qtbot.waitUntil(studio.live._may_begin.is_set)
    qtbot.waitUntil(lambda: studio.live.screen is not None)


def test_the_network_runs_soon_though_nobody_sees_the_window(studio: Studio, qtbot: QtBot) -> None:
    """It may begin minimised, and still send its picture to other programs."""
    qtbot.waitUntil(lambda: studio.live.screen is not None)
    qtbot.waitUntil(lambda: studio.live.player.state().spec == "demo")


def test_what_was_opened_at_once_is_not_replaced_by_what_the_window_begins_with(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    """What plays films is imported beside the window, which answers meanwhile."""
    picture = tmp_path / "picture.png"
    Image.new("RGB", (16, 16)).save(picture)
    studio.live.play(str(picture))
    studio._play()
    qtbot.waitUntil(lambda: studio.live.player.state().spec == str(picture))
    studio._play()
    assert studio.live.player.state().opening == ""


def test_all_edits_are_there_for_who_asks_early(studio: Studio) -> None:
    editor = studio.window.context[FilterEditor]
    assert editor.findChildren(EditsPanel) == []
    editor.show_edit("Rotate")
    assert editor.edits.chooser.currentText().startswith("Rotate")
    assert editor.panels.currentWidget().isAncestorOf(editor.edits)


def test_edits_are_there_when_their_tab_is_chosen(studio: Studio) -> None:
    editor = studio.window.context[FilterEditor]
    editor.panels.setCurrentIndex(2)
    assert editor.findChildren(EditsPanel) == [editor.edits]


def test_closing_early_makes_nothing(studio: Studio) -> None:
    waiting = studio.window.panels.waiting
    studio.window.close()
    studio.close()
    assert studio.window.panels.waiting == waiting
    # Nor does anything run that nobody would end.
    studio._begin()
    assert not studio.live._thread.is_alive()


def test_a_number_of_a_panel_that_waits_has_its_address_soon(studio: Studio) -> None:
    names = studio.controllers.hub.names
    before = set(names.numbers())
    studio.window.context[LearningPanel]
    assert {name for name in set(names.numbers()) - before if name.startswith("/lesson/")}


def test_none_is_made_while_a_hand_is_at_work(studio: Studio, qtbot: QtBot) -> None:
    window = studio.window
    window.show()
    qtbot.waitExposed(window)
    window.context[Events].begin()
    qtbot.keyClick(window, Qt.Key.Key_F35)
    waiting = window.panels.waiting
    window.panels._go_on()
    assert window.panels.waiting == waiting
    # A moment later it goes on.
    qtbot.waitUntil(lambda: not window.panels.waiting)


def test_an_import_that_fails_is_told_of_where_the_panel_is_made(studio: Studio, qtbot: QtBot) -> None:
    """The thread that imports says nothing, and does not keep the others waiting for ever."""
    panels = studio.window.panels
    first = next(iter(panels._waiting))
    panels._waiting[first] = replace(panels._waiting[first], modules=("no.such.module",))
    studio.window.show()
    panels.make_at_leisure()
    qtbot.waitUntil(lambda: not panels.waiting)


def test_folders_of_edits_are_gone_through_by_the_thread_that_imports(
    studio: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the window's thread a tenth of a second on a slow core."""
    threads, found = list[threading.Thread](), edits.registry

    def noted() -> object:
        threads.append(threading.current_thread())
        return found()

    monkeypatch.setattr(edits, "registry", noted)
    panels = studio.window.panels
    panels._waiting = {name: panel for name, panel in panels._waiting.items() if name == "vary"}
    studio.window.show()
    panels.make_at_leisure()
    qtbot.waitUntil(lambda: not panels.waiting)
    assert threads
    assert threads[0] is not threading.main_thread()
