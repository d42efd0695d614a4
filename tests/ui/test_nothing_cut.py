"""No text and no control of any panel or dialog is cut on small screens, at 200 % too, nor in large letters."""

from __future__ import annotations

import pytest
from cut import cut_in
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.ui.kit.elided import ElidedLabel

# At 200 % a screen of 1920 × 1200 is one of 960 × 600, and one of 1280 × 720 is one of 640 × 360.
SMALL = QSize(960, 600)
LEAST = QSize(640, 360)
LAPTOP = QSize(1024, 700)
USUAL = QSize(1280, 800)


@pytest.mark.gl
@pytest.mark.parametrize("size", [SMALL, LEAST], ids=["960 x 600", "640 x 360"])
def test_every_panel_is_whole_in_a_small_window(whole: WholeWindow, size: QSize) -> None:
    window = whole.window
    window.resize(size)
    whole.settle()
    assert window.size() == size
    assert window.minimumSizeHint().width() <= size.width()
    assert window.minimumSizeHint().height() <= size.height()
    found = [f"at the start: {each}" for each in cut_in(window)]
    for name, dock in window.docks.items():
        dock.show()
        dock.raise_()
        whole.settle()
        found += [f"{name}: {each}" for each in cut_in(dock)]
        assert window.rect().contains(dock.geometry()), f"{name} reaches out of the window"
    assert window.size() == size, "no panel makes the window larger"
    assert not found, "\n".join(found)


@pytest.mark.gl
@pytest.mark.parametrize("size", [SMALL, LEAST], ids=["960 x 600", "640 x 360"])
def test_every_depth_of_the_sheet_and_the_stage_are_whole(whole: WholeWindow, size: QSize) -> None:
    whole.window.resize(size)
    whole.settle()
    for command in ("sheet.filters", "view.filters", "sheet.weights"):
        whole.command(command)
        whole.settle()
        assert cut_in(whole.window) == []


@pytest.mark.gl
@pytest.mark.parametrize("size", [SMALL, LAPTOP, USUAL], ids=["960 x 600", "1024 x 700", "1280 x 800"])
def test_every_panel_is_whole_in_large_letters(letters: int, whole: WholeWindow, size: QSize) -> None:
    window = whole.window
    assert window.font().pointSizeF() == letters
    window.resize(size)
    whole.settle()
    found = [f"at the start: {each}" for each in cut_in(window)]
    for name, dock in window.docks.items():
        dock.show()
        dock.raise_()
        whole.settle()
        found += [f"{name}: {each}" for each in cut_in(dock)]
    assert window.size() == size, "no panel makes the window larger"
    assert not found, "\n".join(found)


def test_what_is_cut_is_found(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    label, button, box = QLabel("A long sentence", root), QPushButton("Press this button", root), QComboBox(root)
    box.addItem("One of the many choices")
    for place, widget in enumerate((label, button, box)):
        widget.setGeometry(0, 40 * place, 300, 32)
    root.resize(400, 200)
    with qtbot.waitExposed(root):
        root.show()
    assert cut_in(root) == []
    for widget in (label, button, box):
        widget.resize(40, 32)
    QApplication.processEvents()
    assert len(cut_in(root)) == 3


def test_what_is_elided_is_shown_whole_by_the_mouse(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.say("the name of a preset that is rather long", " · 3")
    label.resize(90, 20)
    with qtbot.waitExposed(label):
        label.show()
    assert label.text() != label.whole
    _rest_the_mouse(label)
    assert QToolTip.text() == "the name of a preset that is rather long · 3"
    label.resize(900, 20)
    _rest_the_mouse(label)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())  # what is seen whole needs no tip
    label.setToolTip("Its own")
    _rest_the_mouse(label)
    assert QToolTip.text() == "Its own"


def _rest_the_mouse(on: QWidget) -> None:
    place = on.rect().center()
    QApplication.sendEvent(on, QHelpEvent(QEvent.Type.ToolTip, place, on.mapToGlobal(place)))
