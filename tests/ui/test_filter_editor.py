"""The filter sheet in the editor: painted, selected and looked at by mouse, pen and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest
from filter_editor_desk import LEFT, NONE, WEIGHT, Desk, drag, move, small_network
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.edits.paint import Paint
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import Rect, to_sheet
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot)
    found.workspace.choose("enc", "weight")
    yield found
    found.editing.close()


def painted(desk: Desk, points: list[tuple[float, ...]], brush: Brush, selection: Selection | None = None) -> Array:
    """What the Paint edit makes of the trained weight."""
    edit = Paint(**brush.model_dump(), points=tuple(points))
    return edit.apply(desk.trained, selection or desk.everything).applied(desk.trained)


@pytest.mark.parametrize("mode", ["add", "set", "multiply", "erase", "smooth", "noise"])
def test_a_stroke_changes_the_weight_as_the_edit_does(
    desk: Desk, mode: Literal["add", "set", "multiply", "erase", "smooth", "noise"]
) -> None:
    brush = desk.workspace.brush = Brush(mode=mode, radius=2.5, value=0.75, hardness=0.3)
    places = [(3.0, 2.0), (8.0, 6.0), (15.0, 4.0), (16.0, 11.0)]
    desk.drag(*places)
    wanted = painted(desk, [desk.place(*place) for place in places], brush)
    assert not np.array_equal(wanted, desk.trained)
    np.testing.assert_array_equal(desk.tensor(), wanted)
    assert len(desk.document.history.labels) == 1
    assert desk.document.history.labels[0].endswith("on enc.weight")
    desk.document.undo()
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    desk.document.redo()
    np.testing.assert_array_equal(desk.tensor(), wanted)


def test_the_weight_changes_while_the_button_is_still_down_and_escape_restores(desk: Desk) -> None:
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    assert not np.array_equal(desk.tensor(), desk.trained)
    assert desk.document.history.labels == ()
    desk.key(Qt.Key.Key_Escape)
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    move(desk.canvas, desk.at(12, 9))
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, desk.at(12, 9))
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert desk.document.history.labels == ()


def test_undo_in_the_middle_of_a_stroke_takes_it_back(desk: Desk) -> None:
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    desk.document.undo()
    move(desk.canvas, desk.at(12, 9))
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, desk.at(12, 9))
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_shift_draws_a_straight_line_however_the_mouse_went(desk: Desk) -> None:
    brush = desk.workspace.brush = Brush(radius=1.5)
    desk.drag((3.0, 2.0), (20.0, 2.0), (4.0, 11.0), (18.0, 9.0), modifiers=SHIFT)
    wanted = painted(desk, [desk.place(3, 2), desk.place(18, 9)], brush)
    np.testing.assert_array_equal(desk.tensor(), wanted)
    assert len(desk.document.history.labels) == 1


def test_a_click_with_shift_draws_from_where_the_last_stroke_ended(desk: Desk) -> None:
    brush = desk.workspace.brush = Brush(radius=1)
    desk.drag((2.0, 2.0), (4.0, 10.0))
    first = desk.tensor()
    desk.drag((20.0, 3.0), modifiers=SHIFT)
    edit = Paint(**brush.model_dump(), points=(desk.place(4, 10), desk.place(20, 3)))
    np.testing.assert_array_equal(desk.tensor(), edit.apply(first, desk.everything).applied(first))
    assert len(desk.document.history.labels) == 2


def test_painting_keeps_to_the_selection_only_while_it_is_protected(desk: Desk) -> None:
    chosen = Selection.rectangle(desk.trained.shape, 1, 1, 2, 1)
    desk.workspace.select(chosen)
    brush = desk.workspace.brush = Brush(radius=3)
    line = (2.0, 1.0), (20.0, 11.0)
    desk.drag(*line)
    np.testing.assert_array_equal(desk.tensor(), painted(desk, [desk.place(*at) for at in line], brush, chosen))
    desk.document.undo()
    desk.editor.tool_row.protect.click()
    assert not desk.workspace.protected
    desk.drag(*line)
    np.testing.assert_array_equal(desk.tensor(), painted(desk, [desk.place(*at) for at in line], brush))


def test_symmetric_strokes_reach_the_other_kernels(desk: Desk) -> None:
    brush = desk.workspace.brush = Brush(radius=0.8, repeat="row", mirror="horizontal")
    desk.drag((1.5, 0.5), (2.5, 0.5))
    wanted = painted(desk, [desk.place(1.5, 0.5), desk.place(2.5, 0.5)], brush)
    np.testing.assert_array_equal(desk.tensor(), wanted)
    changed = to_sheet(desk.tensor()) != to_sheet(desk.trained)
    assert changed[2, [0, 3, 4, 7, 8, 11]].all()
    assert not changed[4:].any()


def test_a_pen_presses_as_hard_as_it_presses(desk: Desk) -> None:
    brush = desk.workspace.brush = Brush(radius=2)
    pen = QPointingDevice(
        "pen", 7, QPointingDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QPointingDevice.Capability.Pressure | QPointingDevice.Capability.Position, 1, 1,
    )  # fmt: skip
    path = [(3.0, 3.0, 0.25), (9.0, 7.0, 0.5), (14.0, 4.0, 1.0)]
    kinds = [QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletMove, QEvent.Type.TabletRelease]
    for kind, (y, x, pressure) in zip(kinds, [*path, (14.0, 4.0, 0.0)], strict=True):
        at = QPointF(desk.at(y, x))
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
        event = QTabletEvent(
            kind, pen, at, QPointF(desk.canvas.mapToGlobal(at)), pressure, 0, 0, 0, 0, 0, NONE, button, LEFT
        )
        QApplication.sendEvent(desk.canvas, event)
        assert event.isAccepted()
    wanted = painted(desk, [(*desk.place(y, x), pressure) for y, x, pressure in path], brush)
    np.testing.assert_array_equal(desk.tensor(), wanted)
    assert len(desk.document.history.labels) == 1


def test_the_right_button_and_alt_take_up_the_value_under_them(desk: Desk) -> None:
    sheet = to_sheet(desk.trained)
    desk.qtbot.mouseClick(desk.canvas, Qt.MouseButton.RightButton, NONE, desk.at(5.5, 3.5))
    assert desk.workspace.brush.value == pytest.approx(sheet[5, 3])
    desk.drag((9.5, 8.5), modifiers=ALT)
    assert desk.workspace.brush.value == pytest.approx(sheet[9, 8])
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert desk.document.history.labels == ()


def test_keys_set_the_brush_and_the_tools(desk: Desk) -> None:
    desk.workspace.brush = Brush(radius=4, hardness=0.5, value=0.2)
    desk.key(Qt.Key.Key_BracketRight)
    assert desk.workspace.brush.radius == 5
    desk.key(Qt.Key.Key_BracketLeft)
    assert desk.workspace.brush.radius == 4
    desk.key(Qt.Key.Key_BraceRight, SHIFT)
    assert desk.workspace.brush.hardness == pytest.approx(0.6)
    desk.key(Qt.Key.Key_X)
    assert desk.workspace.brush.value == pytest.approx(-0.2)
    for key, mode in zip("DTMEUN", ("add", "set", "multiply", "erase", "smooth", "noise"), strict=True):
        desk.key(Qt.Key(ord(key)))
        assert desk.workspace.brush.mode == mode
    for key, tool in zip("SVB", ("select", "move", "paint"), strict=True):
        desk.key(Qt.Key(ord(key)))
        assert desk.workspace.tool == tool
        assert desk.editor.tool_row.tools[desk.workspace.tool].isChecked()
    for _ in range(40):
        desk.key(Qt.Key.Key_BracketLeft)
    assert desk.workspace.brush.radius == 0.5
    desk.key(Qt.Key.Key_BracketRight)
    assert desk.workspace.brush.radius == 1.0


def test_kernels_are_selected_by_click_and_drag(desk: Desk) -> None:
    desk.key(Qt.Key.Key_S)
    shape = desk.trained.shape

    def selected() -> list[list[int]]:
        assert desk.workspace.selection is not None
        return np.argwhere(desk.workspace.selection.mask).tolist()

    desk.drag((5.0, 6.0))
    assert selected() == [[1, 1]]
    desk.drag((13.0, 9.0), (9.0, 5.0))
    assert selected() == [[2, 1], [2, 2], [3, 1], [3, 2]]
    desk.drag((1.0, 1.0), modifiers=CTRL)
    assert selected() == [[0, 0], [2, 1], [2, 2], [3, 1], [3, 2]]
    desk.drag((9.0, 9.0), (13.0, 9.0), modifiers=SHIFT)
    assert selected() == [[0, 0], [2, 1], [3, 1]]
    desk.drag((1.0, 1.0), (22.0, 11.0), release=False)
    assert len(selected()) == 18
    desk.key(Qt.Key.Key_Escape)
    assert selected() == [[0, 0], [2, 1], [3, 1]]
    desk.drag((1.0, 1.0), (22.0, 11.0), modifiers=SHIFT)
    assert len(selected()) == shape[0] * shape[1]
    assert desk.document.history.labels == ()


def test_rulers_select_whole_rows_and_columns(desk: Desk) -> None:
    sheet, qtbot = desk.editor.sheet, desk.qtbot
    row, below = QPoint(8, desk.at(6, 0).y()), QPoint(8, desk.at(14, 0).y())
    drag(qtbot, sheet, [row, below])
    assert desk.workspace.selection is not None
    assert np.flatnonzero(desk.workspace.selection.mask.all(axis=1)).tolist() == [1, 2, 3]
    qtbot.mouseClick(sheet, LEFT, CTRL, QPoint(desk.at(0, 10).x(), 5))
    mask = desk.workspace.selection.mask
    assert mask[:, 2].all()
    assert mask.sum() == 3 * 3 + 3
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_the_wheel_zooms_at_the_mouse_and_the_middle_button_pans(desk: Desk) -> None:
    sheet = desk.editor.sheet
    at = desk.at(20, 3)
    before = sheet.place(QPointF(at))
    desk.wheel(at, 3)
    assert sheet.camera.zoom > 1.5 * sheet.camera.fitting
    assert sheet.place(QPointF(at)) == pytest.approx(before, abs=1.5 / sheet.camera.zoom)
    QTest.mousePress(sheet, Qt.MouseButton.MiddleButton, NONE, at)
    move(sheet, at + QPoint(-30, -40), button=Qt.MouseButton.MiddleButton)
    QTest.mouseRelease(sheet, Qt.MouseButton.MiddleButton, NONE, at + QPoint(-30, -40))
    assert sheet.place(QPointF(at + QPoint(-30, -40))) == pytest.approx(before, abs=1.5 / sheet.camera.zoom)
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    desk.key(Qt.Key.Key_1)
    assert sheet.camera.zoom == 1.0
    desk.key(Qt.Key.Key_F)
    assert sheet.camera.zoom == pytest.approx(sheet.camera.fitting)


def test_space_and_the_move_tool_pan_with_the_left_button(desk: Desk) -> None:
    sheet = desk.editor.sheet
    desk.wheel(desk.at(12, 6), 4)
    for start, end in ((QTest.keyPress, QTest.keyRelease), (None, None)):
        if start:
            start(sheet, Qt.Key.Key_Space)
        else:
            desk.workspace.tool = "move"
        at, before = QPoint(150, 150), sheet.camera.centre
        drag(desk.qtbot, sheet, [at, at + QPoint(20, 10)])
        assert sheet.camera.centre[0] < before[0]
        if end:
            end(sheet, Qt.Key.Key_Space)
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_the_value_under_the_mouse_is_read_out_with_what_it_was(desk: Desk) -> None:
    move(desk.canvas, desk.at(5.5, 6.5), button=Qt.MouseButton.NoButton)
    value = to_sheet(desk.trained)[5, 6]
    assert desk.editor.reading.text() == f"{value:.4g} · row 1, column 1 · y 1, x 2"
    desk.document.apply("Dab", WEIGHT, Patch(Rect(5, 6, 1, 1), np.full((1, 1), 2.5, np.float32)))
    assert desk.editor.reading.text().startswith(f"2.5 (was {value:.3g}) ·")
    move(desk.canvas, QPoint(2, 2), button=Qt.MouseButton.NoButton)
    assert desk.editor.reading.text().strip() == ""


def test_what_is_painted_is_seen_in_its_colour(desk: Desk) -> None:
    desk.workspace.scaling = "all"
    desk.workspace.brush = Brush(mode="set", value=50, radius=3, hardness=1)
    at, away = desk.at(10, 6), desk.at(22, 1)
    before = desk.canvas.grab().toImage()
    desk.drag((10.0, 6.0))
    move(desk.canvas, away, button=Qt.MouseButton.NoButton)
    lit = desk.canvas.grab().toImage()
    desk.qtbot.waitUntil(lambda: not desk.editor.sheet._scene.glow.lasts)
    after = desk.canvas.grab().toImage()
    scale = desk.canvas.devicePixelRatioF()
    pixel = after.pixelColor(round((at.x() + 2) * scale), round((at.y() + 2) * scale))
    assert (pixel.red(), pixel.green(), pixel.blue()) == (255, 150, 50)
    fresh = lit.pixelColor(round((at.x() + 2) * scale), round((at.y() + 2) * scale))
    assert fresh.lightness() > pixel.lightness(), "what was just touched glows"
    assert after != before


def test_another_network_is_shown_and_painted(desk: Desk) -> None:
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    desk.document.load(Preset("other", small_network(seed=4), {}))
    move(desk.canvas, desk.at(12, 9))
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, desk.at(12, 9))
    assert not desk.document.is_bent("enc")
    desk.drag((3.0, 2.0), (8.0, 6.0))
    assert desk.document.is_bent("enc.weight")


def test_an_empty_selection_is_said_and_paints_nothing(desk: Desk) -> None:
    desk.workspace.select(Selection(np.zeros((6, 3), np.bool_)))
    desk.drag((3.0, 2.0), (8.0, 6.0))
    assert desk.said == ["No filter is selected; select at least one."]
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_a_stroke_may_hold_the_picture(desk: Desk) -> None:
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    assert not desk.workspace.held
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, desk.at(8, 6))
    desk.workspace.stands = True
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    assert desk.workspace.held
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, desk.at(8, 6))
    assert not desk.workspace.held
    desk.drag((3.0, 2.0), (8.0, 6.0), release=False)
    desk.key(Qt.Key.Key_Escape)
    assert not desk.workspace.held
    desk.workspace.held = True
    desk.drag((3.0, 2.0), (8.0, 6.0))
    assert desk.workspace.held
