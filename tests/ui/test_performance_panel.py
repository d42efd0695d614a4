"""Performances at the window: recorded by one key, dragged on the timeline, played again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.performances import load_performance, save_performance
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.networks.changes import Opened
from studio.model.networks.preset import Preset
from studio.model.performances.performance import (
    Arranged,
    Ended,
    Faded,
    Mixed,
    NetworkOpened,
    Performance,
    Signalled,
    Take,
    Turned,
)
from studio.model.performances.score import Score
from studio.runtime.live.orders import Order
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.taking import BeginTake, Performing
from studio.ui.performance.lanes import CURVE, HEAD, RULER, lanes
from studio.ui.performance.panel import PerformancePanel
from studio.ui.performance.stage_hand import StageHand
from studio.ui.performance.timeline import Timeline
from studio.ui.services.choices import FadingChoice
from studio.ui.services.fades import Fades

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def performance(network: str) -> Performance:
    turns = [Turned(1.0, "/bend/1/angle", 0.0), Turned(5.0, "/bend/1/angle", 90.0, glides=True)]
    other = [Turned(k / 50, "/bend/1/amount", k / 500) for k in range(400)]
    events = sorted([*turns, *other, Signalled(2.0, "osc/a", 1.0), Ended(10.0)], key=lambda event: event.time)
    return Performance(network, "p", tuple(events), take=Take(source="demo", size="256"))


class Desk:
    """A timeline of a document with one bend."""

    def __init__(self, qtbot: QtBot) -> None:
        from helpers import tiny_network

        self.document = Document(Preset("p", tiny_network(), {}))
        self.document.add_stage("enc", make_bend("Rotate", {}))
        self.score = Score()
        self.timeline = Timeline(self.document, self.score)
        qtbot.addWidget(self.timeline)
        self.timeline.resize(HEAD + 10 + 1000, 300)
        self.timeline.show()
        qtbot.waitExposed(self.timeline)
        self.score.open(performance(self.document.network.sha256()))
        self.words: list[str] = []
        self.timeline.hovered.connect(self.words.append)

    def at(self, address: str, place: int) -> QPoint:
        lane = self.timeline.lane(address)
        assert lane is not None
        turn = lane.turns[place]
        return QPointF(self.timeline.x_of(turn.time), lane.y(turn.value)).toPoint()

    def drag(self, start: QPoint, end: QPoint, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.mousePress(self.timeline, LEFT, modifier, start)
        QTest.mouseMove(self.timeline, (start + end) / 2)
        self.move(end, modifier)
        QTest.mouseRelease(self.timeline, LEFT, modifier, end)

    def move(self, end: QPoint, modifier: Qt.KeyboardModifier) -> None:
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QMouseEvent

        where = QPointF(end)
        event = QMouseEvent(QEvent.Type.MouseMove, where, where, Qt.MouseButton.NoButton, LEFT, modifier)
        QApplication.sendEvent(self.timeline, event)

    def turns(self, address: str = "/bend/1/angle") -> list[tuple[float, float]]:
        assert self.score.performance is not None
        return list(self.score.performance.automation(address))


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_lanes_stand_one_below_the_other_with_marks_last(desk: Desk) -> None:
    assert [(lane.label, lane.top) for lane in desk.timeline.lanes] == [
        ("Rotate amount", RULER),
        ("Rotate angle", RULER + CURVE),
        ("Signals", RULER + 2 * CURVE),
    ]
    unknown = lanes(performance("0" * 64), lambda _: None)
    assert [lane.label for lane in unknown] == ["/bend/1/amount", "/bend/1/angle", "Signals"]
    assert unknown[1].points == ((1.0, 0.0), (5.0, 90.0))


def test_a_keyframe_is_dragged_as_one_edit_and_never_past_its_neighbour(desk: Desk) -> None:
    start = desk.at("/bend/1/angle", 1)
    lane = desk.timeline.lane("/bend/1/angle")
    assert lane is not None
    desk.drag(start, QPoint(round(desk.timeline.x_of(7.0)), round(lane.y(45.0))))
    (_, (time, value)) = desk.turns()
    assert time == pytest.approx(7.0, abs=0.02)
    assert value == pytest.approx(45.0, abs=12)
    assert "Rotate angle (/bend/1/angle)" in desk.words[-1]
    desk.drag(desk.at("/bend/1/angle", 1), QPoint(HEAD, RULER + CURVE + 10))
    assert desk.turns()[1][0] == 1.0
    desk.score.undo()
    desk.score.undo()
    assert desk.turns() == [(1.0, 0.0), (5.0, 90.0)]
    desk.drag(desk.at("/bend/1/angle", 1), QPoint(HEAD + 900, RULER + CURVE + 30), Qt.KeyboardModifier.ShiftModifier)
    assert desk.turns()[1][0] == 5.0


def test_a_double_click_adds_one_and_the_menu_removes_thins_and_takes_out(desk: Desk, qtbot: QtBot) -> None:
    place = QPoint(round(desk.timeline.x_of(3.0)), RULER + CURVE + 8)
    QTest.mouseDClick(desk.timeline, LEFT, NONE, place)
    assert len(desk.turns()) == 3
    # It is chosen, as one that is dragged is: keys go on with it, and what it is stands first, where there is room.
    time, value = desk.turns()[1]
    assert desk.words[-1] == f"{value:.4g}° at {time:.2f} s: Rotate angle (/bend/1/angle)"
    qtbot.keyClick(desk.timeline, Qt.Key.Key_Delete)
    assert desk.turns() == [(1.0, 0.0), (5.0, 90.0)]
    desk.score.undo()
    menu = desk.timeline.menu_at(QPointF(desk.at("/bend/1/angle", 1)))
    assert menu is not None
    names = [action.text() for action in menu.actions() if action.text()]
    assert names == ["Remove this keyframe", "Jump here", "Keep few keyframes", "Take /bend/1/angle out"]
    menu.actions()[0].trigger()
    assert desk.turns() == [(1.0, 0.0), (5.0, 90.0)]
    menu = desk.timeline.menu_at(QPointF(HEAD + 500, RULER + 10))
    assert menu is not None
    few = next(action for action in menu.actions() if action.text() == "Keep few keyframes")
    few.trigger()
    assert len(desk.turns("/bend/1/amount")) == 2
    menu = desk.timeline.menu_at(QPointF(HEAD + 500, RULER + 10))
    assert menu is not None
    menu.actions()[-1].trigger()
    assert desk.turns("/bend/1/amount") == []
    assert desk.timeline.menu_at(QPointF(HEAD + 500, RULER + CURVE + 10)) is None


def test_a_part_is_chosen_along_the_times_and_cut_out(desk: Desk) -> None:
    desk.drag(QPoint(HEAD + 200, 8), QPoint(HEAD + 600, 8))
    assert desk.score.selection == pytest.approx((2.0, 6.0))
    desk.score.cut()
    assert desk.turns() == [(1.0, 0.0)]
    assert desk.score.performance is not None
    assert desk.score.performance.seconds == pytest.approx(6.0)


def test_keys_choose_move_and_remove_keyframes(desk: Desk) -> None:
    desk.timeline.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(desk.timeline, key)
    assert "Rotate angle" in desk.words[-1]
    QTest.keyClick(desk.timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(desk.timeline, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    (_, (time, value)) = desk.turns()
    assert time == pytest.approx(4.96)
    assert value < 90.0
    QTest.keyClick(desk.timeline, Qt.Key.Key_Delete)
    assert desk.turns() == [(1.0, 0.0)]


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    from helpers import tiny_network

    from studio.io.networks import save_network

    save_network(tiny_network(), tmp_path / "tiny")
    made = WholeWindow(qtbot, tmp_path, str(tmp_path / "tiny"), "demo", "64")
    yield made
    made.close()


@pytest.mark.gl
def test_one_key_records_film_and_performance_and_another_plays_it_again(whole: WholeWindow, tmp_path: Path) -> None:
    panel, hand, score = whole.context[PerformancePanel], whole.context[StageHand], whole.context[Score]
    whole.recorder.choose_folder(str(tmp_path))
    whole.document.add_stage("enc", make_bend("Rotate", {}))
    dock = whole.window.docks["performance"]
    assert dock.isHidden()
    whole.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    whole.until(lambda: hand.records)

    def lasts(seconds: float) -> None:
        """Until the performance is as long: what was turned before is in it."""
        whole.until(lambda: whole.told[Performing].seconds >= seconds)

    for number, angle in enumerate((10.0, 20.0, 30.0), 1):
        whole.document.set("/bend/1/angle", angle)
        lasts(0.2 * number)
    whole.document.set_bypassed("act", True)
    # So long that it is not over before this test has turned something while it is played.
    lasts(2.0)
    whole.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    whole.until(lambda: score.performance is not None)
    whole.until(lambda: (status := whole.told[Recording].status) is not None and status.finished)
    assert score.path is not None
    assert score.path.parent == tmp_path
    assert load_performance(score.path).automation("/bend/1/angle")[-1][1] == 30.0
    assert sorted(file.name for file in tmp_path.glob("tiny *")) == [f"{score.path.stem}.mp4", score.path.name]
    whole.document.set_bypassed("act", False)
    whole.document.set("/bend/1/angle", 0.0)
    whole.key(Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert hand.plays
    whole.until(lambda: not hand.plays)
    assert whole.document.get("/bend/1/angle") == 30.0
    assert whole.document.bypassed == {"act"}
    assert whole.document.history.labels[-1] == "Play the performance"
    panel.copy_command()
    assert "--performance" in QGuiApplication.clipboard().text()
    assert "--size 128" in QGuiApplication.clipboard().text()
    # An overdub ends by itself, with what was turned meanwhile in place of what was turned.
    first, length = score.path, score.performance.seconds
    hand.overdub()
    whole.until(lambda: hand.records)
    whole.document.set("/bend/1/angle", 44.0)
    whole.until(lambda: score.path != first and not hand.records)
    assert score.performance is not None
    values = [value for _, value in score.performance.automation("/bend/1/angle")]
    assert 44.0 in values
    assert values[-1] == 44.0
    # Played from the first frame of what is recorded, it is as long; how late that comes is all the same.
    assert score.performance.seconds > length - 1e-6
    assert first.exists()
    # On another preset of the network it is said, and that one comes back.
    heard = len(whole.said)
    whole.document.load(Preset("another", whole.document.network, {}), None)
    whole.key(Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert hand.plays
    assert 'It was played on the preset "tiny"; one undo brings "another" back.' in whole.said[heard:]
    whole.until(lambda: not hand.plays)
    assert whole.document.get("/bend/1/angle") == 44.0
    whole.document.undo()
    assert not whole.document.section(STAGES)
    assert not whole.document.bypassed


def turned(whole: WholeWindow) -> Performance:
    """Half a second of the open network, opened to be played."""
    whole.document.add_stage("enc", make_bend("Rotate", {}))
    found = Performance(
        whole.document.network.sha256(), whole.document.name, (Turned(0.1, "/bend/1/angle", 75.0), Ended(0.5)),
        take=Take(source="demo", size="64"),
    )  # fmt: skip
    whole.context[Score].open(found)
    return found


@pytest.mark.gl
def test_an_overdub_waits_for_its_first_frame_however_late_that_is(
    whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, score = whole.context[StageHand], whole.context[Score]
    whole.recorder.choose_folder(str(tmp_path))
    length, held, order = turned(whole).seconds, [], whole.live.order

    def hold(each: Order) -> None:
        held.append(each) if isinstance(each, BeginTake) else order(each)

    # The render thread is busy, and an hour goes by.
    passed = [0.0]
    monkeypatch.setattr("studio.ui.performance.stage_hand.monotonic", lambda: monotonic() + passed[0])
    monkeypatch.setattr(whole.live, "order", hold)
    hand.overdub()
    passed[0] = 3600.0
    whole.until(lambda: "The overdub waits for the first frame that is recorded." in whole.said)
    (take,) = held
    assert hand.plays
    assert score.position == 0.0
    assert whole.document.get("/bend/1/angle") != 75.0
    order(take)
    whole.until(lambda: score.path is not None and not hand.records)
    assert score.performance is not None
    assert score.performance.seconds > length - 1e-6
    assert score.performance.automation("/bend/1/angle")[-1][1] == 75.0
    assert sum("overdub waits" in text for text in whole.said) == 1


@pytest.mark.gl
def test_an_overdub_that_cannot_be_recorded_ends_and_says_so(
    whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, score = whole.context[StageHand], whole.context[Score]
    whole.recorder.choose_folder(str(tmp_path))
    turned(whole)

    def refuse(*_: object, **__: object) -> None:
        raise StudioError("There is no such codec.")

    with monkeypatch.context() as refused:
        refused.setattr("studio.runtime.live.output_writer.LiveRecorder", refuse)
        hand.overdub()
        assert hand.plays
        whole.until(lambda: not hand.plays)
    assert not hand.records
    assert "There is no such codec." in whole.said
    assert whole.said[-1] == "The overdub ends before it began: it could not be recorded."
    assert list(tmp_path.glob("*.performance")) == []
    # The next one begins all the same.
    hand.overdub()
    whole.until(lambda: score.path is not None and not hand.records)


@pytest.mark.gl
def test_another_network_is_opened_again_when_it_is_played(whole: WholeWindow, tmp_path: Path) -> None:
    from helpers import tiny_network

    from studio.io.networks import save_network

    save_network(tiny_network(seed=5), tmp_path / "other")
    panel, hand, score = whole.context[PerformancePanel], whole.context[StageHand], whole.context[Score]
    whole.recorder.choose_folder(str(tmp_path))
    whole.context[Fades].choose(FadingChoice(beats=1.0))
    first = whole.document.network.sha256()
    hand.toggle_record()
    whole.until(lambda: whole.told[Performing].seconds > 0.2)
    whole.studio.parts.opener.open(tmp_path / "other")
    whole.until(lambda: whole.document.network.sha256() != first)
    second = whole.document.network.sha256()
    seconds = whole.told[Performing].seconds
    whole.until(lambda: whole.told[Performing].seconds > seconds + 0.5)
    whole.document.add_stage("enc", make_bend("Rotate", {}))
    whole.document.set("/bend/1/angle", 45.0)
    whole.until(lambda: whole.told[Performing].seconds > seconds + 0.8)
    hand.toggle_record()
    whole.until(lambda: score.performance is not None)
    assert score.performance is not None
    _, scene = score.performance.scenes()
    assert scene.opened is not None
    assert (scene.opened.network, scene.opened.weights) == (second, str(tmp_path / "other"))
    assert scene.opened.seconds == pytest.approx(0.5)
    assert "Networks" in [lane.label for lane in panel.timeline.lanes]
    # Played from its beginning, the first network is open again, and then the second.
    networks: list[str] = []
    whole.document.changed.connect(
        lambda change: networks.append(whole.document.network.sha256()) if isinstance(change, Opened) else None
    )
    hand.toggle_play()
    whole.until(lambda: hand.plays)
    whole.until(lambda: not hand.plays)
    assert networks == [first, second]
    assert whole.document.get("/bend/1/angle") == 45.0
    # What has gone is said, and nothing is played.
    (tmp_path / "other").rename(tmp_path / "gone")
    hand.toggle_play()
    whole.until(lambda: "is not found at" in whole.studio.messages.text)
    assert not hand.plays


@pytest.mark.gl
def test_a_broken_file_is_said_and_what_is_open_stays(whole: WholeWindow, tmp_path: Path) -> None:
    panel, score = whole.context[PerformancePanel], whole.context[Score]
    made = performance(whole.document.network.sha256())
    save_performance(made, tmp_path / "a.performance")
    panel.open_file(tmp_path / "a.performance")
    whole.until(lambda: score.performance is not None)
    (tmp_path / "b.performance").write_text("nonsense", "utf-8")
    panel.open_file(tmp_path / "b.performance")
    whole.until(lambda: "this is no performance" in whole.studio.messages.text)
    assert score.path == tmp_path / "a.performance"
    score.set_turns("/bend/1/angle", ())
    panel.copy_command()
    assert "Save the performance first" in whole.studio.messages.text
    panel.save_file(tmp_path / "c.performance")
    whole.until(lambda: score.path == tmp_path / "c.performance")
    assert load_performance(tmp_path / "c.performance").addresses() == ("/bend/1/amount",)


def faded(desk: Desk) -> Performance:
    fades = [Faded(1.0, (1, 2), ()), Mixed(1.0, (1.0, 0.0)), Mixed(3.0, (0.5, 0.5)), Mixed(5.0, (0.0, 1.0))]
    fades += [Faded(6.0, (1, 2, 3, 4), (), by_hand=True), Mixed(6.0, (0.25, 0.25, 0.25, 0.25))]
    before = desk.score.performance
    assert before is not None
    made = replace(before, events=tuple(sorted((*before.events, *fades), key=lambda event: event.time)))
    desk.score.open(made)
    return made


def steps(desk: Desk) -> list[Mixed]:
    assert desk.score.performance is not None
    return [event for event in desk.score.performance.events if isinstance(event, Mixed)]


def begun(desk: Desk) -> list[float]:
    assert desk.score.performance is not None
    return [event.time for event in desk.score.performance.events if isinstance(event, Faded)]


def signals(desk: Desk) -> list[float]:
    assert desk.score.performance is not None
    return [event.time for event in desk.score.performance.events if isinstance(event, Signalled)]


def test_fades_are_a_curve_whose_steps_are_dragged(desk: Desk) -> None:
    made = faded(desk)
    lane = desk.timeline.lanes[2]
    assert (lane.label, lane.top, lane.address) == ("Fades", RULER + 2 * CURVE, "")
    assert lane.points == ((1.0, 0.0), (3.0, 0.5), (5.0, 1.0), (6.0, 1.0), (6.0, 0.75))
    start = QPoint(round(desk.timeline.x_of(3.0)), round(lane.y(0.5)))
    desk.drag(start, QPoint(round(desk.timeline.x_of(4.0)), round(lane.y(0.25))))
    [_, moved, _, morph] = steps(desk)
    assert moved.time == pytest.approx(4.0, abs=0.02)
    assert moved.shares == pytest.approx((0.75, 0.25), abs=0.03)
    assert "Fade: 2" in desk.words[-1]
    # Never past its neighbours, nor out of its fade; a morph keeps how its others stand to each other.
    desk.drag(QPoint(round(desk.timeline.x_of(moved.time)), round(lane.y(0.25))), QPoint(HEAD, RULER + 2 * CURVE))
    assert steps(desk)[1].time == 1.0
    assert steps(desk)[1].shares == (0.0, 1.0)
    desk.score.undo()
    desk.drag(QPoint(round(desk.timeline.x_of(6.0)), round(lane.y(0.75))), QPoint(HEAD, round(lane.y(0.3))))
    morph = steps(desk)[3]
    assert morph.time == 6.0
    assert morph.shares == pytest.approx((0.7, 0.1, 0.1, 0.1), abs=0.03)
    for _ in range(2):
        desk.score.undo()
    assert desk.score.performance is made
    # A double click adds none; there is nothing to be reached in a straight line.
    QTest.mouseDClick(desk.timeline, LEFT, NONE, start + QPoint(200, 20))
    assert desk.score.performance is made
    desk.timeline.setFocus()
    QTest.mouseClick(desk.timeline, LEFT, NONE, start)
    QTest.keyClick(desk.timeline, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(desk.timeline, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert steps(desk)[1].time == pytest.approx(3.08)
    QTest.keyClick(desk.timeline, Qt.Key.Key_Delete)
    assert [step.time for step in steps(desk)] == [1.0, 5.0, 6.0]


def test_the_curve_of_a_fade_bends_where_it_is_dragged(desk: Desk) -> None:
    before = desk.score.performance
    assert before is not None
    fades = [Faded(2.0, (1, 2), ()), *(Mixed(2.0 + k / 5, (1.0 - k / 10, k / 10)) for k in range(11))]
    desk.score.open(replace(before, events=tuple(sorted((*before.events, *fades), key=lambda event: event.time))))
    lane = desk.timeline.lanes[2]
    start = QPoint(round(desk.timeline.x_of(3.0)), round(lane.y(0.5)))
    desk.drag(start, QPoint(round(desk.timeline.x_of(3.5)), round(lane.y(0.9))))
    found = [(step.time, step.shares[1]) for step in steps(desk)]
    assert found[0] == (2.0, 0.0)
    assert found[-1] == (4.0, 1.0)
    assert any(each == pytest.approx((3.5, 0.9), abs=0.03) for each in found)
    assert [time for time, _ in found] == sorted(time for time, _ in found)
    parts = dict(found)
    assert parts[min(parts, key=lambda time: abs(time - 2.6))] == pytest.approx(0.2 + 0.4 * 0.4, abs=0.03)
    assert parts[min(parts, key=lambda time: abs(time - 3.8))] == pytest.approx(0.8 + 0.4 * 0.4, abs=0.03)
    # Its end goes as far as there is room, and the curve with it.
    end = QPoint(round(desk.timeline.x_of(4.0)), round(lane.y(1.0)))
    desk.drag(end, QPoint(round(desk.timeline.x_of(6.0)), round(lane.y(1.0))))
    found = [(step.time, step.shares[1]) for step in steps(desk)]
    assert found[0] == (2.0, 0.0)
    assert found[-1][0] == pytest.approx(6.0, abs=0.02)
    # Where steps come apart there are more of them, as far apart as they were.
    assert len(found) > 20
    assert max(b - a for (a, _), (b, _) in pairwise(found)) <= 0.2 + 1e-6
    assert [part for _, part in found] == sorted(part for _, part in found)


def test_a_whole_fade_is_dragged_taken_out_and_done_again(desk: Desk) -> None:
    made = faded(desk)
    lane = desk.timeline.lanes[2]
    between = QPoint(round(desk.timeline.x_of(2.0)), round(lane.y(0.25)))
    desk.drag(between, between + QPoint(round(desk.timeline.x_of(0.5) - HEAD), 0))
    assert [round(step.time, 1) for step in steps(desk)] == [1.5, 3.5, 5.5, 6.0]
    assert begun(desk) == pytest.approx([1.5, 6.0], abs=0.02)
    # Not into the next one.
    desk.score.undo()
    desk.drag(between, between + QPoint(800, 0))
    assert [round(step.time, 2) for step in steps(desk)] == [2.0, 4.0, 6.0, 6.0]
    desk.score.undo()
    assert desk.score.performance is made
    menu = desk.timeline.menu_at(QPointF(between))
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["Take this fade out", "Do it again at the line"]
    menu.actions()[0].trigger()
    assert begun(desk) == [6.0]
    desk.score.undo()
    # Again where the line is, or where there is room: the end of the performance is none.
    desk.timeline.setFocus()
    desk.score.position = 2.0
    QTest.mouseClick(desk.timeline, LEFT, NONE, QPoint(round(desk.timeline.x_of(3.0)), round(lane.y(0.5))))
    QTest.keyClick(desk.timeline, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert begun(desk) == [1.0, 6.0]
    assert desk.words[-1] == "There is no room for it there"
    QTest.mouseClick(desk.timeline, LEFT, NONE, QPoint(round(desk.timeline.x_of(6.0)), round(lane.y(0.75))))
    QTest.keyClick(desk.timeline, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert begun(desk) == pytest.approx([1.0, 5.001, 6.0])
    assert steps(desk)[3].shares == (0.25, 0.25, 0.25, 0.25)
    QTest.keyClick(desk.timeline, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert begun(desk) == [1.0, 6.0]


def test_what_is_no_number_is_moved_done_again_and_removed(desk: Desk) -> None:
    lane = desk.timeline.lane("Signals")
    assert lane is not None
    where = QPoint(round(desk.timeline.x_of(2.0)), lane.top + 8)
    desk.drag(where, QPoint(round(desk.timeline.x_of(4.0)), lane.top + 8))
    assert signals(desk) == pytest.approx([4.0], abs=0.02)
    assert desk.words[-1].startswith("Signals at ")
    where = QPoint(round(desk.timeline.x_of(4.0)), lane.top + 8)
    desk.drag(where, QPoint(round(desk.timeline.x_of(7.0)), lane.top + 8), Qt.KeyboardModifier.ControlModifier)
    assert signals(desk) == pytest.approx([4.0, 7.0], abs=0.02)
    desk.timeline.setFocus()
    QTest.mouseClick(desk.timeline, LEFT, NONE, where)
    for _ in range(3):
        QTest.keyClick(desk.timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert signals(desk)[0] == pytest.approx(3.88, abs=0.02)
    desk.score.position = 9.0
    QTest.keyClick(desk.timeline, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert signals(desk)[2] == 9.0
    QTest.keyClick(desk.timeline, Qt.Key.Key_Delete)
    assert len(signals(desk)) == 2
    menu = desk.timeline.menu_at(QPointF(desk.timeline.x_of(7.0), lane.top + 8))
    assert menu is not None
    menu.actions()[0].trigger()
    assert len(signals(desk)) == 1
    while desk.score.can_undo:
        desk.score.undo()
    assert signals(desk) == [2.0]
    # A keyframe is copied likewise.
    copy = desk.at("/bend/1/angle", 1) + QPoint(200, 0)
    desk.drag(desk.at("/bend/1/angle", 0), copy, Qt.KeyboardModifier.ControlModifier)
    assert [time for time, _ in desk.turns()] == pytest.approx([1.0, 5.0, 7.0], abs=0.02)


def test_what_was_done_to_a_network_stays_with_it(desk: Desk) -> None:
    before = desk.score.performance
    assert before is not None
    opened = NetworkOpened(3.0, "1" * 64, "other", "/other")
    more = [opened, Arranged(3.0, "bypassed", None), Signalled(3.5, "osc/a", 0.5)]
    desk.score.open(replace(before, events=tuple(sorted((*before.events, *more), key=lambda event: event.time))))
    labels = [lane.label for lane in desk.timeline.lanes]
    # What the other network begins with is no hand's.
    assert labels == ["Rotate amount", "Rotate angle", "Networks", "Signals"]
    networks, lane = desk.timeline.lanes[2:]
    QTest.mouseClick(desk.timeline, LEFT, NONE, QPoint(round(desk.timeline.x_of(3.0)), networks.top + 5))
    assert desk.timeline._chosen is None
    for start, end, wanted in ((2.0, 8.0, 2.999), (3.5, 0.0, 3.0)):
        y = lane.top + 8
        desk.drag(QPoint(round(desk.timeline.x_of(start)), y), QPoint(round(desk.timeline.x_of(end)), y))
        assert wanted in [round(time, 3) for time in signals(desk)]
        desk.score.undo()
