"""Each state of the history has its picture, the place that was touched, and a name where a person gives it one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot
from test_history_panel import network, paint
from whole_window import WholeWindow

from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.ui.history.panel import HistoryPanel
from studio.ui.services.milestones import Milestones


class Camera:
    """Takes what is asked for when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Picture], None]] = []

    def __call__(self, then: Callable[[Picture], None]) -> None:
        self.waiting.append(then)

    def take(self, value: int) -> None:
        for then in self.waiting:
            then(np.full((120, 160, 3), value, np.uint8))
        self.waiting.clear()


@pytest.fixture
def document() -> Document:
    return Document(Preset("small", network(), {}))


def test_a_state_has_the_picture_of_what_came_out_then(qtbot: QtBot, document: Document) -> None:
    camera = Camera()
    stones = Milestones(document, camera, lambda call: call())
    for value in (1.0, 2.0):
        paint(document, value)
        qtbot.waitUntil(lambda: bool(camera.waiting))
        camera.take(int(value) * 50)
    one, two = stones.picture(1), stones.picture(2)
    assert one is not None
    assert two is not None
    assert (one.width(), one.height()) == (54, 40)
    assert (one.pixelColor(3, 3).red(), two.pixelColor(3, 3).red()) == (50, 100)
    assert stones.picture(0) is None
    assert stones.picture(3) is None


def test_what_was_opened_has_a_picture_too(qtbot: QtBot, document: Document) -> None:
    camera = Camera()
    stones = Milestones(document, camera, lambda call: call())
    stones.see_opened()
    qtbot.waitUntil(lambda: bool(camera.waiting))
    paint(document, 1.0)
    camera.take(10)
    assert stones.picture(0) is None, "it is no picture of what was opened any more"
    document.undo()
    stones.see_opened()
    qtbot.waitUntil(lambda: bool(camera.waiting))
    camera.take(20)
    opened = stones.picture(0)
    assert opened is not None
    assert opened.pixelColor(3, 3).red() == 20
    stones.see_opened()
    qtbot.wait(500)
    assert not camera.waiting
    assert not stones.can_name(0)


def test_one_that_came_too_late_is_no_picture_of_the_next(qtbot: QtBot, document: Document) -> None:
    camera = Camera()
    stones = Milestones(document, camera, lambda call: call())
    paint(document, 1.0)
    qtbot.waitUntil(lambda: bool(camera.waiting))
    paint(document, 2.0)
    camera.take(10)
    assert stones.picture(1) is None
    assert stones.picture(2) is None


def test_one_that_was_left_before_anybody_looked_has_its_picture_when_it_is_come_back_to(
    qtbot: QtBot, document: Document
) -> None:
    camera = Camera()
    stones = Milestones(document, camera, lambda call: call())
    paint(document, 1.0)
    qtbot.waitUntil(lambda: bool(camera.waiting))
    camera.take(50)
    paint(document, 2.0)
    document.undo()
    document.redo()
    qtbot.waitUntil(lambda: bool(camera.waiting))
    camera.take(100)
    assert stones.picture(2) is not None
    # What has one keeps it.
    document.undo()
    qtbot.wait(500)
    assert not camera.waiting


def test_it_is_said_where_weights_were_touched(document: Document) -> None:
    stones = Milestones(document, lambda _: None, lambda call: call())
    for rect, said in (
        (Rect(0, 0, 2, 2), "row 0, column 0"),
        (Rect(2, 4, 4, 5), "rows 0 to 1, columns 1 to 2"),
        (Rect(3, 0, 2, 9), "row 1"),
        (Rect(0, 0, 9, 9), "all of it"),
    ):
        document.apply("Paint", "a.weight", Patch(rect, np.full((rect.height, rect.width), rect.x + 7.5, np.float32)))
        assert stones.touched(document.history.position) == said
    document.apply("Paint", "a.bias", Patch(Rect(0, 1, 1, 1), np.full((1, 1), 3.0, np.float32)))
    assert stones.touched(5) == "channel 1"
    document.set_bypassed("a", True)
    assert stones.touched(6) == ""


def test_a_name_goes_with_its_state(document: Document) -> None:
    stones = Milestones(document, lambda _: None, lambda call: call())
    for value in (1.0, 2.0, 3.0):
        paint(document, value)
    stones.call(2, "  the good   one ")
    stones.call(0, "nothing")
    assert stones.named == [(2, "the good one")]
    document.go(1)
    assert stones.name(2) == "the good one"
    # What was undone is gone with the next thing that is done.
    paint(document, 9.0)
    assert stones.named == []
    assert not stones.can_name(0)


@pytest.mark.gl
def test_in_the_window_states_have_pictures_and_are_named_and_found(whole: WholeWindow) -> None:
    panel, stones = whole.context[HistoryPanel], whole.context[Milestones]
    whole.until(lambda: stones.picture(0) is not None)
    whole.stroke((0.5, 0.5), (1.5, 3.5))
    whole.until(lambda: stones.picture(1) is not None)
    assert stones.touched(1)
    whole.key(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    dialog = panel.window().findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue("One stroke")
    dialog.accept()
    whole.stroke((2.5, 0.5), (3.5, 3.5))
    before = whole.tensor(whole.workspace.tensor or "")
    found = {entry.text: entry for each in whole.window._declared.panels for entry in each.entries(whole.context)}
    found["One stroke"].run("")
    assert whole.document.history.position == 1
    assert not np.array_equal(before, whole.tensor(whole.workspace.tensor or ""))
    whole.window.docks["history"].raise_()
    whole.settle()
    assert "One stroke" in panel.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert not panel.grab().toImage().isNull()
