"""Dialogs begin where one of their kind was chosen from last, else beside what is open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from learning_room import Room
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio import paths
from studio.ui.bends.second import SecondChooser
from studio.ui.kit import folders
from studio.ui.kit.folders import folder_for, note_chosen, own
from studio.ui.learning.panel import LearningPanel
from studio.ui.performance.panel import PerformancePanel


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_chosen", {})


def test_the_last_of_the_kind_comes_first_then_what_is_there(tmp_path: Path) -> None:
    film, gone = tmp_path / "films" / "a.mp4", tmp_path / "gone" / "b.mp4"
    film.parent.mkdir()
    assert folder_for("picture", None, "", "demo", "camera:0", gone) == str(paths.home())
    assert folder_for("picture", "demo", gone, film) == str(film.parent)
    note_chosen("picture", tmp_path / "c.png")
    note_chosen("export", gone)
    note_chosen("picture", "")
    assert folder_for("picture", film) == str(tmp_path)
    assert folder_for("export", film) == str(film.parent)
    assert own(paths.PRESETS / "negative-space") is None
    assert own(film) == film


def test_every_dialog_of_the_window_begins_there(
    qtbot: QtBot, tmp_path: Path, gl_app: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_app
    mine = tmp_path / "mine"
    shutil.copytree(paths.PRESETS / "negative-space", mine / "space")
    whole = WholeWindow(qtbot, tmp_path / "home", str(mine / "space"), "demo", "64")
    begun: list[str] = []

    def asked(*given: object) -> tuple[str, str]:
        begun.append(str(given[2]) if len(given) > 2 else "")
        return answer, ""

    answer = ""
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, asked)
    try:
        whole.until(lambda: whole.document.path == mine / "space")
        learning = whole.context[LearningPanel]
        for ask in (whole.opening.ask_export, whole.opening.ask_model, learning.save.click, learning.resume.click):
            ask()
        name = whole.document.name
        assert begun == [str(mine / f"{name}.pt"), str(mine), str(mine / "checkpoint.safetensors"), str(mine)]
        answer = str(tmp_path / "out.pt")
        monkeypatch.setattr(whole.opening, "export", lambda _: None)
        whole.opening.ask_export()
        whole.opening.ask_export()
        assert begun[-1] == str(tmp_path / f"{name}.pt")
        performance = whole.context[PerformancePanel]
        performance.ask_open()
        second = SecondChooser(whole.document)
        second.setParent(whole.window)
        second.choose(str(mine / "film.mp4"))
        second._ask_file()
        opened = whole.window.findChildren(QFileDialog)
        assert [dialog.directory().absolutePath() for dialog in opened] == [str(mine)] * 2
        for dialog in opened:
            dialog.reject()
    finally:
        whole.close()


def _seen_at(area: QScrollArea, field: QWidget) -> int:
    return field.mapTo(area.viewport(), QPoint(0, 0)).y()


def test_what_is_edited_stays_in_place_when_a_lesson_opens_and_ends(room: Room) -> None:
    panel, whole = room.panel, room.whole
    room.learn_from(str(room.home / "good"))
    area = panel.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    assert area is not None
    on, field = panel.lesson.losses["l2"]
    on.setChecked(True)
    whole.window.activateWindow()
    field.setFocus()
    area.ensureWidgetVisible(field, 0, 0)
    whole.settle()
    before = _seen_at(area, field)
    panel.toggle()
    whole.until(lambda: room.session.step >= 2 and panel.crop.isVisible())
    panel.toggle()
    whole.until(lambda: room.session.state == "paused")
    whole.settle()
    assert field.hasFocus()
    assert abs(_seen_at(area, field) - before) <= 2
    assert 0 <= before < area.viewport().height()
