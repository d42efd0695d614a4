"""Fades in the window: opening, snapshots by keys, the crossfader, the pad, and controllers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control.blend import Blend, fade_shares, morph_shares
from studio.control.move import move
from studio.control.quantised import switches_of
from studio.control.window import window_numbers
from studio.io.networks import save_network
from studio.io.presets import load_preset, save_preset
from studio.model.filters.edit import Patch
from studio.model.movement.route import ROUTES
from studio.model.movement.tempo import TEMPO
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.ui.bends.panel import BendsPanel
from studio.ui.fades.panel import FadesPanel
from studio.ui.macros.panel import MacrosPanel
from studio.ui.movement.panel import MovementPanel
from studio.ui.services.choices import FadingChoice
from studio.ui.services.fades import Fades
from studio.ui.services.held import Held

pytestmark = pytest.mark.gl
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def bent(number: int) -> Preset:
    return Preset(f"bent {number}", tiny_network(), {"enc.bias": np.full(6, float(number), np.float32)})


class Beat:
    """The clock by which beats are counted: the studio's, until the test stops it and turns it by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: float | None = None
        now = Fades.now
        monkeypatch.setattr(Fades, "now", lambda fades: now(fades) if self.at is None else self.at)

    def stop(self, fades: Fades) -> None:
        self.at = fades.now()

    def go(self, whole: WholeWindow, to: float) -> None:
        self.at = to
        # What waits for a beat has been told for how long.
        switches_of(whole.document).changed.emit()


@pytest.fixture(autouse=True)
def beat(monkeypatch: pytest.MonkeyPatch) -> Beat:
    return Beat(monkeypatch)


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, beat: Beat) -> Iterator[WholeWindow]:
    del gl_app, beat
    save_network(tiny_network(), tmp_path / "tiny")
    save_network(tiny_network(seed=5), tmp_path / "other")
    for number in (1, 2):
        save_preset(bent(number), tmp_path / f"bent-{number}")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    opened = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "bent-1"), str(tmp_path / "still.png"))
    opened.window.docks["fades"].raise_()
    QApplication.processEvents()
    yield opened
    opened.close()


def fades_of(whole: WholeWindow) -> Fades:
    return whole.context[Fades]


def panel_of(whole: WholeWindow) -> FadesPanel:
    return whole.context[FadesPanel]


def bias(whole: WholeWindow) -> float:
    values = whole.document.tensor("enc.bias")
    assert np.ptp(values) == 0
    return float(values[0])


def test_opening_a_preset_fades_to_it_and_the_picture_follows(whole: WholeWindow, tmp_path: Path, beat: Beat) -> None:
    fades = fades_of(whole)
    fades.choose(FadingChoice(beats=2.0, easing="linear"))
    beat.stop(fades)
    seen = []
    fades.changed.connect(lambda: seen.append(bias(whole)))
    whole.studio.parts.opener.open(tmp_path / "bent-2")
    whole.until(lambda: fades.way is not None)
    assert panel_of(whole).stop.isEnabled()
    way = fades.way
    assert way is not None
    for part in (0.25, 0.5, 0.75):
        beat.go(whole, way.start + part * way.seconds)
        whole.until(lambda part=part: bias(whole) == pytest.approx(1.0 + part))
    beat.go(whole, way.start + way.seconds)
    whole.until(lambda: fades.way is None)
    assert whole.document.path == tmp_path / "bent-2"
    assert not whole.document.unsaved
    assert seen == sorted(seen)
    assert len({value for value in seen if 1.0 < value < 2.0}) >= 3
    assert whole.document.history.labels == ("Open bent 2",)
    # What runs at the end is what a fresh engine makes of the preset.
    from studio.engine.torch.engine import TorchEngine
    from studio.io.sources import open_source
    from studio.runtime.render.frame_runner import FrameRunner

    with open_source(str(tmp_path / "still.png")) as source:
        wanted = FrameRunner(TorchEngine(load_preset(tmp_path / "bent-2").bent))(next(iter(source)).picture)
    np.testing.assert_array_equal(whole.picture(), wanted)
    whole.command("edit.undo")
    assert bias(whole) == 1.0
    assert whole.document.path == tmp_path / "bent-1"


def test_a_cut_is_a_cut_and_another_network_is_open_at_once_while_its_picture_fades_in(
    whole: WholeWindow, tmp_path: Path
) -> None:
    fades = fades_of(whole)
    fades.choose(FadingChoice(beats=64.0))
    whole.studio.parts.opener.open(tmp_path / "bent-2", cut=True)
    whole.until(lambda: whole.document.path == tmp_path / "bent-2")
    assert fades.way is None
    # The slowest, however long a busy machine takes until it is looked at.
    whole.document.set("/tempo/bpm", 20.0)
    before = whole.picture().astype(float)
    whole.studio.parts.opener.open(tmp_path / "other")
    whole.until(lambda: whole.document.path is None)
    assert fades.way is None
    between = whole.picture().astype(float)
    fades.choose(FadingChoice(beats=0.0))
    whole.studio.parts.opener.open(tmp_path / "bent-2")
    whole.until(lambda: whole.document.path is not None)
    whole.studio.parts.opener.open(tmp_path / "other")
    whole.until(lambda: whole.document.path is None)
    after = whole.picture().astype(float)
    # Early in three minutes it is nearer to what was.
    assert np.abs(between - before).mean() < np.abs(between - after).mean()


def test_snapshots_are_taken_and_gone_to_by_keys_and_come_before_favourites(whole: WholeWindow, tmp_path: Path) -> None:
    fades = fades_of(whole)
    whole.studio.parts.session.set_favourite(tmp_path / "bent-2", 3)
    whole.context.tell("favourites")
    whole.window.setFocus()
    whole.key(Qt.Key.Key_3)
    whole.until(lambda: whole.document.path == tmp_path / "bent-2")
    whole.document.set("/tempo/bpm", 90.0)
    whole.key(Qt.Key.Key_3, CTRL)
    assert list(fades.snapshots) == [3]
    whole.document.go(0)
    assert bias(whole) == 1.0
    fades.choose(FadingChoice(beats=1.0))
    whole.key(Qt.Key.Key_3)
    whole.until(lambda: fades.way is not None or bias(whole) == 2.0)
    whole.until(lambda: fades.way is None)
    assert bias(whole) == 2.0
    assert whole.document.get("/tempo/bpm") == 90.0
    # The button does the same, and empty ones take.
    panel = panel_of(whole)
    whole.click(panel.keys[5])
    assert sorted(fades.snapshots) == [3, 5]
    [forget] = [action for action in panel.key_menu(3).actions() if action.text() == "Forget it"]
    forget.trigger()
    assert sorted(fades.snapshots) == [5]


def test_a_fade_stops_where_it_is(whole: WholeWindow, tmp_path: Path) -> None:
    fades = fades_of(whole)
    fades.choose(FadingChoice(beats=64.0, easing="linear"))
    whole.studio.parts.opener.open(tmp_path / "bent-2")
    whole.until(lambda: bias(whole) > 1.0)
    whole.click(panel_of(whole).stop)
    assert fades.way is None
    between = bias(whole)
    assert 1.0 < between < 2.0
    assert whole.document.history.labels == ("Fade to bent 2",)
    whole.command("edit.undo")
    assert bias(whole) == 1.0


def test_the_crossfader_scrubs_in_one_undo(whole: WholeWindow) -> None:
    panel, fades = panel_of(whole), fades_of(whole)
    option = QStyleOptionSlider()
    panel.fader.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    start = panel.fader.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, panel.fader).center()
    # Nothing to go between yet: that is said, and the fader goes back.
    QTest.mousePress(panel.fader, LEFT, NONE, start)
    QTest.mouseMove(panel.fader, start + QPoint(30, 0))
    QTest.mouseRelease(panel.fader, LEFT, NONE, start + QPoint(30, 0))
    assert "Slot B is empty" in whole.said[-1] or "Slot A is empty" in whole.said[-1]
    assert len(whole.document.history) == 0
    assert panel.fader.value() == 0
    whole.click(panel.slots["A"])
    fades.fill("B", Held(bent(2)))
    assert panel.slots["A"].text() == "A bent 1"
    QTest.mousePress(panel.fader, LEFT, NONE, start)
    for way in (10, 20, 30):
        QTest.mouseMove(panel.fader, start + QPoint(way, 0))
    QTest.mouseRelease(panel.fader, LEFT, NONE, start + QPoint(30, 0))
    at = panel.fader.value() / 1000
    assert 0 < at < 1
    assert bias(whole) == pytest.approx(1.0 + at)
    assert whole.document.history.labels == ("Crossfade",)
    panel.fader.setFocus()
    QTest.keyClick(panel.fader, Qt.Key.Key_End)
    assert bias(whole) == 2.0
    assert len(whole.document.history) == 2


def test_the_crossfader_stands_where_what_is_open_lies(whole: WholeWindow) -> None:
    panel, fades = panel_of(whole), fades_of(whole)
    fades.fill("A", Held(bent(2)))
    whole.click(panel.slots["B"])
    # What is open is B now: from there the hand goes on, and nothing jumps to A.
    assert panel.fader.value() == 1000
    assert (fades.across, fades.down) == (1.0, 0.0)
    assert bias(whole) == 1.0
    QTest.keyClick(panel.fader, Qt.Key.Key_PageDown)
    assert panel.fader.value() == 900
    assert bias(whole) == pytest.approx(1.1)
    # A press beside the handle brings it there.
    QTest.mouseClick(panel.fader, LEFT, NONE, QPoint(panel.fader.width() // 4, panel.fader.height() // 2))
    fader = panel.fader
    assert abs(fader.handle().center().x() - fader.width() // 4) <= 1
    assert 100 < fader.value() < 400
    assert bias(whole) == pytest.approx(2.0 - panel.fader.value() / 1000)
    # A fade in time to what lies in a slot ends there, too.
    fades.choose(FadingChoice(beats=0.25))
    held = fades.slots["A"]
    fades.open(held.preset, None)
    whole.until(lambda: fades.way is None)
    assert panel.fader.value() == 0
    whole.click(panel.slots["D"])
    assert (fades.across, fades.down) == (1.0, 1.0)
    # Refused, it stays where it was.
    fades.fill("B", None)
    QTest.mouseClick(panel.fader, LEFT, NONE, QPoint(panel.fader.width() // 4, panel.fader.height() // 2))
    assert "Slot B is empty" in whole.said[-1]
    assert fades.across == 1.0
    assert panel.fader.value() == 1000


def test_the_pad_is_between_four(whole: WholeWindow) -> None:
    panel, fades = panel_of(whole), fades_of(whole)
    held = {letter: bent(number) for number, letter in enumerate("ABCD", start=1)}
    for letter, preset in held.items():
        fades.fill(letter, Held(preset))
    pad = panel.pad
    QTest.mousePress(pad, LEFT, NONE, pad.place_of(0.0, 0.0).toPoint())
    QTest.mouseMove(pad, pad.place_of(0.25, 0.5).toPoint())
    QTest.mouseRelease(pad, LEFT, NONE, pad.place_of(0.25, 0.5).toPoint())
    wanted = Blend(tuple(held.values())).at(morph_shares(fades.across, fades.down))
    assert (fades.across, fades.down) == pytest.approx((0.25, 0.5), abs=0.02)
    np.testing.assert_array_equal(whole.document.tensor("enc.bias"), wanted.changed["enc.bias"])
    assert whole.document.history.labels == ("Crossfade",)
    before = fades.across
    pad.setFocus()
    QTest.keyClick(pad, Qt.Key.Key_Right)
    assert fades.across == pytest.approx(before + 0.05)


def test_controllers_turn_the_fader(whole: WholeWindow) -> None:
    fades, names = fades_of(whole), whole.studio.controllers.hub.names
    assert "/fade" not in names.numbers()
    fades.fill("A", Held(bent(1)))
    fades.fill("B", Held(bent(2)))
    assert "/fade" in names.numbers()
    for value in (0.2, 0.4, 0.5):
        names.turn("/fade", value)
    assert bias(whole) == pytest.approx(1.5)
    whole.until(lambda: whole.document.gesture is None)
    assert whole.document.history.labels == ("Crossfade",)
    wanted = Blend((bent(1), bent(2))).at(fade_shares(0.5))
    np.testing.assert_array_equal(whole.document.tensor("enc.bias"), wanted.changed["enc.bias"])


def test_a_cut_can_wait_for_the_bar(whole: WholeWindow, tmp_path: Path, beat: Beat) -> None:
    fades = fades_of(whole)
    whole.document.set("/tempo/bpm", 60.0)
    beat.stop(fades)
    fades.choose(FadingChoice(beats=0.0, quantum="bar"))
    whole.studio.parts.opener.open(tmp_path / "bent-2")
    whole.until(lambda: fades.way is not None or bias(whole) == 2.0)
    way = fades.way
    assert way is not None
    assert way.start % 4.0 == pytest.approx(0.0, abs=1e-6)
    assert "Waits to fade" in panel_of(whole).where.whole
    beat.go(whole, way.start - 0.01)
    whole.qtbot.wait(200)
    assert fades.way is way
    beat.go(whole, way.start)
    whole.until(lambda: fades.way is None)
    assert whole.document.path == tmp_path / "bent-2"


def test_a_route_moves_the_fader_and_stays_while_it_goes_between_presets_without_one(whole: WholeWindow) -> None:
    fades, names = fades_of(whole), whole.studio.controllers.hub.names
    routes, _ = move((), "/fade", "lfo", shape="saw up", rate=0.5, depth=0.4, base=0.5)
    whole.document.set_section(ROUTES, routes, "Move the fader")
    # It waits for the slots to be filled, and says so.
    card = whole.context[MovementPanel].cards[1]
    assert card.name.whole == "Fade: not there yet"
    fades.fill("A", Held(bent(1)))
    fades.fill("B", Held(bent(2)))
    assert card.name.whole == "Fade"
    seen: list[float] = []
    fades.changed.connect(lambda: seen.append(fades.across))
    whole.until(lambda: len({round(each, 3) for each in seen}) > 8)
    assert 0.1 <= min(seen) < max(seen) <= 0.9
    assert whole.document.section(ROUTES) == routes
    assert bias(whole) == pytest.approx(1.0 + fades.across)
    # A hand that drags something meanwhile keeps an item of the history of its own.
    whole.document.finish_gesture()
    items = len(whole.document.history)
    gesture = whole.document.begin("Tempo")
    count = len(seen)
    whole.until(lambda: len(seen) > count + 3)
    assert gesture.is_open
    gesture.commit()
    assert len(whole.document.history) == items + 1
    # Undo goes on to what was done before, though the fader moves again at once; so does redo.
    whole.document.set("/tempo/bpm", 60.0)
    count = len(seen)
    whole.until(lambda: len(seen) > count + 3)
    assert whole.document.gesture is not None
    while whole.document.section(ROUTES):
        assert whole.document.undo()
    assert whole.document.redo()
    assert whole.document.section(ROUTES) == routes
    count = len(seen)
    whole.until(lambda: len(seen) > count + 3)
    # Taken away, the fader stays where it is, and so does what is open: going back would be another change.
    whole.document.set_section(ROUTES, (), "Remove")
    across = fades.across
    whole.until(lambda: whole.document.gesture is None)
    assert names.get("/fade") == fades.across == across
    assert bias(whole) == pytest.approx(1.0 + across)
    assert whole.document.history.labels[-1] == "Remove"


def move_the_pad(whole: WholeWindow) -> Fades:
    """All slots are filled, and a route goes from left to right."""
    fades = fades_of(whole)
    for number, letter in enumerate("ABCD", start=1):
        fades.fill(letter, Held(bent(number)))
    routes, _ = move((), "/morph/x", "lfo", rate=1.0, depth=0.4, base=0.5)
    whole.document.set_section(ROUTES, routes, "Move the pad")
    places: set[float] = set()
    fades.changed.connect(lambda: places.add(round(fades.across, 3)))
    whole.until(lambda: len(places) > 4)
    return fades


def test_what_is_opened_while_a_route_moves_the_pad_stays_as_it_was_opened(whole: WholeWindow) -> None:
    fades = move_the_pad(whole)
    whole.document.load(bent(9))
    whole.until(lambda: not fades._rest.isActive())
    whole.qtbot.wait(200)
    assert bias(whole) == 9.0
    assert whole.document.history.labels[-1] == "Open bent 9"
    # Undone, what was there before is there again, and the pad moves on.
    whole.command("edit.undo")
    count = fades.across
    whole.until(lambda: fades.across != count)
    # So is a movement that is undone.
    whole.document.load(bent(9))
    whole.command("edit.undo")
    while whole.document.section(ROUTES):
        assert whole.document.undo()
    whole.until(lambda: not fades._rest.isActive())
    assert bias(whole) == 1.0
    assert whole.document.redo()
    assert whole.document.section(ROUTES)


def test_a_macro_at_the_fader_leaves_what_is_opened_painted_and_undone_until_it_is_turned(whole: WholeWindow) -> None:
    fades, document = fades_of(whole), whole.document
    fades.fill("A", Held(bent(1)))
    fades.fill("B", Held(bent(2)))
    whole.context[MacrosPanel].aim("/fade")
    whole.until(lambda: "/fade" in whole.studio.controllers.hub.names.numbers())
    document.set("/macro/1", 0.5)
    whole.until(lambda: fades.across == pytest.approx(0.5))
    document.finish_gesture()
    with_macro = document.preset()
    document.apply("Paint", "enc.bias", Patch(Rect(0, 0, 1, 6), np.full((1, 6), 7.0, np.float32)))
    document.set("/macro/1", 0.75)
    whole.until(lambda: fades.across == pytest.approx(0.75))
    whole.until(lambda: not fades._rest.isActive())
    items = len(document.history)
    # As long as undo lasts the macro has not been told of: what it tells then is old.
    while document.get("/macro/1") != 0.5:
        assert document.undo()
    whole.qtbot.wait(700)
    assert bias(whole) == 7.0
    assert len(document.history) == items
    # A preset that is saved with a macro at the fader is opened as it is, until the macro is turned.
    document.load(replace(with_macro, changed=bent(9).changed))
    whole.qtbot.wait(700)
    assert bias(whole) == 9.0
    document.set("/macro/1", 0.25)
    whole.until(lambda: fades.across == pytest.approx(0.25))
    assert bias(whole) == pytest.approx(1.25)


def test_what_waits_for_the_bar_outlives_a_moved_pad_but_not_something_else_that_is_opened(
    whole: WholeWindow, tmp_path: Path, beat: Beat
) -> None:
    fades = move_the_pad(whole)
    whole.document.set("/tempo/bpm", 60.0)
    beat.stop(fades)
    fades.choose(FadingChoice(beats=0.0, quantum="bar"))
    network = whole.document.network
    whole.studio.parts.opener.open(tmp_path / "other")
    whole.until(lambda: fades.way is not None)
    way, count = fades.way, fades.across
    assert way is not None
    whole.until(lambda: fades.across != count)
    beat.go(whole, way.start + 0.5)
    whole.until(lambda: whole.document.network is not network)
    assert fades.way is None
    whole.studio.parts.opener.open(tmp_path / "bent-1")
    whole.until(lambda: fades.way is not None)
    whole.studio.parts.opener.open(tmp_path / "other", cut=True)
    whole.until(lambda: fades.way is None)
    assert "waits for its beat no more" in whole.said[-1]
    other = whole.document.network
    beat.go(whole, fades.now() + 4.2)
    whole.qtbot.wait(200)
    assert whole.document.network is other


def test_a_switch_that_waits_is_not_thrown_in_what_is_opened_meanwhile(whole: WholeWindow) -> None:
    fades, document = fades_of(whole), whole.document
    document.set("/tempo/bpm", 120.0)
    document.add_stage("enc", make_bend("Rotate", {}))
    fades.choose(FadingChoice(switches="bar"))
    whole.studio.controllers.hub.names.turn("/bend/1/on", 0.0)
    assert switches_of(document).waiting
    opened = document.preset()
    document.load(replace(opened, name="opened"))
    assert not switches_of(document).waiting
    whole.qtbot.wait(2200)
    assert document.stages[0].on
    assert document.history.labels[-1] == "Open opened"


def test_nothing_moves_any_more_once_the_window_is_closed(whole: WholeWindow) -> None:
    fades = move_the_pad(whole)
    assert whole.document.gesture is not None
    fades.close()
    assert not fades._rest.isActive()
    assert whole.document.gesture is None


def test_a_macro_and_a_route_move_the_zoom_and_leave_it_as_it_was(whole: WholeWindow) -> None:
    names = whole.studio.controllers.hub.names
    names.set("/view/zoom", 2.0)
    routes, _ = move((), "/view/zoom", "lfo", shape="square", rate=2.0, depth=0.1)
    whole.document.set_section(ROUTES, routes, "Move the zoom")
    seen: set[float] = set()

    def look() -> bool:
        seen.add(round(whole.viewport.camera.zoom, 2))
        return {0.41, 3.59} <= seen

    whole.until(look)
    whole.document.set_section(ROUTES, (), "Remove")
    whole.until(lambda: whole.viewport.camera.zoom == 2.0)
    whole.context[MacrosPanel].aim("/view/zoom")
    whole.document.set("/macro/1", 1.0)
    whole.until(lambda: whole.viewport.camera.zoom == pytest.approx(16.0))


def test_every_number_of_the_window_is_declared_where_it_is_listed(whole: WholeWindow) -> None:
    fades, names = fades_of(whole), whole.studio.controllers.hub.names
    for letter in "ABCD":
        fades.fill(letter, Held(bent(1)))
    # What is pressed and chosen in panels is as the window has it, and commands are listed with theirs.
    own, pressed = {each.address for each in whole.document.numbers()}, ("/command/", "/panel/")
    values = names.listed().items()
    there = {each: number for each, (number, _) in values if each not in own and not each.startswith(pressed)}
    assert there == {number.address: number for number in window_numbers()}


def test_snapshots_are_there_at_the_next_start(whole: WholeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    fades = fades_of(whole)
    whole.studio.parts.session.set_favourite(tmp_path / "bent-2", 4)
    whole.document.set("/tempo/bpm", 77.0)
    fades.take(4)
    assert whole.said[-1].endswith("the key 4 goes to it, before the favourite “bent-2”.")
    fades.take(6)
    fades.drop(6)
    kept = tmp_path / "home" / "snapshots" / "4" / "preset.json"
    whole.until(lambda: kept.is_file() and not whole.studio.parts.worker.pending)
    again = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "bent-2"), str(tmp_path / "still.png"))
    try:
        found = again.context[Fades]
        again.until(lambda: found.snapshots)
        assert list(found.snapshots) == [4]
        assert found.snapshots[4].preset.network is again.document.network
        again.window.setFocus()
        again.key(Qt.Key.Key_4)
        again.until(lambda: again.document.get("/tempo/bpm") == 77.0)
        assert np.all(again.document.tensor("enc.bias") == 1.0)
    finally:
        again.close()


def test_switches_wait_for_the_bar_show_it_and_pressed_again_stay(whole: WholeWindow, beat: Beat) -> None:
    fades, document = fades_of(whole), whole.document
    document.set("/tempo/bpm", 120.0)
    beat.stop(fades)

    def bar() -> float:
        """Shortly behind the beginning of the next one."""
        return document.section(TEMPO).next(fades.now(), 4.0) + 0.001

    document.add_stage("enc", make_bend("Rotate", {}))
    whole.workspace.choose("enc")
    whole.window.docks["bends"].raise_()
    QApplication.processEvents()
    panel = panel_of(whole)
    panel.switches.setCurrentIndex(2)
    panel.switches.activated.emit(2)
    assert fades.choice.switches == "bar"
    card = whole.context[BendsPanel].cards[1]
    whole.click(card.on)
    assert document.stages[0].on
    assert card.on.isChecked()
    assert card.on.property("picture") == "hourglass-medium"
    whole.click(card.on)
    assert card.on.property("picture") == "power"
    whole.click(card.on)
    # On the first beat of a bar, and never before it.
    beat.go(whole, bar() - 0.01)
    whole.qtbot.wait(100)
    assert document.stages[0].on
    beat.go(whole, bar())
    whole.until(lambda: not document.stages[0].on)
    assert card.on.property("picture") == "power"
    assert not card.on.isChecked()
    assert document.history.labels[-1] == "Bypass Rotate"
    # A layer and all bends likewise.
    whole.command("layer.bypass")
    assert not document.bypassed
    beat.go(whole, bar())
    whole.until(lambda: document.bypassed == {"enc"})
    whole.context[BendsPanel].toggle_all()
    assert not document.stages[0].on
    beat.go(whole, bar())
    whole.until(lambda: document.stages[0].on)


def test_a_preset_of_another_network_waits_for_the_bar_too(whole: WholeWindow, tmp_path: Path, beat: Beat) -> None:
    fades = fades_of(whole)
    fades.choose(FadingChoice(beats=1.0, quantum="bar"))
    whole.document.set("/tempo/bpm", 200.0)
    beat.stop(fades)
    network = whole.document.network
    whole.studio.parts.opener.open(tmp_path / "other")
    whole.until(lambda: fades.way is not None)
    way = fades.way
    assert way is not None
    assert whole.document.network is network
    assert "Waits to fade" in panel_of(whole).where.whole
    assert way.start % 1.2 == pytest.approx(0.0, abs=1e-6)
    beat.go(whole, way.start - 0.01)
    whole.qtbot.wait(200)
    assert fades.way is way
    beat.go(whole, way.start)
    whole.until(lambda: whole.document.network is not network)
    assert fades.way is None
    # What is opened last is opened, whatever waits.
    whole.studio.parts.opener.open(tmp_path / "bent-1")
    whole.until(lambda: fades.way is not None)
    fades.choose(FadingChoice(beats=0.1))
    assert fades.open(Preset("again", whole.document.network, {}), None)
    beat.go(whole, fades.now() + 10.0)
    whole.until(lambda: fades.way is None)
    assert whole.document.name == "again"
    other = whole.document.network
    fades.choose(FadingChoice(beats=1.0, quantum="bar"))
    # Stopped in time, nothing is opened.
    whole.studio.parts.opener.open(tmp_path / "bent-2")
    whole.until(lambda: fades.way is not None)
    whole.click(panel_of(whole).stop)
    assert fades.way is None
    other = whole.document.network
    beat.go(whole, fades.now() + 1.4)
    whole.qtbot.wait(200)
    assert whole.document.network is other


def test_long_names_leave_the_crossfader_all_its_way(whole: WholeWindow) -> None:
    panel, fades = panel_of(whole), fades_of(whole)
    for letter in "AB":
        fades.fill(letter, Held(replace(bent(1), name="a preset with a name")))
    panel.setParent(None)
    panel.resize(240, 500)
    panel.show()
    # As wide as the panel is in a window of 1280 pixels, where 49 were left.
    whole.until(lambda: panel.width() == 240)
    QApplication.processEvents()
    assert panel.fader.width() > 200
    assert panel.pad.height() > 40
