"""Brushes by name: taken by mouse, keys, palette and OSC, kept, renamed, removed and put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot
from running import Running
from whole_window import WholeWindow

from studio.errors import StudioError
from studio.model.views.brush import Brush
from studio.runtime.live.report import Message
from studio.ui.filters.brush_row import BrushRow
from studio.ui.services.brushes import FIRST, Brushes, NamedBrush
from studio.ui.services.controllers import Controllers
from studio.ui.services.messages import Action
from studio.ui.services.session import Session


class Desk:
    def __init__(self, at: Running) -> None:
        self.at = at
        self.said: list[tuple[str, list[Action]]] = []
        self.brushes = self.again()

    def again(self) -> Brushes:
        """As a later start has them."""
        session = Session(QSettings(str(self.at.settings), QSettings.Format.IniFormat))
        return Brushes(self.at.workspace, session, self._say)

    def _say(self, message: Message, actions: object) -> None:
        self.said.append((message.text, list(actions)))  # type: ignore[call-overload]

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.brushes.all]


@pytest.fixture
def desk(tmp_path: Path, qapp: object) -> Iterator[Desk]:
    del qapp
    at = Running(tmp_path)
    yield Desk(at)
    at.close()


def test_there_are_some_at_first_and_taking_one_takes_up_the_brush(desk: Desk) -> None:
    workspace = desk.at.workspace
    workspace.tool, workspace.paints = "select", "rates"
    desk.brushes.take(3)
    assert (workspace.brush, workspace.tool, workspace.paints) == (FIRST[2].brush, "paint", "weights")
    assert desk.brushes.number == 3
    workspace.brush = workspace.brush.model_copy(update={"radius": 13.0})
    assert desk.brushes.number == 0
    with pytest.raises(StudioError, match=r"There is no brush 9: there are 5\."):
        desk.brushes.take(9)


def test_one_steps_round_through_them(desk: Desk) -> None:
    desk.brushes.take(4)
    taken = []
    for by in (1, 1, -1, -1, -1):
        desk.brushes.step(by)
        taken.append(desk.brushes.number)
    assert taken == [5, 1, 5, 4, 3]


def test_what_is_kept_is_there_at_the_next_start(desk: Desk) -> None:
    workspace = desk.at.workspace
    workspace.brush, workspace.brush_unit = Brush(mode="multiply", radius=3.0, value=1.5, mirror="both"), "weights"
    desk.brushes.keep(" Louder ")
    assert desk.brushes.number == 6
    assert desk.again().all[-1] == NamedBrush("Louder", workspace.brush, "weights")


def test_one_of_the_same_name_is_replaced_and_can_be_put_back(desk: Desk) -> None:
    desk.at.workspace.brush = Brush(radius=99.0)
    desk.brushes.keep("eraser")
    assert desk.names == ["Touch", "Broad swell", "eraser", "Smoother", "Grain"]
    text, [(button, put_back)] = desk.said[-1]
    assert (text, button) == ("The brush “eraser” is replaced.", "Put back")
    put_back()
    assert desk.brushes.all == desk.again().all == FIRST


def test_renaming_and_removing(desk: Desk) -> None:
    desk.brushes.rename(2, "Wide")
    assert desk.names[1] == "Wide"
    with pytest.raises(StudioError, match="Another brush is called"):
        desk.brushes.rename(2, "touch")
    with pytest.raises(StudioError, match="needs a name"):
        desk.brushes.keep("  ")
    for _ in FIRST:
        desk.brushes.remove(1)
    assert desk.brushes.all == desk.again().all == ()
    desk.brushes.step(1)
    desk.said[-1][1][0][1]()
    assert desk.names == ["Grain"]


def test_what_is_no_brush_is_left_out(desk: Desk) -> None:
    settings = QSettings(str(desk.at.settings), QSettings.Format.IniFormat)
    settings.setValue(
        "brushes", '[["a", "{}", "screen"], ["b", "{", "screen"], ["", "{}", "screen"], 3, ["c", "{}", "m"]]'
    )
    assert [each.name for each in desk.again().all] == ["a"]


def test_the_row_takes_keeps_and_removes(desk: Desk, qtbot: QtBot) -> None:
    row = BrushRow(desk.brushes)
    qtbot.addWidget(row)
    with qtbot.waitExposed(row):
        row.show()
    assert row.box.currentText() == "Touch"
    qtbot.keyClick(row.box, Qt.Key.Key_Down)
    qtbot.keyClick(row.box, Qt.Key.Key_Down)
    assert desk.at.workspace.brush == FIRST[2].brush
    desk.at.workspace.brush = Brush(radius=40.0)
    assert row.box.currentText() == "Set by hand"
    assert not row._remove.isEnabled()
    qtbot.mouseClick(row.save, Qt.MouseButton.LeftButton)
    dialog = row.window().findChild(QInputDialog)
    assert dialog is not None
    dialog.setTextValue("Forty")
    dialog.accept()
    assert row.box.currentText() == "Forty"
    row._remove.trigger()
    assert row.box.currentText() == "Set by hand"


@pytest.mark.gl
def test_keys_palette_and_osc_take_them_in_the_window(whole: WholeWindow) -> None:
    workspace, names = whole.workspace, whole.context[Controllers].hub.names
    whole.key(Qt.Key.Key_F4)
    assert workspace.brush.mode == "erase"
    whole.key(Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ControlModifier)
    assert workspace.brush.mode == "smooth"
    whole.key(Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ControlModifier)
    assert workspace.brush.mode == "erase"
    names.turn("/brush/preset", 5)
    assert (workspace.brush.mode, names.get("/brush/preset")) == ("noise", 5.0)
    found = {entry.text: entry for panel in whole.window._declared.panels for entry in panel.entries(whole.context)}
    found["Brush 2: Broad swell"].run("")
    assert workspace.brush == FIRST[1].brush
    assert whole.editor.brush.named is not None
    assert whole.editor.brush.named.box.currentText() == "Broad swell"
