"""The lesson's form in the whole window: what is chosen rather than typed, what is held, and what follows a hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from learning_room import Room
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from studio.ui.learning.choosing import Browse
from studio.ui.learning.panel import paced


def choose(room: Room, button: Browse, action: int | None, path: Path) -> None:
    """Press a button, and an entry of its menu where it has one; and answer its dialog."""
    if action is None:
        room.whole.click(button)
    else:
        button.choices.actions()[action].trigger()
    room.whole.until(lambda: room.whole.window.findChildren(QFileDialog))
    dialog = room.whole.window.findChildren(QFileDialog)[-1]
    assert dialog.fileMode() == (QFileDialog.FileMode.Directory if path.is_dir() else QFileDialog.FileMode.ExistingFile)
    dialog.setDirectory(str(path if path.is_dir() else path.parent))
    dialog.selectFile(str(path))
    dialog.accept()
    room.whole.until(lambda: not room.whole.window.findChildren(QFileDialog))


def test_films_and_folders_are_looked_for_on_both_sides(room: Room) -> None:
    lesson = room.panel.lesson
    picture = room.home / "one" / "0.png"
    lesson.wanted.setCurrentIndex(lesson.wanted.findData("pairs"))
    choose(room, lesson.browse, 1, room.home / "good")
    choose(room, lesson.browse_wanted, 1, room.home / "mixed")
    assert (lesson.source.currentText(), lesson.detail.text()) == (str(room.home / "good"), str(room.home / "mixed"))
    choose(room, lesson.browse, 0, picture)
    choose(room, lesson.browse_wanted, 0, picture)
    assert lesson.source.currentText() == lesson.detail.text() == str(picture)
    room.learns()
    lesson.losses["style"][0].click()
    choose(room, lesson.looks.browse, None, picture)
    assert lesson.looks.picture.text() == str(picture)
    room.whole.until(lambda: room.session.asked.style == str(picture))
    room.goes_on()


def test_presets_are_offered_by_any_part_of_their_names(room: Room) -> None:
    lesson = room.panel.lesson
    assert lesson.detail.completer() is None
    for _ in range(2):
        lesson.wanted.setCurrentIndex(lesson.wanted.findData("as"))
        lesson.detail.setFocus()
        QTest.keyClicks(lesson.detail, "tive-sp")
        completer = lesson.detail.completer()
        assert completer.completionCount() == 1
        assert completer.currentCompletion() == "negative-space"
        completer.popup().hide()
        lesson.wanted.setCurrentIndex(lesson.wanted.findData("damage"))
        assert lesson.detail.completer() is None


def test_what_is_shown_and_wanted_is_held_while_a_lesson_is_open_and_says_so(room: Room) -> None:
    lesson = room.panel.lesson
    parts = (lesson.source, lesson.browse, lesson.wanted, lesson.detail, lesson.browse_wanted)
    lesson.wanted.setCurrentIndex(lesson.wanted.findData("damage"))
    before = [part.toolTip() for part in parts]
    assert all(part.isEnabled() for part in parts)
    room.learns()
    assert not any(part.isEnabled() for part in parts)
    assert lesson.source.toolTip() == lesson.detail.toolTip() == "End the lesson to begin another"
    room.end()
    assert all(part.isEnabled() for part in parts)
    assert [part.toolTip() for part in parts] == before


@pytest.mark.parametrize(("way", "field"), [(1, "learns"), (2, "frozen")])
def test_the_selected_layer_is_another_as_soon_as_another_is_selected(room: Room, way: int, field: str) -> None:
    workspace = room.whole.workspace
    workspace.choose("enc1", "weight")
    room.panel.lesson.which.setCurrentIndex(way)
    room.learns()
    assert getattr(room.session.asked, field) == ("enc1",)
    workspace.choose("dec1", "weight")
    room.whole.until(lambda: getattr(room.session.asked, field) == ("dec1",))
    room.goes_on()
    room.panel.lesson.which.setCurrentIndex(0)
    room.panel.lesson.which.activated.emit(0)
    room.goes_on()
    asked = room.session.asked
    workspace.choose("enc2", "weight")
    assert room.session.asked is asked


def test_it_pauses_where_the_picture_is_near_enough_and_after_a_time(room: Room) -> None:
    panel = room.panel
    room.learn_from(str(room.home / "good"))
    panel.until.decibels.setFocus()
    panel.until.decibels.selectAll()
    QTest.keyClicks(panel.until.decibels, "1")
    QTest.keyClick(panel.until.decibels, Qt.Key.Key_Return)
    room.whole.click(panel.learn)
    room.whole.until(lambda: room.session.step >= 20 and room.session.state == "paused")
    dials = {dial.number.address: dial for dial in panel.dials()}
    dials["/lesson/decibels"].set(0.0)
    assert panel.until.goal is None
    assert panel.until.decibels.text() == "any dB"
    dials["/lesson/seconds"].set(0.1)
    assert dials["/lesson/seconds"].get() == panel.until.seconds.value() == 0.1
    came = room.session.step
    room.whole.click(panel.learn)
    room.whole.until(lambda: room.session.step > came and room.session.state == "paused")


@pytest.mark.parametrize(("field", "text"), [("steps", "3"), ("seconds", "0.1"), ("decibels", "1")])
def test_where_it_pauses_is_turned_while_it_learns(room: Room, field: str, text: str) -> None:
    panel = room.panel
    room.learn_from(str(room.home / "good"))
    room.learns()
    spin = getattr(panel.until, field)
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, text)
    QTest.keyClick(spin, Qt.Key.Key_Return)
    room.whole.until(lambda: room.session.state == "paused")
    step = room.session.step
    # What it rests by is asked for when it goes on.
    spin.setValue(0)
    assert room.session.state == "paused"
    room.whole.click(panel.learn)
    room.whole.until(lambda: room.session.step > step + 3)
    assert room.session.state == "learning"


def test_few_steps_a_second_are_said_as_seconds_of_one() -> None:
    assert paced(12.34) == "12.3 steps a second"
    assert paced(0.04) == "25 s a step"
