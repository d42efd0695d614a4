"""Wrong values in the learning panel, its files and the window that compares: a sentence each, and what ran stays."""

from __future__ import annotations

import pytest
from helpers import layer, network
from learning_room import Room
from PySide6.QtWidgets import QFileDialog

from studio.learn import memory
from studio.model.networks.inputs import Input
from studio.model.networks.preset import Preset
from studio.runtime.learning.comparison import Comparison
from studio.ui.learning.compare import CompareWindow


def test_what_a_lesson_cannot_be_of_is_refused_in_a_sentence(room: Room) -> None:
    home = room.home
    for source, wanted, detail, said in (
        ("", "same", "", "there is nothing at ''"),
        ("/nowhere", "same", "", "there is nothing at '/nowhere'"),
        (str(home / "none"), "same", "", "holds no pictures"),
        (str(home / "broken"), "same", "", "not a picture that can be read"),
        (str(home / "text.safetensors"), "same", "", "cannot be read as a film or a picture"),
        (str(home / "good"), "damage", "blurr=2", 'no damage "blurr"'),
        (str(home / "good"), "damage", "blur=nan", "blur goes from"),
        (str(home / "good"), "effect", "", "Say which damage"),
        (str(home / "good"), "as", "", "Say what is to be learnt from"),
        (str(home / "good"), "as", "nowhere at all", "There is no preset or network"),
        (str(home / "good"), "as", "landscapes", "is fed vectors"),
        (str(home / "good"), "pairs", str(home / "one"), "has 1 picture and"),
        (str(home / "good"), "pairs", str(home / "none"), "holds no pictures"),
    ):
        room.learn_from(source, wanted, detail)
        found = room.refused()
        assert said in found, (source, detail, found)
        assert "\n" not in found


def test_losses_that_cannot_be_made_small_are_refused(room: Room) -> None:
    room.learn_from(str(room.home / "good"))
    losses = room.panel.lesson.losses
    losses["l2"][0].click()
    assert "Without a loss nothing is learnt" in room.refused()
    losses["l1"][0].click()
    losses["l1"][1].setValue(0.0)
    assert "All losses count 0" in room.refused()
    losses["style"][0].click()
    assert "needs a picture: Style of in the window" in room.refused()
    room.type(room.panel.lesson.looks.picture, "/nowhere.png")
    assert "nothing at" in room.refused()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (network(layer("a", "ReLU", "input")), "has no tensor that could learn"),
        (
            network(layer("a", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=1)),
            "makes maps of 5 channels",
        ),
        (
            network(
                layer("a", "Conv2d", "input", in_channels=5, out_channels=3, kernel_size=1), inputs=(Input("input", 5),)
            ),
            "but the network's input takes 5",
        ),
    ],
    ids=["nothing learns", "five made", "five fed"],
)
def test_networks_that_cannot_learn_are_refused(room: Room, made: object, said: str) -> None:
    room.whole.document.load(Preset("odd", made, {}))  # type: ignore[arg-type]
    room.learn_from(str(room.home / "good"))
    before = len(room.whole.said)
    room.whole.click(room.panel.learn)
    room.whole.until(lambda: any(said in each for each in room.whole.said[before:]) and room.session.state == "off")


def test_odd_pictures_are_learnt_from(room: Room) -> None:
    for name in ("one", "dot", "mixed"):
        room.learn_from(str(room.home / name))
        room.learns()
        room.end()


def test_a_refusal_goes_once_the_lesson_is_taken_up(room: Room) -> None:
    # It stood over the picture while the lesson that was put right ran.
    panel, whole, shown = room.panel, room.whole, room.whole.studio.messages
    style, picture = panel.lesson.losses["style"][0], panel.lesson.looks.picture
    room.learn_from(str(room.home / "good"))
    style.click()
    room.type(picture, "/nowhere.png")
    assert "nothing at" in room.refused()
    assert "nothing at" in shown.text
    room.type(picture, str(room.home / "one" / "0.png"))
    room.learns()
    assert "nothing at" not in shown.text
    # The same of a lesson that is turned.
    room.type(picture, "/nowhere.png")
    whole.until(lambda: "nothing at" in shown.text)
    room.goes_on()
    assert "nothing at" in shown.text, "the lesson goes on as it was"
    panel.lesson.losses["l1"][0].click()
    whole.until(lambda: "nothing at" not in shown.text)


def test_wrong_turns_and_files_leave_the_lesson_that_runs(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, whole, session = room.panel, room.whole, room.session
    room.learn_from(str(room.home / "good"))
    room.learns()
    asked = session.asked
    # No loss at all, a style of a picture that is not there, and nothing that learns.
    panel.lesson.losses["l2"][0].click()
    whole.until(lambda: any("Without a loss" in text for text in whole.said))
    whole.until(lambda: session.asked == asked and panel.lesson.losses["l2"][0].isChecked())
    room.goes_on()
    # Its picture cannot be named before it is ticked; until then the lesson goes on without.
    panel.lesson.losses["style"][0].click()
    room.goes_on()
    assert session.asked == asked
    room.type(panel.lesson.looks.picture, "/nowhere.png")
    whole.until(lambda: any("nothing at" in text for text in whole.said))
    whole.until(lambda: session.asked == asked and not panel.lesson.losses["style"][0].isChecked())
    panel.lesson.which.setCurrentIndex(3)
    room.type(panel.lesson.these, "nobody")
    whole.until(lambda: any("fits no tensor" in text for text in whole.said))
    whole.until(lambda: session.asked == asked and panel.lesson.which.currentIndex() == 0)
    room.goes_on()
    # Files: where none can be written, and one that is no checkpoint.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/dev/full", ""))
    whole.click(panel.save)
    whole.until(lambda: any("cannot write /dev/full" in text for text in whole.said))
    room.goes_on()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(room.home / "no" / "way.safetensors"), ""))
    whole.click(panel.save)
    whole.until(lambda: any("does not exist" in text for text in whole.said))
    room.goes_on()
    room.end()
    for path in ("text.safetensors", "none", "nothing.safetensors"):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, path=path: (str(room.home / path), ""))
        before = len(whole.said)
        whole.click(panel.resume)
        whole.until(lambda before=before: len(whole.said) > before and session.state == "off")  # type: ignore[misc]
        assert "\n" not in whole.said[-1]
    room.learns()


@pytest.mark.parametrize("engine", ["torch", "gl"])
def test_too_little_memory_is_said_on_every_engine(room: Room, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    room.whole.workspace.engine = engine
    room.whole.until(lambda: room.session.engine == engine)
    monkeypatch.setattr(memory, "free_memory", lambda _: 3 * 10**6)
    room.learn_from(str(room.home / "good"))
    room.panel.lesson.form.controls["size"].show_value(1024)
    assert "are free: choose a size of" in room.refused()
    room.panel.lesson.form.controls["size"].show_value(16)
    room.learns()


def test_after_a_refused_turn_the_form_is_the_lesson_and_the_next_turn_counts(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.learn_from(str(room.home / "good"))
    room.learns()
    monkeypatch.setattr(memory, "free_memory", lambda _: 3 * 10**6)
    dials = {dial.number.address: dial for dial in room.panel.dials()}
    dials["/lesson/size"].set(1024)
    room.whole.until(lambda: any("are free: choose a size of" in text for text in room.whole.said))
    room.whole.until(lambda: dials["/lesson/size"].get() == 16)
    said = len(room.whole.said)
    dials["/lesson/rate"].set(0.002)
    room.whole.until(lambda: room.session.asked is not None and room.session.asked.rate == 0.002)
    room.goes_on()
    assert room.session.asked is not None
    assert room.session.asked.size == 16
    assert room.session.asked.rate == 0.002
    assert len(room.whole.said) == said
    # What is chosen to learn from stays chosen as it was.
    assert room.panel.lesson.source.currentText() == str(room.home / "good")


def test_the_window_that_compares_refuses_too(room: Room) -> None:
    room.whole.command("learn.compare")
    window, comparison = room.whole.context[CompareWindow], room.whole.context[Comparison]
    for source, said in (
        ("/nowhere", "nothing at"),
        (str(room.home / "none"), "holds no pictures"),
        ("", "nothing at"),
    ):
        room.type(window.source.lineEdit(), source)
        room.whole.click(window.learn)
        room.whole.until(lambda said=said: said in window.said.text() and comparison.state == "off")  # type: ignore[misc]
        assert window.learn.text() == "Learn"
    room.type(window.source.lineEdit(), str(room.home / "good"))
    for name, value in (("width", 2), ("size", 16), ("batch", 1)):
        window.form.controls[name].show_value(value)
    room.whole.click(window.learn)
    room.whole.until(lambda: comparison.state == "learning" and comparison.runs[0].last is not None)
    assert not window.said.text()
    window.close()
