"""The learning panel in the whole window: real buttons, a real lesson, a hand that paints meanwhile."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.learn import memory
from studio.learn.backend import LOSS
from studio.learn.checkpoint import save_checkpoint
from studio.learn.networks import NEW, parse_new
from studio.learn.prepare import estimate, prepare
from studio.model.filters.edit import Patch
from studio.model.filters.learning_sheets import LEARNING_SHEETS
from studio.model.networks.changes import WeightsChanged
from studio.model.networks.layout import Rect, from_sheet, to_sheet
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.runtime.learning import record
from studio.runtime.learning.look import Watched
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.report import EngineState
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.learning import panel as panel_module
from studio.ui.learning.curves import FewWords, reaching, smoothed
from studio.ui.learning.new_network import NewNetworkDialog
from studio.ui.learning.panel import LearningPanel
from studio.ui.learning.times import longest
from studio.ui.learning.watched import WatchedView, counted, drawn, folded, signed_picture
from studio.ui.services.posting import Post

LEFT = Qt.MouseButton.LeftButton


class Class(WholeWindow):
    """A window with the learning panel in front, and a small lesson in it."""

    def __init__(self, qtbot: QtBot, home: Path, pictures: Path) -> None:
        self.home = home
        super().__init__(qtbot, home, "autoencoder-transposed", "demo", "64")
        self.panel = self.context[LearningPanel]
        self.session = self.context[LearningSession]
        self.panel.lesson.source.setCurrentText(str(pictures))
        self.panel.lesson.form.controls["size"].show_value(32)
        self.panel.lesson.form.controls["batch"].show_value(1)

    def pause(self) -> None:
        """Press Pause, and wait until the document has what the network has learnt until then."""
        self.click(self.panel.learn)
        self.until(lambda: self.session.state == "paused")
        self.until_told()

    def until_told(self) -> None:
        """Until the document has what the network that rests has learnt."""
        trainer, learnt = self.session._trainer, dict[str, Array]()
        assert trainer is not None
        names = list(self.document.network.tensors)
        trainer.order(lambda learner: learnt.update({name: learner.tensor(name) for name in names}))
        self.until(lambda: learnt and all(np.array_equal(self.tensor(name), learnt[name]) for name in names))


@pytest.fixture
def school(qtbot: QtBot, tmp_path: Path, gl_app: QApplication) -> Iterator[Class]:
    del gl_app
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        cv2.imwrite(str(pictures / f"{number}.png"), cv2.GaussianBlur(picture, (0, 0), 3))
    made = Class(qtbot, tmp_path / "home", pictures)
    yield made
    made.close()


def test_a_lesson_by_its_buttons(school: Class, qtbot: QtBot) -> None:
    panel, session = school.panel, school.session
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.step >= 3)
    assert panel.learn.text() == "Pause"
    stroke = np.full((4, 4), 0.5, np.float32)
    school.document.apply("Paint", "enc2.weight", Patch(Rect(0, 0, 4, 4), stroke))
    step = session.step
    school.until(lambda: session.step >= step + 3)
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.state == "paused")
    school.until_told()
    school.until(lambda: set(school.document.history.labels) == {"Learn", "Paint"})
    assert school.document.history.labels.count("Paint") == 1
    assert np.abs(school.document.tensor("enc2.weight")[0, 0] - stroke).max() < 0.1
    school.until(lambda: session.pictures is not None and session.checkpoints)
    school.until(lambda: panel.strip.count() > 0)
    school.until_told()
    step = session.step
    qtbot.mouseClick(panel.step, LEFT)
    school.until(lambda: session.step == step + 1 and session.state == "paused")
    qtbot.mouseClick(panel.end, LEFT)
    school.until(lambda: session.state == "off")
    while school.document.undo():
        pass
    assert not any(school.document.is_bent(name) for name in school.document.network.tensors)


def test_the_keyboard_stays_where_it_is_while_steps_are_taken_one_by_one(school: Class, qtbot: QtBot) -> None:
    panel, session = school.panel, school.session
    school.window.docks["learning"].raise_()
    school.window.activateWindow()
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.step >= 1)
    assert panel.learn.hasFocus()
    qtbot.keyClick(panel.learn, Qt.Key.Key_Space)
    school.until(lambda: session.state == "paused")
    school.until_told()
    panel.step.setFocus()
    for _ in range(3):
        step = session.step
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
        school.until(lambda step=step: session.step == step + 1 and session.state == "paused")  # type: ignore[misc]
        assert panel.step.hasFocus()
    assert panel.step.isEnabled()
    panel.end.setFocus()
    qtbot.keyClick(panel.end, Qt.Key.Key_Space)
    school.until(lambda: session.state == "off")
    assert panel.learn.hasFocus()


def test_a_step_while_it_learns_is_the_last_one(school: Class, qtbot: QtBot) -> None:
    panel, session = school.panel, school.session
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.step >= 1)
    qtbot.mouseClick(panel.step, LEFT)
    school.until(lambda: session.state == "paused")
    school.until_told()
    step = session.step
    qtbot.mouseClick(panel.step, LEFT)
    school.until(lambda: session.step == step + 1 and session.state == "paused")


def test_rates_painted_by_mouse_while_it_learns_hold_what_was_drawn(school: Class, qtbot: QtBot) -> None:
    session, document, workspace = school.session, school.document, school.workspace
    workspace.choose("dec2", "weight")
    workspace.brush = workspace.brush.model_copy(update={"mode": "set", "value": 0.5, "hardness": 1.0})
    qtbot.mouseClick(school.panel.learn, LEFT)
    school.until(lambda: session.step >= 2)
    # Draw, then hold what is drawn; both by the same stroke of the mouse.
    school.stroke((4.5, 2.5), (12.5, 2.5))
    workspace.paints, workspace.rate = "rates", 0.0
    school.stroke((4.5, 2.5), (12.5, 2.5))
    sheets = document.section(LEARNING_SHEETS)
    pinned = from_sheet(sheets.of("rates", "dec2.weight", document.tensor("dec2.weight").shape), (64, 3, 4, 4)) == 0
    assert pinned.sum() >= 9
    # What was learnt between the two strokes stays in it.
    school.pause()
    held = school.tensor("dec2.weight")
    step = session.step
    qtbot.mouseClick(school.panel.learn, LEFT)
    school.until(lambda: session.step >= step + 4)
    school.pause()
    now = school.tensor("dec2.weight")
    assert np.array_equal(now[pinned].view(np.uint32), held[pinned].view(np.uint32))
    assert (np.abs(now[pinned] - 0.5) < 0.02).mean() > 0.5
    assert not np.array_equal(now[~pinned], held[~pinned])
    # Undo lets them go, and takes nothing of the drawing.
    while document.section(LEARNING_SHEETS).rates:
        school.command("edit.undo")
    assert any(label.startswith("Paint a value") for label in document.history.labels)


def test_selected_kernels_are_pinned_by_the_menu(school: Class) -> None:
    school.workspace.choose("enc2", "weight")
    school.command("learn.pin")
    sheets = school.document.section(LEARNING_SHEETS)
    assert (sheets.of("rates", "enc2.weight", (256, 64, 4, 4)) == 0).all()
    school.command("learn.hurry")
    assert (school.document.section(LEARNING_SHEETS).of("rates", "enc2.weight", (256, 64, 4, 4)) == 10).all()
    school.command("edit.undo")
    school.command("edit.undo")
    assert not school.document.section(LEARNING_SHEETS).rates


def test_the_picture_goes_on_while_it_learns(school: Class) -> None:
    school.panel.toggle()
    school.until(lambda: school.session.step >= 1)
    before = school.frames
    school.until(lambda: school.frames > before + 3)
    assert school.session.state == "learning"


def test_what_cannot_be_learnt_is_said_and_the_next_lesson_works(school: Class) -> None:
    panel, session = school.panel, school.session
    source = panel.lesson.source.currentText()
    panel.lesson.source.setCurrentText("/nowhere/at/all")
    panel.toggle()
    school.until(lambda: session.problem)
    assert "nothing at" in session.problem
    panel.lesson.source.setCurrentText(source)
    panel.toggle()
    school.until(lambda: session.step >= 1)


def test_a_checkpoint_is_saved_and_gone_on_from_by_the_panel(
    school: Class, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = school.panel, school.session
    school.window.docks["learning"].raise_()
    assert panel.resume.isVisible()
    assert not panel.strip.isVisible()
    panel.until.steps.setValue(2)
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.step == 2 and session.state == "paused")
    file = tmp_path / "kept.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    qtbot.mouseClick(panel.save, LEFT)
    school.until(lambda: "The checkpoint is saved." in school.said)
    held = {name: school.tensor(name) for name in school.document.network.tensors}
    trained = school.document.original("enc1.weight")
    qtbot.mousePress(panel.compare, LEFT)
    school.until(lambda: np.array_equal(school.tensor("enc1.weight"), trained))
    qtbot.mouseRelease(panel.compare, LEFT)
    school.until(lambda: np.array_equal(school.tensor("enc1.weight"), held["enc1.weight"]))
    qtbot.mouseClick(panel.end, LEFT)
    school.until(lambda: session.rests)
    while school.document.undo():
        pass
    school.until(panel.resume.isVisible)
    # Its lesson is in the file: what the form has been turned to meanwhile is turned back.
    asked = panel.lesson.asked("", "")
    panel.lesson.form.controls["size"].show_value(64)
    panel.lesson.losses["ssim"][0].click()
    panel.lesson.wanted.setCurrentIndex(1)
    qtbot.mouseClick(panel.resume, LEFT)
    # It pauses there, whatever it is told to pause after while the file is read.
    assert session.state == "preparing"
    panel.until.steps.setValue(3)
    school.until(lambda: session.state == "paused" and session.step == 2)
    assert panel.lesson.asked("", "") == session.asked == asked
    school.until(lambda: "It goes on from step 2." in panel.status.text())
    school.until(lambda: all(np.array_equal(school.tensor(name), value) for name, value in held.items()))
    qtbot.mouseClick(panel.step, LEFT)
    school.until(lambda: session.step == 3)


@pytest.mark.parametrize(("optimiser", "rate", "goes_on"), [("sgd", 1e-2, 0.9), ("adadelta", 1.0, 0.9)])
def test_a_lesson_of_the_command_line_goes_on_as_it_was_when_one_number_is_turned(
    school: Class, tmp_path: Path, optimiser: str, rate: float, goes_on: float
) -> None:
    panel, session, form = school.panel, school.session, school.panel.lesson.form
    numbers = {"nesterov": 1.0} if optimiser == "sgd" else {"eps": 1e-4}
    asked = replace(
        panel.lesson.asked("", ""), rate=None, momentum=None, optimiser=optimiser, optimiser_numbers=numbers, at_once=1
    )
    learner, _ = prepare(school.document.network, asked, "torch")
    learner.step()
    save_checkpoint(learner.checkpoint(), tmp_path / "kept.safetensors", asked)
    form.controls["rate"].show_value(0.125)
    form.controls["momentum"].show_value(0.5)
    panel.resume_from(tmp_path / "kept.safetensors")
    school.until(lambda: session.state == "paused" and session.step == 1)
    assert (form.record().rate, form.record().momentum) == pytest.approx((rate, goes_on))
    form.controls["batch"].show_value(3)
    panel.lesson.turned.emit()
    assert session.asked is not None
    assert (session.asked.batch, session.asked.at_once) == (3, 1)
    assert (session.asked.rate, session.asked.momentum) == pytest.approx((rate, goes_on))
    assert session.asked.optimiser_numbers == numbers


def test_a_checkpoint_stays_selected_while_others_come_and_a_click_beside_them_selects_none(
    school: Class, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = school.panel, school.session
    school.window.docks["learning"].raise_()
    saved: list[Any] = []
    monkeypatch.setattr(session, "save", lambda _, mark=None: saved.append(mark))
    panel.until.steps.setValue(3)
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.step == 3 and session.state == "paused" and panel.strip.count() == 1)
    school.settle()
    # What takes the keyboard selects nothing by that.
    panel.strip.setFocus()
    beside = panel.strip.viewport().rect().adjusted(0, 0, -4, 0).topRight()
    panel.save_to(Path("now"))
    assert not panel.back.isEnabled()
    first = panel.strip.visualItemRect(panel.strip.item(0)).center()
    qtbot.mouseClick(panel.strip.viewport(), LEFT, pos=first)
    assert panel.back.isEnabled()
    qtbot.mouseClick(panel.keep, LEFT)
    school.until(lambda: panel.strip.count() == 2)
    panel.save_to(Path("first"))
    qtbot.mouseClick(panel.strip.viewport(), LEFT, pos=beside)
    assert not panel.back.isEnabled()
    panel.save_to(Path("now"))
    assert [mark and mark.step for mark in saved] == [None, 0, None]
    assert saved[1].checkpoint is session.checkpoints[0].checkpoint
    qtbot.mouseClick(panel.strip.viewport(), LEFT, pos=first)
    qtbot.mouseClick(panel.back, LEFT)
    school.until(lambda: session.step == 0 and panel.strip.current is not None)


@pytest.mark.parametrize(("limit", "most"), [("_MOST_MARKS", 3), ("_MOST_BYTES", 1)])
def test_a_selected_checkpoint_makes_no_room_for_others(
    school: Class, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    panel, session = school.panel, school.session
    school.window.docks["learning"].raise_()
    panel.until.steps.setValue(1)
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.state == "paused" and panel.strip.count() == 1)
    qtbot.mouseClick(panel.keep, LEFT)
    school.until(lambda: panel.strip.count() == 2)
    panel.strip.setCurrentRow(1)
    selected = session.checkpoints[1].checkpoint
    monkeypatch.setattr(record, limit, most)
    for _ in range(4):
        newest = session.checkpoints[-1]
        qtbot.mouseClick(panel.keep, LEFT)
        school.until(lambda newest=newest: session.checkpoints[-1] is not newest)  # type: ignore[misc]
        assert panel.strip.current is not None
        assert panel.strip.current.checkpoint is selected
        assert len(session.checkpoints) == 3
    panel.strip.clearSelection()
    newest = session.checkpoints[-1]
    qtbot.mouseClick(panel.keep, LEFT)
    school.until(lambda: session.checkpoints[-1] is not newest)
    assert all(mark.checkpoint is not selected for mark in session.checkpoints)


def test_checkpoints_of_another_lesson_are_gone_before_the_next_is_prepared(school: Class, qtbot: QtBot) -> None:
    panel, session = school.panel, school.session
    panel.until.steps.setValue(1)
    qtbot.mouseClick(panel.learn, LEFT)
    school.until(lambda: session.state == "paused" and panel.strip.count() == 1)
    qtbot.mouseClick(panel.end, LEFT)
    school.until(lambda: session.rests)
    school.document.load(Preset("another", parse_new("autoencoder,width=4,seed=1").make(), {}))
    qtbot.mouseClick(panel.learn, LEFT)
    # Nothing has been told of it: no checkpoint of the network before may be gone back to, or compared with.
    assert session.state == "preparing"
    assert panel.strip.count() == 0
    qtbot.mousePress(panel.compare, LEFT)
    qtbot.mouseRelease(panel.compare, LEFT)
    school.until(lambda: session.state == "paused" and panel.strip.count() == 1)


def test_size_engine_and_source_change_while_it_learns(school: Class) -> None:
    session, workspace = school.session, school.workspace
    school.window.docks["learning"].raise_()
    school.panel.toggle()
    school.until(lambda: session.step >= 1)
    for size, engine in (("32", "torch"), ("48", "gl"), ("64", "torch")):
        workspace.size, workspace.engine = size, engine
        school.until(lambda engine=engine: school.told[EngineState].name == engine)  # type: ignore[misc]
        step, frames = session.step, school.frames
        school.until(lambda step=step: session.step > step)  # type: ignore[misc]
        school.until(lambda frames=frames: school.frames > frames)  # type: ignore[misc]
        assert session.engine == engine
        school.until(lambda engine=engine: f" on {engine}" in school.panel.status.text())  # type: ignore[misc]
        assert session.state == "learning"
    # A picture that is at its end at once, and then nothing at all.
    school.live.play(str(next((school.home.parent / "pictures").iterdir())))
    step = session.step
    school.until(lambda: session.step > step)
    school.pause()
    assert not any(np.isnan(school.tensor(name)).any() for name in school.document.network.tensors)


def test_closing_the_window_while_it_learns_ends_the_thread(school: Class) -> None:
    school.panel.toggle()
    school.until(lambda: school.session.step >= 1)
    trainer = school.session._trainer
    assert trainer is not None
    school.window.close()
    school.studio.close()
    school.until(lambda: not trainer._thread.is_alive())


def test_memory_is_said_beforehand_and_too_little_is_refused_with_a_size(
    school: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = school.panel, school.session
    threads = set[threading.Thread]()

    def noted(*asked: Any) -> str:
        threads.add(threading.current_thread())
        return estimate(*asked)

    monkeypatch.setattr(panel_module, "estimate", noted)
    school.window.docks["learning"].raise_()
    # It may have been reckoned before that was noted.
    panel.lesson.turned.emit()
    school.until(lambda: threads and "MB of memory" in panel.status.text())
    # What it imports for the first would hold the window up.
    assert threading.main_thread() not in threads
    monkeypatch.setattr(memory, "free_memory", lambda _: 40 * 10**6)
    panel.lesson.form.controls["size"].show_value(512)
    panel.lesson.turned.emit()
    school.until(lambda: "are free: choose a size of" in panel.status.text())
    panel.toggle()
    school.until(lambda: "are free: choose a size of" in session.problem)
    school.until(lambda: panel.alarm.text() == session.problem)
    assert session.state == "off"
    assert school.document.history.labels == ()
    panel.lesson.form.controls["size"].show_value(32)
    panel.toggle()
    school.until(lambda: session.step >= 1)


def test_the_form_asks_for_what_the_command_line_takes(school: Class) -> None:
    lesson = school.panel.lesson
    lesson.wanted.setCurrentIndex(1)
    assert lesson.asked("demo", "enc1").wanted == "damage:blur=2"
    lesson.detail.setText("noise=0.2")
    lesson.losses["l1"][0].click()
    lesson.losses["l1"][1].setValue(0.5)
    lesson.which.setCurrentIndex(2)
    asked = lesson.asked("demo", "enc1")
    assert asked.wanted == "damage:noise=0.2"
    assert asked.losses == "l1=0.5,l2=1"
    assert asked.frozen == ("enc1",)
    lesson.source.setCurrentIndex(0)
    assert lesson.asked("film.mp4", "enc1").source == "film.mp4"
    for way, words, learns, frozen in (
        (3, "dec*, -dec2.bias", ("dec*",), ("dec2.bias",)),
        (4, "enc1.weight,dec2", (), ("enc1.weight", "dec2")),
        (0, "dec*", (), ()),
    ):
        lesson.which.setCurrentIndex(way)
        assert lesson.these.isHidden() == (way == 0)
        lesson.these.setText(words)
        asked = lesson.asked("demo", "enc1")
        assert (asked.learns, asked.frozen) == (learns, frozen)
        lesson.show_lesson(asked)
        assert lesson.asked("demo", "enc1") == asked
    assert not asked.bends
    lesson.form.controls["bends"].show_value(True)
    assert lesson.asked("demo", "enc1").bends
    lesson.show_lesson(asked)
    assert not lesson.asked("demo", "enc1").bends
    assert lesson.looks.isHidden()
    lesson.losses["style"][0].click()
    lesson.looks.picture.setText("look.png")
    lesson.looks.layers.setText("enc1*, enc2")
    assert lesson.asked("demo", "enc1").extractor == "autoencoder-transposed"
    lesson.looks.extractor.setCurrentIndex(lesson.looks.extractor.count() - 1)
    asked = lesson.asked("demo", "enc1")
    assert (asked.style, asked.extractor, asked.layers) == ("look.png", "self", ("enc1*", "enc2"))
    lesson.losses["style"][0].click()
    lesson.show_lesson(asked)
    assert lesson.asked("demo", "enc1") == asked
    lesson.losses["style"][0].click()
    assert lesson.asked("demo", "enc1").style == ""


def test_the_longest_layers_have_bars_and_the_others_one_together() -> None:
    times = {f"layer{number}": 0.001 * number for number in range(9)} | {LOSS: 0.1}
    rows = longest(times, 4)
    assert [name for name, _ in rows] == ["losses", "layer8", "layer7", "others"]
    assert sum(seconds for _, seconds in rows) == pytest.approx(sum(times.values()))
    assert longest({}) == []


def test_gradient_update_and_the_maps_gradient_are_shown_with_a_histogram(school: Class) -> None:
    panel, session = school.panel, school.session
    school.window.docks["learning"].raise_()
    school.workspace.choose("enc2", "weight")
    panel.toggle()
    school.until(lambda: session.watched is not None and session.watched.of_map is not None)
    view, watched = panel.watched, session.watched
    assert watched is not None
    assert watched.name == "enc2.weight"
    assert watched.gradient is not None
    assert watched.gradient.shape == watched.update.shape == (256, 64, 4, 4)
    assert watched.of_map is not None
    assert watched.of_map.shape == (256, 8, 8)
    # A step of Adam moves weights by about its rate.
    assert 0 < np.abs(watched.update).max() < 0.01
    for kind, word in (("gradient", "Gradient of enc2.weight"), ("update", "Update"), ("of_map", "Map of enc2:")):
        school.click(view.kinds[kind])
        school.until(lambda word=word: word in view.said.text())  # type: ignore[misc]
        assert not view.picture.pixmap().isNull()
        # All of it is seen: of a label that may wrap words Qt shows no more than its least height.
        school.until(lambda: view.picture.height() >= view.picture.pixmap().height() > 60)
        assert view.picture.width() >= view.picture.pixmap().width()
        assert view.histogram.counts.any()
    # What Adam remembers, and where the time of a step goes.
    for kind, word in (("mean", "Mean of enc2.weight"), ("square", "Square of enc2.weight")):
        school.until(view.kinds[kind].isVisible)
        school.click(view.kinds[kind])
        school.until(lambda word=word: word in view.said.text())  # type: ignore[misc]
    assert not view.kinds["momentum"].isVisible()
    school.until(lambda: {name for name, _ in panel.times.rows} >= {"enc2", "dec1"})
    assert sum(seconds for _, seconds in panel.times.rows) > 0
    school.until(lambda: "of the time" in panel.status.text())
    # Another optimiser remembers something else; what it does not have is not shown.
    panel.lesson.form.controls["optimiser"].show_value("sgd")
    panel.lesson.turned.emit()
    school.until(lambda: view.kinds["momentum"].isVisible() and not view.kinds["mean"].isVisible())
    school.until(lambda: "Gradient of enc2.weight" in view.said.text())
    panel.toggle()


def test_every_number_of_the_lesson_is_turned_while_it_learns(school: Class) -> None:
    panel, session, form = school.panel, school.session, school.panel.lesson.form
    school.window.docks["learning"].raise_()
    panel.toggle()
    school.until(lambda: session.step >= 1 and session.pictures is not None)
    for name, value in (("size", 48), ("zoom", 2.0), ("momentum", 0.5), ("decay", 0.01), ("cosine", 5000)):
        form.controls[name].show_value(value)
        panel.lesson.turned.emit()
    school.until(lambda: session.pictures[0].shape == (48, 48, 3))
    assert session.asked is not None
    assert (session.asked.zoom, session.asked.momentum, session.asked.cosine, session.asked.steps) == (
        *(2.0, 0.5, True),
        5000,
    )
    assert session.asked.optimiser_numbers == {"weight_decay": 0.01}
    lesson = panel.lesson
    lesson.which.setCurrentIndex(3)
    lesson.these.setText("dec*, -dec2.bias")
    lesson.these.editingFinished.emit()
    step = session.step
    school.until(lambda: session.step >= step + 2)
    school.pause()
    held = school.tensor("enc1.weight")
    bias, weight = school.tensor("dec2.bias"), school.tensor("dec2.weight")
    step = session.step
    school.click(panel.learn)
    school.until(lambda: session.step >= step + 2)
    school.pause()
    assert np.array_equal(school.tensor("enc1.weight"), held)
    assert np.array_equal(school.tensor("dec2.bias"), bias)
    assert not np.array_equal(school.tensor("dec2.weight"), weight)
    assert not session.problem


def test_a_rate_that_explodes_stops_before_anything_that_is_no_number_is_shown(school: Class) -> None:
    panel, session, document = school.panel, school.session, school.document
    document.load(Preset("up", parse_new("upscaler,width=4,depth=3,seed=1").make(), {}))
    panel.toggle()
    school.until(lambda: session.step >= 1 and session.checkpoints)
    broken: list[str] = []

    def look(change: object) -> None:
        if isinstance(change, WeightsChanged) and not np.isfinite(document.tensor(change.tensor)).all():
            broken.append(change.tensor)

    document.changed.connect(look)
    session.turn(replace(panel.lesson.asked("demo", ""), optimiser="sgd", rate=100.0, losses="l2=1000000"))
    school.until(lambda: session.problem)
    assert "ower the rate" in session.problem
    school.until(lambda: session.state == "paused")
    school.until(lambda: panel.strip.count() > 0)
    school.until_told()
    assert not broken
    assert np.isfinite(school.picture()).all()
    assert all(np.abs(document.tensor(name)).max() < 1e6 for name in document.network.tensors)
    # The first checkpoint is how it began.
    session.restore(session.checkpoints[0])
    school.until(lambda: session.step == 0)
    school.until_told()
    for name, tensor in document.network.tensors.items():
        assert np.array_equal(document.tensor(name), tensor)


def test_a_histogram_of_what_is_watched_has_a_bar_for_each_bin(qtbot: QtBot) -> None:
    """It is painted: to make a plot for it took the window's thread longer than all else at the first step."""
    worker = Worker(Post(), "drawing")
    view = WatchedView(worker)
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    tensor = np.repeat(np.array([-1.0, 0.5, 1.0], np.float32), [10, 1000, 100]).reshape(1110, 1, 1, 1)
    view.show_watched(Watched("a.weight", tensor, None, None))
    assert not view.histogram.isVisible()
    qtbot.waitUntil(view.histogram.isVisible)
    drawn = view.histogram.grab().toImage()
    accent = QColor(theme.ACCENT)
    high = [sum(drawn.pixelColor(x, y) == accent for y in range(drawn.height())) for x in range(1, drawn.width(), 2)]
    places = [k for k in range(len(high)) if high[k]]
    assert places[0] < 3
    assert places[-1] > len(high) - 4
    # By the logarithm of how many there are.
    assert high[places[0]] / max(high) == pytest.approx(math.log10(11) / math.log10(1001), abs=0.06)
    assert high[places[-1]] / max(high) == pytest.approx(math.log10(101) / math.log10(1001), abs=0.06)
    assert max(high) == high[len(high) * 3 // 4]
    assert view.histogram.accessibleDescription() == "-1 to 1"
    # Nothing is shown where there is nothing.
    view.kinds["update"].click()
    assert not view.histogram.isVisible()
    view.kinds["gradient"].click()
    qtbot.waitUntil(view.histogram.isVisible)
    worker.close()


def test_histograms_count_what_is_finite() -> None:
    counts, edges = counted(np.array([-1.0, 0.0, 1.0, np.nan], np.float32))
    assert round(float((10**counts - 1).sum())) == 3
    assert (edges[0], edges[-1]) == (-1.0, 1.0)


def test_every_new_network_can_be_asked_for(school: Class) -> None:
    dialog = NewNetworkDialog(school.window)
    for row, name in enumerate(NEW):
        dialog.kind.setCurrentIndex(row)
        assert dialog.wanted().name == name
        assert "parameters" in dialog.parameters.text()


def test_a_logarithm_has_words_where_they_do_not_lie_over_each_other(qtbot: QtBot) -> None:
    del qtbot
    axis = FewWords("left")
    values = [float(np.log10(k / 100)) for k in range(1, 11)]
    assert all(axis.tickStrings(values, 1.0, 1.0))
    axis.logMode = True
    words = axis.tickStrings(values, 1.0, 1.0)
    assert [number for number, word in enumerate(words, 1) if word] == [1, 2, 5, 10]


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (0.27, 0.29, ["0.27", "0.275", "0.28", "0.285", "0.29"]),
        (0.012, 0.04, ["0.015", "0.02", "0.025", "0.03", "0.035", "0.04"]),
        (6.1e-5, 6.9e-5, ["6.2e-05", "6.4e-05", "6.6e-05", "6.8e-05"]),
        (0.9, 5.5, ["1", "2", "5"]),
        (0.003, 0.2, ["0.1", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]),
    ],
)
def test_an_axis_of_losses_that_hardly_change_has_words(
    qtbot: QtBot, least: float, most: float, words: list[str]
) -> None:
    del qtbot
    axis = FewWords("left")
    axis.logMode = True
    found = axis.tickValues(np.log10(least) - 1e-9, np.log10(most) + 1e-9, 150)
    seen = [word for spacing, values in found for word in axis.tickStrings(values, 1.0, spacing) if word]
    assert sorted(set(seen), key=float) == sorted(set(words), key=float)


def test_a_running_mean_keeps_the_length_and_the_mean_of_what_is_even() -> None:
    values = np.full(100, 2.5)
    assert np.allclose(smoothed(values), values)
    rising = np.arange(100.0)
    assert len(smoothed(rising)) == 100
    assert (smoothed(rising) <= rising).all()


def test_a_long_curve_is_drawn_by_few_points_and_keeps_its_peaks() -> None:
    steps, values = np.arange(1.0, 4001.0), np.ones(4000)
    values[1234], values[3333] = 9.0, 0.1
    places, drawn = reaching(steps, values)
    assert len(places) <= 800
    assert (np.diff(places) > 0).all()
    assert (drawn[places == 1235.0], drawn[places == 3334.0]) == (9.0, 0.1)
    assert reaching(steps[:5], values[:5])[1] is not None
    assert len(reaching(steps[:5], values[:5])[0]) == 5


def test_gradients_are_blue_below_and_orange_above_zero() -> None:
    values = np.zeros((2, 2, 1, 1), np.float32)
    values[0, 0], values[1, 1] = 1.0, -1.0
    picture = signed_picture(to_sheet(values))
    assert picture[0, 0].tolist() == [255, 150, 50]
    assert picture[1, 1].tolist() == [70, 150, 255]
    assert picture[0, 1].tolist() == [0, 0, 0]


def test_each_weight_of_a_small_sheet_is_a_square() -> None:
    values = np.array([[1.0, -1.0, 0.0], [0.5, 0.25, -0.5]], np.float32)
    found = drawn(values[:, :, None, None], "Gradient", 200, is_map=False).picture
    assert (found.width(), found.height()) == (198, 132)
    colours = signed_picture(values)
    for y, x in ((0, 0), (65, 65), (66, 66), (131, 197), (0, 66), (65, 131)):
        colour = found.pixelColor(x, y)
        assert (colour.red(), colour.green(), colour.blue()) == tuple(colours[y // 66, x // 66])


def test_a_tall_sheet_is_folded_into_columns_and_no_kernel_is_cut() -> None:
    sheet = np.arange(1, 64 * 4 + 1, dtype=np.float32)[:, None] * np.ones((1, 12), np.float32)
    found = folded(sheet, 4)
    assert 0.3 < found.shape[0] / found.shape[1] < 3
    assert found.shape[0] % 4 == 0
    assert sorted(found[np.isfinite(found)]) == sorted(sheet.ravel())
    assert np.array_equal(found[:, :12], sheet[: len(found)])
    wide = np.ones((8, 40), np.float32)
    assert folded(wide, 4) is wide


def test_an_automaton_learns_in_the_window_while_it_grows(school: Class) -> None:
    panel, session, document = school.panel, school.session, school.document
    school.window.docks["learning"].raise_()
    assert not panel.lesson.form.controls["unrolled"].isVisible()
    document.load(Preset("cells", parse_new("automaton,channels=6,width=8,seed=1").make(), {}))
    school.until(lambda: panel.lesson.form.controls["unrolled"].isVisible())
    panel.lesson.form.controls["unrolled"].show_value(4)
    panel.lesson.form.controls["pool"].show_value(4)
    school.click(panel.learn)
    school.until(lambda: session.step >= 3)
    school.until(lambda: session.pictures is not None and session.checkpoints)
    step, frames = session.step, school.frames
    school.workspace.choose("changes", "weight")
    stroke = np.full((2, 4), 0.25, np.float32)
    document.apply("Paint", "changes.weight", Patch(Rect(0, 0, 2, 4), stroke))
    school.until(lambda: session.step >= step + 3 and school.frames > frames)
    assert np.abs(document.tensor("changes.weight")[:2, :4, 0, 0] - stroke).max() < 0.1
    school.click(panel.learn)
    school.until(lambda: session.state == "paused")
    learnt = school.tensor("changes.weight")
    assert learnt.any()
    mark = session.checkpoints[0]
    session.restore(mark)
    school.until(lambda: not school.tensor("changes.weight").any())
    school.click(panel.step)
    school.until(lambda: session.step == mark.step + 1)
    assert not session.problem
