"""Zooming and panning can be gone back on: by keys, by the mouse's side buttons, in the picture and on the sheet."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from whole_window import WholeWindow

from studio.model.declared.size import Size
from studio.ui.viewport import sights
from studio.ui.viewport.camera import Camera
from studio.ui.viewport.sights import Sight, Sights


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def test_moves_are_gone_back_on_one_by_one_and_forth_again() -> None:
    clock = Clock()
    seen = Sights(clock)
    places = [Sight(zoom, 0.5, 0.5) for zoom in (1.0, 2.0, 3.0, 4.0)]
    for place in places[:-1]:
        seen.note(place)
        clock.now += sights.REST
    now = places[-1]
    for expected in reversed(places[:-1]):
        found = seen.back(now)
        assert found == expected
        now = found
    assert seen.back(now) is None
    for expected in places[1:]:
        found = seen.forth(now)
        assert found == expected
        now = found
    assert seen.forth(now) is None


def test_turns_of_the_wheel_that_follow_one_another_are_one_move() -> None:
    seen = Sights(Clock())
    for zoom in (1.0, 2.0, 3.0, 4.0):
        seen.note(Sight(zoom))
    assert seen.back(Sight(5.0)) == Sight(1.0)
    assert seen.back(Sight(1.0)) is None


def test_a_move_ends_what_could_be_gone_forth_to_and_one_that_led_nowhere_is_none() -> None:
    clock = Clock()
    seen = Sights(clock)
    seen.note(Sight(1.0))
    assert seen.back(Sight(2.0)) == Sight(1.0)
    seen.note(Sight(1.0))
    assert seen.forth(Sight(9.0)) is None
    clock.now += 1
    seen.note(Sight(3.0))
    assert seen.back(Sight(3.0)) == Sight(1.0)


def test_a_sight_holds_in_a_view_of_another_size_and_the_whole_fits_it() -> None:
    camera = Camera()
    camera.see(Size(50, 100), Size(100, 200))
    whole = camera.sight
    camera.zoom_at(4.0, 30, 20)
    near = camera.sight
    camera.see(Size(100, 200), Size(300, 400))
    camera.take(whole)
    assert camera.fitted
    assert camera.zoom == 2.0
    camera.take(near)
    assert (camera.zoom, camera.centre[0] / 200, camera.centre[1] / 100) == pytest.approx((near.zoom, near.x, near.y))


def _turn(widget: QWidget, notches: int) -> None:
    at = QPointF(widget.rect().center())
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        none,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


@pytest.mark.gl
def test_keys_and_side_buttons_look_back_in_picture_and_sheet(
    whole: WholeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sights, "REST", 0.0)
    viewport, sheet = whole.viewport, whole.editor.sheet
    whole.until(lambda: whole.picture_in_place)
    QCursor.setPos(viewport.mapToGlobal(viewport.rect().center()))
    _turn(viewport, 3)
    near = viewport.camera.sight
    assert near.zoom
    whole.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert viewport.camera.fitted
    whole.key(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert viewport.camera.sight == near
    whole.qtbot.mouseClick(viewport, Qt.MouseButton.BackButton)
    assert viewport.camera.fitted
    whole.qtbot.mouseClick(viewport, Qt.MouseButton.ForwardButton)
    assert viewport.camera.sight == near

    whole.command("sheet.filters")
    cards = sheet.camera.sight
    assert sheet.depths.depth == "filters"
    _turn(sheet, 20)
    assert sheet.depths.depth == "weights"
    QCursor.setPos(sheet.mapToGlobal(sheet.rect().center()))
    whole.key(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert sheet.depths.depth == "filters"
    assert sheet.camera.sight == cards
    whole.qtbot.mouseClick(sheet, Qt.MouseButton.BackButton)
    assert sheet.depths.depth == "overview"
    assert sheet.camera.fitted
    whole.qtbot.mouseClick(sheet, Qt.MouseButton.ForwardButton)
    assert sheet.camera.sight == cards
    # What is seen of the picture is its own.
    assert viewport.camera.sight == near
