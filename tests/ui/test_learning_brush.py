"""The brush on rates and pulls: real strokes on the sheet, their undo, their veil, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from filter_editor_desk import WEIGHT, Desk, drag
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.model.filters.learning_sheets import LEARNING_SHEETS, Kind
from studio.model.networks.layout import sheet_size
from studio.model.networks.shape import Array
from studio.model.views.view import View


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot)
    made.workspace.brush = made.workspace.brush.model_copy(update={"radius": 1.0, "hardness": 1.0})
    return made


def sheet(desk: Desk, kind: Kind) -> Array:
    return desk.document.section(LEARNING_SHEETS).of(kind, WEIGHT, desk.trained.shape)


def choose(desk: Desk, kind: str) -> None:
    """By the box of the brush panel."""
    box = desk.editor.brush.learning.paints
    row = box.findData(kind)
    box.setCurrentIndex(row)
    box.activated.emit(row)


@pytest.mark.parametrize(("kind", "usual", "value"), [("rates", 1.0, 0.0), ("pulls", 0.0, 0.05)])
def test_a_stroke_paints_beside_the_weights_and_one_undo_takes_it_back(
    desk: Desk, kind: Kind, usual: float, value: float
) -> None:
    choose(desk, kind)
    desk.drag((2.5, 1.5), (2.5, 6.5))
    painted = sheet(desk, kind)
    assert painted[2, 1:7] == pytest.approx(value)
    assert painted[10, 1] == usual
    assert np.array_equal(desk.tensor(), desk.trained)
    assert desk.document.history.labels == (f"Paint {kind} on {WEIGHT}",)
    desk.document.undo()
    assert (sheet(desk, kind) == usual).all()


def test_a_straight_line_and_escape(desk: Desk) -> None:
    choose(desk, "rates")
    desk.drag((1.5, 1.5), (9.5, 9.5), (1.5, 9.5), modifiers=Qt.KeyboardModifier.ShiftModifier)
    painted = sheet(desk, "rates")
    assert (painted[1, 1:10] == 0).all()
    assert painted[9, 9] == 1.0
    desk.drag((20.5, 1.5), (20.5, 9.5), release=False)
    assert sheet(desk, "rates")[20, 5] == 0
    desk.key(Qt.Key.Key_Escape)
    assert np.array_equal(sheet(desk, "rates"), painted)


def test_rates_are_painted_on_a_sheet_whose_rows_lie_otherwise(desk: Desk) -> None:
    desk.workspace.row_order = "norm"
    choose(desk, "rates")
    desk.drag((9.5, 5.5), (9.5, 6.5))
    painted = sheet(desk, "rates")
    assert (painted[9, 5:7] == 0).all()
    assert painted.shape == sheet_size(desk.trained.shape)
    assert (painted == 0).sum() < 20


def test_a_selection_protects_rates_too(desk: Desk) -> None:
    mask = np.zeros(desk.everything.mask.shape, bool)
    mask[0, 0] = True
    desk.workspace.select(type(desk.everything)(mask))
    choose(desk, "rates")
    desk.drag((2.5, 1.5), (2.5, 10.5))
    painted = sheet(desk, "rates")
    assert (painted[2, 1:4] == 0).all()
    assert (painted[:, 4:] == 1).all()


def test_the_right_button_takes_a_rate_up_and_x_pins_or_releases(desk: Desk) -> None:
    choose(desk, "rates")
    desk.workspace.rate = 5.0
    desk.drag((2.5, 2.5), (2.5, 3.5))
    desk.workspace.rate = 0.5
    desk.qtbot.mouseClick(desk.canvas, Qt.MouseButton.RightButton, pos=desk.at(2.5, 2.5))
    assert desk.workspace.rate == 5.0
    desk.workspace.rate = 0.0
    value = desk.workspace.brush.value
    desk.key(Qt.Key.Key_X)
    assert desk.workspace.rate == 1.0
    desk.key(Qt.Key.Key_X)
    assert desk.workspace.rate == 0.0
    assert desk.workspace.brush.value == value
    # A key of the weights' brush goes back to the weights.
    desk.key(Qt.Key.Key_T)
    assert desk.workspace.paints == "weights"


def test_what_is_painted_is_seen_and_said(desk: Desk) -> None:
    def colour(y: float, x: float) -> tuple[int, int, int]:
        at: QPoint = desk.at(y, x)
        found = desk.canvas.grab().toImage().pixelColor(at)
        return found.red(), found.green(), found.blue()

    before = colour(2.5, 2.5)
    choose(desk, "rates")
    desk.drag((2.5, 1.5), (2.5, 6.5))
    red, green, _ = after = colour(2.5, 4.5)
    assert after != before
    assert green > 120 > red
    desk.qtbot.mouseMove(desk.canvas, desk.at(2.5, 4.5))
    desk.qtbot.waitUntil(lambda: "pinned" in desk.editor.reading.text())
    desk.workspace.rate = 100.0
    desk.drag((6.5, 1.5), (6.5, 6.5))
    red, green, blue = colour(6.5, 4.5)
    assert min(red, green, blue) > 180
    choose(desk, "pulls")
    desk.workspace.pull = 1.0
    desk.drag((10.5, 1.5), (10.5, 6.5))
    red, green, blue = colour(10.5, 4.5)
    assert red > 120
    assert blue > 120 > green


def test_pulling_towards_another_network_is_refused_in_a_sentence(desk: Desk) -> None:
    choose(desk, "pulls")
    towards = desk.editor.brush.learning.towards
    towards.setCurrentText("landscapes")
    towards.activated.emit(0)
    assert "in common" in desk.said[-1]
    assert desk.document.section(LEARNING_SHEETS).towards == ""
    assert towards.currentText() == "Trained weights"
    towards.setCurrentText("there is none")
    towards.activated.emit(0)
    assert "There is no preset" in desk.said[-1]


def test_the_veil_lies_over_the_sheet_in_the_viewport_too(qtbot: QtBot, tmp_path: Path, gl_app: QApplication) -> None:
    del gl_app
    whole = WholeWindow(qtbot, tmp_path / "home", "autoencoder-transposed", "demo", "64")
    workspace, viewport = whole.workspace, whole.viewport
    workspace.choose("enc1", "weight")
    workspace.view = View("filters", "enc1.weight")
    whole.until(lambda: viewport._parts and viewport._parts[0].drawing == "sheet")
    whole.until(lambda: whole.picture_in_place)

    def at(y: float, x: float) -> QPoint:
        place = viewport._parts[0].placement
        scale = place.zoom / viewport.devicePixelRatioF()
        return QPoint(round((x - place.origin[0]) * scale), round((y - place.origin[1]) * scale))

    def colour(y: float, x: float) -> tuple[int, int, int]:
        found = viewport.grab().toImage().pixelColor(at(y, x))
        return found.red(), found.green(), found.blue()

    def is_green(found: tuple[int, int, int]) -> bool:
        return found[1] > 120 > max(found[0], found[2])

    workspace.tool, workspace.paints, workspace.rate = "paint", "rates", 0.0
    workspace.brush = workspace.brush.model_copy(update={"radius": 1.5, "hardness": 1.0})
    workspace.brush_unit = "weights"
    qtbot.mouseMove(viewport, at(20.5, 5.5))
    assert not is_green(colour(2.5, 5.5))
    drag(qtbot, viewport, [at(2.5, 1.5), at(2.5, 9.5)])
    painted = whole.document.section(LEARNING_SHEETS).rates["enc1.weight"].values
    assert (painted[2, 2:9] == 0).all()
    # The mouse leaves the place, and with it the ring around it.
    qtbot.mouseMove(viewport, at(30.5, 5.5))
    assert is_green(colour(2.5, 5.5))
    viewport.one_to_one()
    whole.until(lambda: viewport._parts[0].placement.zoom == 1.0)
    assert is_green(colour(2.5, 5.5))
    workspace.rate = 100.0
    viewport.fit()
    whole.until(lambda: viewport._parts[0].placement.zoom > 1.0)
    drag(qtbot, viewport, [at(12.5, 1.5), at(12.5, 9.5)])
    qtbot.mouseMove(viewport, at(30.5, 5.5))
    assert min(colour(12.5, 5.5)) > 180
    whole.document.undo()
    whole.document.undo()
    whole.until(lambda: not is_green(colour(2.5, 5.5)) and min(colour(12.5, 5.5)) < 120)
    whole.close()
