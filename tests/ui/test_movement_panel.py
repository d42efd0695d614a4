"""The panel of movements, by mouse and keys; and the window, whose presets move to the film's sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import registry as bends
from studio.io.opening import find_and_open
from studio.model.declared.form import fields
from studio.model.declared.points import points_of, points_text
from studio.model.documents.document import Document
from studio.model.movement.curve import CURVES, Curve
from studio.model.movement.route import ROUTES, Route
from studio.model.movement.tempo import TEMPO
from studio.modulators import registry
from studio.runtime.live.movement import Beats, Moved
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.addressed import give_address
from studio.ui.kit.number_controls import Number
from studio.ui.kit.text_controls import Line, Points
from studio.ui.movement.marks import MovedMarks
from studio.ui.movement.panel import MovementPanel
from studio.ui.movement.route_card import RouteCard

LEFT = Qt.MouseButton.LeftButton


class Desk:
    """A panel on a document with one bend, without an engine."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.document = Document(*find_and_open("autoencoder-transposed"))
        self.document.add_stage("enc2", bends()["Rotate"]())
        self.telemetry = Telemetry()
        self.said: list[str] = []
        self.frames = 0
        self.panel = MovementPanel(self.document, self.telemetry, self._say)
        qtbot.addWidget(self.panel)
        self.panel.resize(360, 900)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def _say(self, message: Message) -> None:
        self.said.append(message.text)

    def frame(self, moved: Moved) -> None:
        """One more has been run, and this is what moved."""
        self.frames += 1
        self.telemetry.take(Report((moved, Beats(self.frames / 25, 1 + self.frames / 25))))

    @property
    def routes(self) -> tuple[Route, ...]:
        return self.document.section(ROUTES)

    @property
    def undoable(self) -> int:
        return len(self.document.history.labels)

    def add(self, words: str = "angle") -> RouteCard:
        """Add a movement as a person does."""
        self.qtbot.mouseClick(self.panel.add, LEFT)
        chooser = self.panel._chooser
        assert chooser is not None
        self.qtbot.keyClicks(chooser.search, words)
        self.qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
        return self.panel.cards[self.routes[-1].id]

    def choose(self, card: RouteCard, label: str) -> RouteCard:
        """Choose another source for a card; the card that then stands there."""
        place = card.source.findText(label)
        card.source.setCurrentIndex(place)
        card.source.activated.emit(place)
        return self.panel.cards[card.number]


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_a_number_is_found_by_name_and_moved_by_an_lfo(desk: Desk) -> None:
    assert desk.panel.empty.isVisible()
    before = desk.undoable
    desk.add("rotate angle")
    (route,) = desk.routes
    assert (route.target, route.source) == ("/bend/1/angle", registry()["LFO"]())
    assert desk.undoable == before + 1
    assert not desk.panel.empty.isVisible()
    desk.document.undo()
    assert desk.routes == ()
    assert desk.panel.empty.isVisible()
    assert not desk.panel.cards


def test_numbers_are_found_by_address_and_arrows_go_among_them(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.add_movement()
    chooser = desk.panel._chooser
    assert chooser is not None
    qtbot.keyClicks(chooser.search, "/bend/1/")
    first = chooser.list.currentItem().text()
    assert "/bend/1/" in first
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    second = chooser.list.currentItem().text()
    assert second != first
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert desk.routes[0].target in second
    assert not any(number.address.startswith("/tempo/") for number in desk.panel.targets())


@pytest.mark.parametrize("name", sorted(registry()))
def test_every_source_has_a_form_that_shows_its_parameters(desk: Desk, name: str) -> None:
    kind = registry()[name]
    before = desk.undoable
    card = desk.add()
    card = desk.choose(card, kind.label)
    assert type(desk.routes[0].source) is kind
    assert set(card.form.controls) == {field.name for field in fields(kind)}
    assert card.form.record() == desk.routes[0].source
    assert desk.undoable == before + (1 if name == "LFO" else 2)


def test_a_form_leaves_out_what_counts_for_nothing(desk: Desk, qtbot: QtBot) -> None:
    # A release that fades no onset could be turned, and did nothing.
    card = desk.choose(desk.add(), "Sound")
    controls = card.form.controls

    def are_seen() -> set[str]:
        return {name for name, control in controls.items() if not control.isHidden()}

    assert are_seen() == {"band", "floor", "gain"}
    band = controls["band"].combo  # type: ignore[attr-defined]
    place = band.findText("Onset")
    band.setCurrentIndex(place)
    band.activated.emit(place)
    assert are_seen() == {"band", "gain", "release"}
    desk.document.undo()
    assert are_seen() == {"band", "floor", "gain"}
    del qtbot


def test_the_drag_of_a_source_and_of_the_depth_is_one_undo_each(desk: Desk, qtbot: QtBot) -> None:
    card = desk.add()
    first = desk.routes[0]
    for slider in (card.form.controls["phase"].slider, card.reach.slider):  # type: ignore[attr-defined]
        before, seen = desk.undoable, set()
        desk.document.changed.connect(lambda _, seen=seen: seen.add(desk.routes[0]))
        middle = slider.height() // 2
        start = slider.width() * slider.value() // slider.maximum()
        qtbot.mousePress(slider, LEFT, pos=QPoint(start, middle))
        for step in range(1, 8):
            QTest.mouseMove(slider, QPoint(start + 5 * step, middle))
        qtbot.mouseRelease(slider, LEFT, pos=QPoint(start + 40, middle))
        assert len(seen) > 2
        assert desk.undoable == before + 1
    assert desk.routes[0].source.phase > 0.0  # type: ignore[attr-defined]
    assert desk.routes[0].depth > first.depth
    desk.document.undo()
    desk.document.undo()
    assert desk.routes == (first,)
    assert card.form.record() == first.source


def test_switch_target_and_removal(desk: Desk, qtbot: QtBot) -> None:
    card = desk.add()
    qtbot.mouseClick(card.on, LEFT)
    assert not desk.routes[0].on
    qtbot.mouseClick(card.on, LEFT)
    assert desk.routes[0].on
    qtbot.mouseClick(card.retarget, LEFT)
    chooser = desk.panel._chooser
    assert chooser is not None
    qtbot.keyClicks(chooser.search, "/bend/1/amount")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert [route.target for route in desk.routes] == ["/bend/1/amount"]
    assert card.address.whole == "/bend/1/amount"
    qtbot.mouseClick(card.remove, LEFT)
    assert desk.routes == ()
    desk.document.undo()
    assert [route.target for route in desk.routes] == ["/bend/1/amount"]


def test_a_movement_has_a_base_and_limits_of_its_own(desk: Desk, qtbot: QtBot) -> None:
    card = desk.add()
    qtbot.waitUntil(card.isVisible)
    assert not card.limits.isVisible()
    qtbot.mouseClick(card.bound, LEFT)
    assert card.limits.isVisible()
    before = desk.undoable
    number = desk.document.number("/bend/1/angle")
    for name, own in (("base", 30.0), ("lo", number.reach[0]), ("hi", number.reach[1])):
        assert card.limits.controls[name].value() == own
        qtbot.mouseClick(card.limits._ticks[name], LEFT, pos=QPoint(8, card.limits._ticks[name].height() // 2))
        assert getattr(desk.routes[0], name) == own
    assert desk.undoable == before + 3
    for name, words in (("hi", "40"), ("lo", "-20"), ("base", "15")):
        spin = card.limits.controls[name].spin  # type: ignore[attr-defined]
        spin.selectAll()
        qtbot.keyClicks(spin, words)
        qtbot.keyClick(spin, Qt.Key.Key_Return)
    route = desk.routes[0]
    assert (route.base, route.lo, route.hi) == (15.0, -20.0, 40.0)
    least = card.limits.controls["lo"].spin  # type: ignore[attr-defined]
    least.selectAll()
    qtbot.keyClicks(least, "50")
    qtbot.keyClick(least, Qt.Key.Key_Return)
    assert desk.said[-1] == "Route 1: its smallest value 50 is above its largest 40."
    assert desk.routes[0] == route
    assert least.value() == -20.0
    assert not card.bound.isEnabled()
    desk.document.undo()
    assert desk.routes[0] != route


def test_with_its_bend_a_movement_goes_and_comes_back(desk: Desk) -> None:
    desk.add()
    desk.document.remove_stage(1)
    assert not desk.panel.cards
    desk.document.undo()
    assert len(desk.panel.cards) == 1


def test_what_is_typed_counts_when_it_is_understood(desk: Desk, qtbot: QtBot) -> None:
    card = desk.choose(desk.add(), "Step sequence")
    control = card.form.controls["values"]
    assert isinstance(control, Points)
    control.line.selectAll()
    qtbot.keyClicks(control.line, "1/-1/x")
    qtbot.keyClick(control.line, Qt.Key.Key_Return)
    assert "'x'" in desk.said[-1]
    assert control.line.text() == "1/0/0.5/0"
    control.line.selectAll()
    qtbot.keyClicks(control.line, "1/-1/7")
    qtbot.keyClick(control.line, Qt.Key.Key_Return)
    assert len(desk.said) == 2
    assert control.line.text() == "1/0/0.5/0"
    assert desk.routes[0].source == registry()["StepSequence"]()
    control.line.selectAll()
    qtbot.keyClicks(control.line, "1/-1/0.5")
    qtbot.keyClick(control.line, Qt.Key.Key_Return)
    assert desk.routes[0].source.values == (1.0, -1.0, 0.5)  # type: ignore[attr-defined]
    card = desk.choose(card, "Envelope")
    trigger = card.form.controls["trigger"]
    assert isinstance(trigger, Line)
    trigger.line.selectAll()
    qtbot.keyClicks(trigger.line, "sound/beat")
    qtbot.keyClick(trigger.line, Qt.Key.Key_Return)
    assert desk.routes[0].source.signals() == ("sound/beat",)
    trigger.line.selectAll()
    qtbot.keyClicks(trigger.line, "sound/beet")
    qtbot.keyClick(trigger.line, Qt.Key.Key_Return)
    assert desk.said[-1].startswith('Envelope: nothing is set off by "sound/beet"; signals are beat, ')
    assert (trigger.line.text(), desk.routes[0].source.signals()) == ("sound/beat", ("sound/beat",))


def test_a_layer_is_found_by_a_part_of_its_name_and_another_is_refused(desk: Desk, qtbot: QtBot) -> None:
    card = desk.choose(desk.add(), "Layer")
    layer = card.form.controls["layer"]
    assert isinstance(layer, Line)
    assert layer.line.placeholderText() == "none; enc1, say"
    qtbot.keyClicks(layer.line, "C2")
    completer = layer.line.completer()
    offered = completer.completionModel()
    names = [offered.data(offered.index(row, 0)) for row in range(offered.rowCount())]
    assert names == ["enc2", "enc2_act", "dec2", "dec2_act"]
    completer.popup().hide()
    qtbot.keyClick(layer.line, Qt.Key.Key_Return)
    assert desk.said[-1].startswith('Layer: the network has no layer "C2"; it has "')
    assert (layer.line.text(), desk.routes[0].source.signals()) == ("", ("layer//mean",))
    qtbot.keyClicks(layer.line, "enc2")
    completer.popup().hide()
    qtbot.keyClick(layer.line, Qt.Key.Key_Return)
    assert desk.routes[0].source.signals() == ("layer/enc2/mean",)


def test_a_card_that_goes_while_something_is_typed_changes_nothing(desk: Desk, qtbot: QtBot) -> None:
    card = desk.add()
    line = card.form.controls["retrigger"].line  # type: ignore[attr-defined]
    qtbot.keyClicks(line, "sound/beat")
    desk.document.undo()
    assert desk.routes == ()
    line.editingFinished.emit()
    assert desk.routes == ()


@pytest.mark.parametrize("name", ["StepSequence", "Keyframes"])
def test_points_are_read_as_they_are_shown(name: str) -> None:
    for field in fields(registry()[name]):
        if field.kind == "points":
            source = registry()[name].model_validate({field.name: points_of(points_text(field.default))})
            assert getattr(source, field.name) == field.default
    keys = ((0.0, -1.0, "in and out"), (2.5, 1.0, "hold"))
    assert points_of(points_text(keys)) == keys
    assert points_text((1.0, -0.25)) == "1/-0.25"


def test_the_tempo_by_number_and_by_taps(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.undoable
    spin = desk.panel.bpm.spin
    spin.selectAll()
    qtbot.keyClicks(spin, "96")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.undoable == before + 1)
    assert desk.document.section(TEMPO).bpm == 96.0
    times = iter((10.0, 10.5, 11.0, 11.5))
    # In this module alone: other threads look at the clock as well.
    monkeypatch.setattr("studio.ui.movement.panel.time", SimpleNamespace(monotonic=lambda: next(times)))
    for _ in range(4):
        qtbot.mouseClick(desk.panel.tap, LEFT)
    assert desk.document.section(TEMPO).bpm == pytest.approx(120.0)
    assert desk.panel.bpm.value() == pytest.approx(120.0)
    desk.document.undo()
    assert desk.document.section(TEMPO).bpm == 96.0


def test_what_a_source_says_is_drawn_beside_it(desk: Desk) -> None:
    card = desk.add()
    # The last of them twice: a source at rest is drawn at rest, and its line does not stop where it moved.
    for value in (0.0, 0.5, 3.0, 3.0):
        desk.frame(Moved({"/bend/1/angle": value}, {1: value, 7: 0.0}))
    assert list(card.trace.values) == [0.0, 0.5, 1.0, 1.0]
    assert card.trace.grab().toImage().width() > 0


def test_a_number_that_has_no_room_to_follow_its_source_is_said_to_stay(desk: Desk) -> None:
    # An amount is 1 at first, its highest: sound, which is 0 and more, moved nothing, and nobody could see why.
    card = desk.choose(desk.add("rotate amount"), "Sound")
    assert desk.routes[0].target == "/bend/1/amount"
    stays = card.stays
    for step in range(40):
        desk.frame(Moved({"/bend/1/amount": 1.0}, {1: (step % 10) / 10}))
        assert stays.isHidden() == (step < 25)
    assert stays.text() == "It stays at 1, its highest: turn it down, or the depth the other way."
    # It goes once the source has come to rest: a picture has no sound.
    for _ in range(301):
        desk.frame(Moved({"/bend/1/amount": 1.0}, {1: 0.0}))
    assert stays.isHidden()
    for step in range(40):
        desk.frame(Moved({"/bend/1/amount": 1.0}, {1: (step % 10) / 10}))
    assert not stays.isHidden()
    # It goes with the first move, and with another setting, of which nothing is known yet.
    desk.frame(Moved({"/bend/1/amount": 0.9}, {1: 0.3}))
    assert stays.isHidden()
    # Silence is no fault, and neither is what swings about a limit, however slowly.
    swing = [math.sin(math.pi * step / 100) for step in range(600)]
    for said in [0.0] * 40 + swing:
        desk.frame(Moved({"/bend/1/amount": min(1.0, 1.0 + 0.3 * said)}, {1: said}))
        assert stays.isHidden()


def test_sliders_mark_where_their_numbers_are_moved_to(desk: Desk, qtbot: QtBot) -> None:
    # A slider whose number a macro has elsewhere looked as if nothing moved it, and turned nothing.
    control, other = Number(0.0, 1.0, 1.0), Number(0.0, 1.0, 0.5)
    give_address(control, "/bend/1/amount")
    give_address(other, "/bend/1/angle")
    for each in (control, other):
        qtbot.addWidget(each)
        each.show()
        qtbot.waitExposed(each)
    still = control.slider.grab().toImage()
    marks = MovedMarks(desk.telemetry)
    desk.telemetry.take(Report((Moved({"/bend/1/amount": 0.25}, {}),)))
    assert (control.slider.moved, other.slider.moved) == (0.25, None)
    assert control.value() == 1.0
    assert control.slider.grab().toImage() != still
    QApplication.sendEvent(control.slider, QHelpEvent(QEvent.Type.ToolTip, QPoint(2, 2), QPoint(2, 2)))
    assert "the handle is where it goes back to" in QToolTip.text()
    assert QToolTip.text().startswith("What moves it"), "it has no tip of its own"
    QToolTip.hideText()
    # What rests has none, seen or not.
    control.hide()
    desk.telemetry.take(Report((Moved(),)))
    assert control.slider.moved is None
    del marks


# -- the whole window --------------------------------------------------------------------------------------------------


@pytest.fixture
def heart(qtbot: QtBot, tmp_path: Path, gl_app: QApplication) -> Iterator[WholeWindow]:
    del gl_app
    made = WholeWindow(qtbot, tmp_path, "heartbeat", "demo", "64")
    yield made
    made.close()


def test_the_window_moves_to_the_sound_of_the_film(heart: WholeWindow, tmp_path: Path) -> None:
    panel = heart.context[MovementPanel]
    (number, *_) = panel.cards
    found: set[float] = set()
    heart.told.on(Moved, lambda moved: found.update(moved.sources.values()))
    # A beat and what follows it: more values than silence has.
    heart.until(lambda: len(found) > 3 and max(found) > 0.2)
    assert heart.told[PlayerState].sound is not None
    assert number in heart.told[Moved].sources
    # A picture has no sound: all rests, and that is said.
    import cv2

    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.full((32, 32, 3), 90, np.uint8))
    heart.live.play(str(picture))
    heart.until(lambda: any("no sound" in text for text in heart.said))
    heart.until(lambda: set(heart.told[Moved].sources.values()) == {0.0})


# -- curves -----------------------------------------------------------------------------------------------------------


def put_curve(card: RouteCard, label: str) -> None:
    """Open the menu of curves and click one."""
    menu = card.curves.add.menu()
    card.curves.add.setFocus()
    [action] = [action for action in menu.actions() if action.text() == label]
    menu.popup(card.curves.add.mapToGlobal(QPoint(0, card.curves.add.height())))
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    QApplication.processEvents()


@pytest.mark.parametrize("kind", CURVES, ids=lambda kind: kind.label)
def test_every_curve_is_added_by_mouse_shown_and_undone(desk: Desk, kind: type[Curve]) -> None:
    card = desk.add()
    before = desk.undoable
    put_curve(card, kind.label)
    assert desk.routes[0].curves == (kind(),)
    assert desk.undoable == before + 1
    assert desk.panel.cards[card.number] is card
    [row] = card.curves.rows
    assert set(row.form.controls) == {field.name for field in fields(kind)} - {"kind"}
    assert row.form.record() == kind()
    desk.document.undo()
    assert card.curves.rows == []


def test_curves_are_turned_ordered_and_removed(desk: Desk, qtbot: QtBot) -> None:
    card = desk.add()
    for label in ("Lag", "Steps", "Power"):
        put_curve(card, label)
    first = card.curves.rows[0]
    control = first.form.controls["seconds"]
    before = desk.undoable
    slider = control.slider  # type: ignore[attr-defined]
    slider.setSliderDown(True)
    for place in (300, 500, 700):
        slider.setValue(place)
    slider.setSliderDown(False)
    assert desk.undoable == before + 1
    assert desk.routes[0].curves[0].seconds == control.value()  # type: ignore[union-attr]
    assert card.curves.rows[0] is first
    assert not first.up.isEnabled()
    qtbot.mouseClick(first.down, LEFT)
    assert [curve.label for curve in desk.routes[0].curves] == ["Steps", "Lag", "Power"]
    qtbot.mouseClick(card.curves.rows[2].up, LEFT)
    assert [curve.label for curve in desk.routes[0].curves] == ["Steps", "Power", "Lag"]
    qtbot.mouseClick(card.curves.rows[1].remove, LEFT)
    assert [curve.label for curve in desk.routes[0].curves] == ["Steps", "Lag"]
    assert "steps · lag" in card.address.whole
    while desk.document.undo():
        pass
    assert desk.routes == ()
