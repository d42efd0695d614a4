"""Macros by hand: turned, aimed by dragging and by keys, ranged, named; and what they then turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control.move import move
from studio.io.opening import find_and_open
from studio.io.preset_file import section_from_json, section_to_json
from studio.model.documents.document import Document
from studio.model.movement.route import MACRO_BANK, ROUTES, Aim
from studio.runtime.live.movement import Moved
from studio.runtime.live.report import Message, Report
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.render.mover import matrix_of
from studio.ui.bends.panel import BendsPanel
from studio.ui.kit.addressed import give_address
from studio.ui.macros.panel import MacrosPanel

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


class Desk:
    """A panel on a document with one bend, and a control beside it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.document = Document(*find_and_open("autoencoder-transposed"))
        self.document.add_stage("enc2", make_bend("Rotate", {"angle": 30.0}), amount=0.25)
        self.said: list[Message] = []
        self.telemetry = Telemetry()
        self.panel = MacrosPanel(self.document, self.telemetry, self.said.append)
        self.whole = QWidget()
        self.panel.setParent(self.whole)
        self.other = QWidget(self.whole)
        self.other.setGeometry(400, 0, 60, 60)
        self.panel.setGeometry(0, 0, 380, 700)
        self.whole.resize(480, 700)
        qtbot.addWidget(self.whole)
        self.whole.show()
        qtbot.waitExposed(self.whole)
        QApplication.processEvents()

    @property
    def bank(self) -> tuple[object, ...]:
        return self.document.section(MACRO_BANK)

    def drop(self, number: int, onto: QWidget, at: QPoint | None = None) -> None:
        """Drag a macro's grip there."""
        grip = self.panel.knobs[number - 1].grip
        there = grip.mapFromGlobal(onto.mapToGlobal(at or onto.rect().center()))
        QTest.mousePress(grip, LEFT, NONE, grip.rect().center())
        QTest.mouseMove(grip, grip.rect().center() + QPoint(3, 3))
        QTest.mouseMove(grip, there)
        QTest.mouseRelease(grip, LEFT, NONE, there)

    def turn(self, number: int, up: int, *, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Drag a knob up by so many pixels."""
        dial = self.panel.knobs[number - 1].dial
        start = dial.rect().center()
        QTest.mousePress(dial, LEFT, modifier, start)
        for part in (0.5, 1.0):
            QTest.mouseMove(dial, start - QPoint(0, round(up * part)))
        QTest.mouseRelease(dial, LEFT, modifier, start - QPoint(0, up))


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_a_knob_dragged_onto_a_control_turns_its_number_and_nothing_jumps(desk: Desk) -> None:
    give_address(desk.other, "/bend/1/amount")
    desk.drop(3, desk.other)
    macro = desk.document.section(MACRO_BANK)[2]
    assert macro.aims == (Aim("/bend/1/amount", 0.0, 1.0),)
    assert macro.value == 0.25
    assert desk.document.history.labels[-1].startswith("Macro 3 turns ")
    assert matrix_of(desk.document.preset()).values(0.0)["/bend/1/amount"] == 0.25
    desk.drop(3, desk.other)
    assert desk.said[-1].text == "Macro 3 turns /bend/1/amount already."
    give_address(desk.other, "")
    desk.drop(4, desk.other)
    assert "No number is there" in desk.said[-1].text
    give_address(desk.other, "/tempo/bpm")
    desk.drop(4, desk.other)
    assert "cannot turn /tempo/bpm" in desk.said[-1].text
    assert len(desk.document.history) == 2
    desk.document.undo()
    assert desk.document.section(MACRO_BANK) == MACRO_BANK.default


def test_a_knob_can_be_dragged_onto_the_list_and_a_number_of_the_list_onto_a_knob(desk: Desk) -> None:
    numbers = desk.panel.numbers
    row = next(k for k in range(numbers.list.count()) if "/bend/1/angle" in numbers.list.item(k).text())
    desk.drop(1, numbers.list.viewport(), numbers.list.visualItemRect(numbers.list.item(row)).center())
    assert [aim.target for aim in desk.document.section(MACRO_BANK)[0].aims] == ["/bend/1/angle"]
    data = numbers.list.mimeData([numbers.list.item(row)])
    assert isinstance(data, QMimeData)
    knob = desk.panel.knobs[6]
    place = knob.rect().center()
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(knob, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(knob, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, LEFT, NONE))
    assert [aim.target for aim in desk.document.section(MACRO_BANK)[6].aims] == ["/bend/1/angle"]
    assert desk.panel.number == 7


def test_search_and_return_aim_without_a_mouse(desk: Desk) -> None:
    desk.panel.choose(2)
    desk.panel.numbers.search.setFocus()
    QTest.keyClicks(desk.panel.numbers.search, "rotate amount")
    QTest.keyClick(desk.panel.numbers.search, Qt.Key.Key_Return)
    assert [aim.target for aim in desk.document.section(MACRO_BANK)[1].aims] == ["/bend/1/amount"]


def test_a_turn_by_mouse_is_one_undo_and_keys_turn_it_too(desk: Desk) -> None:
    items = len(desk.document.history)
    desk.turn(1, 80)
    assert desk.document.get("/macro/1") == pytest.approx(0.5)
    desk.turn(1, 80, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert desk.document.get("/macro/1") == pytest.approx(0.6)
    assert len(desk.document.history) == items + 2
    dial = desk.panel.knobs[0].dial
    dial.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(dial, key)
    assert desk.document.get("/macro/1") == pytest.approx(0.65)
    QTest.keyClick(dial, Qt.Key.Key_End)
    assert desk.document.get("/macro/1") == 1.0
    desk.panel.choose(5)
    desk.panel.step(0.05)
    assert desk.document.get("/macro/5") == pytest.approx(0.05)


def test_ranges_are_turned_round_typed_and_removed(desk: Desk) -> None:
    desk.panel.aim("/bend/1/angle")
    desk.panel.aim("/bend/1/amount")
    row = desk.panel.rows["/bend/1/angle"]
    row.hi.spin.setValue(90.0)
    desk.qtbot.waitUntil(lambda: desk.document.gesture is None)
    assert desk.document.section(MACRO_BANK)[0].aims[0].hi == 90.0
    desk.qtbot.mouseClick(row.turn, LEFT)
    lo, hi = desk.document.section(MACRO_BANK)[0].aims[0].lo, desk.document.section(MACRO_BANK)[0].aims[0].hi
    assert (lo, hi)[0] == 90.0
    assert desk.panel.rows["/bend/1/angle"] is row
    desk.qtbot.mouseClick(row.remove, LEFT)
    assert [aim.target for aim in desk.document.section(MACRO_BANK)[0].aims] == ["/bend/1/amount"]


def test_a_name_is_kept_and_read_again(desk: Desk) -> None:
    desk.panel.choose(8)
    desk.panel.name.setFocus()
    QTest.keyClicks(desk.panel.name, "Storm")
    QTest.keyClick(desk.panel.name, Qt.Key.Key_Return)
    assert desk.panel.knobs[7].name.whole == "Storm"
    assert desk.document.number("/macro/8").label == "Storm"
    said, version = section_to_json(MACRO_BANK, desk.document.section(MACRO_BANK))
    assert section_from_json("macros", said, version, desk.document.network)[1] == desk.document.section(MACRO_BANK)


def test_what_is_gone_is_marked_and_where_a_route_has_a_macro_is_shown(desk: Desk) -> None:
    desk.panel.aim("/bend/1/angle")
    desk.document.set_section(
        MACRO_BANK,
        (desk.document.section(MACRO_BANK)[0].__class__(0.5, (Aim("/bend/9/angle", 0, 1),)), *MACRO_BANK.default[1:]),
        "Gone",
    )
    assert desk.panel.rows["/bend/9/angle"].name.whole == "Nothing is at /bend/9/angle"
    desk.telemetry.take(Report([Moved({"/macro/1": 0.75}, {})]))
    assert desk.panel.knobs[0].dial.moved == 0.75


def test_a_macro_turns_the_depth_of_a_route() -> None:
    document = Document(*find_and_open("autoencoder-transposed"))
    document.add_stage("enc2", make_bend("Rotate", {"angle": 0.0}))
    document.set_section(ROUTES, move((), "/bend/1/angle", "lfo", rate=1.0, depth=0.0)[0], "Move")
    panel_bank = (type(MACRO_BANK.default[0])(0.5, (Aim("/route/1/depth", 0.0, 0.2),)), *MACRO_BANK.default[1:])
    document.set_section(MACRO_BANK, panel_bank, "Aim")
    found = matrix_of(document.preset()).values(0.25)
    lo, hi = document.number("/bend/1/angle").reach
    assert found["/route/1/depth"] == pytest.approx(0.1)
    assert found["/bend/1/angle"] == pytest.approx(0.1 * (hi - lo))


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    opened = WholeWindow(qtbot, tmp_path / "home", "autoencoder-transposed", "demo")
    yield opened
    opened.close()


@pytest.mark.gl
def test_in_the_window_a_knob_is_dragged_onto_the_slider_of_a_bend(whole: WholeWindow) -> None:
    context, document = whole.window.context, whole.document
    whole.workspace.choose("enc2")
    document.add_stage("enc2", make_bend("Rotate", {"angle": 30.0}))
    whole.window.docks["bends"].raise_()
    whole.window.docks["macros"].raise_()
    QApplication.processEvents()
    panel, slider = context[MacrosPanel], context[BendsPanel].cards[1].amount.slider
    grip = panel.knobs[0].grip
    assert grip.isVisible()
    assert slider.isVisible()
    there = grip.mapFromGlobal(slider.mapToGlobal(slider.rect().center()))
    QTest.mousePress(grip, LEFT, NONE, grip.rect().center())
    QTest.mouseMove(grip, there)
    QTest.mouseRelease(grip, LEFT, NONE, there)
    assert [aim.target for aim in document.section(MACRO_BANK)[0].aims] == ["/bend/1/amount"]
    whole.command("macro.choose_3")
    whole.command("macro.more")
    assert document.get("/macro/3") == pytest.approx(0.05)
