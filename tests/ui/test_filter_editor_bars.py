"""Vectors as bars: pulled, nudged, selected."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from filter_editor_desk import LEFT, NONE, Desk, drag, move
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from studio.model.declared.size import Size
from studio.model.filters.edit import Selection
from studio.model.filters.learning_sheets import LEARNING_SHEETS
from studio.model.networks.shape import Array
from studio.ui.filters.bars_picture import bars_picture, row_of

BIAS = "enc.bias"


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot)
    found.workspace.choose("enc", "bias")
    found.trained = found.tensor(BIAS)
    yield found
    found.editing.close()


def point(desk: Desk, bar: int, value: float) -> QPoint:
    return desk.editor.bars.at(bar, value).toPoint()


def pull(desk: Desk, *places: tuple[int, float], release: bool = True) -> None:
    drag(desk.qtbot, desk.editor.bars, [point(desk, *place) for place in places], release=release)


def near(desk: Desk) -> float:
    """What a pixel is worth."""
    bars = desk.editor.bars
    return abs(bars.value_at(bars.at(0, 0) + QPoint(0, 1)) - bars.value_at(bars.at(0, 0)))


def test_a_stroke_over_many_bars_sets_them_and_is_one_item(desk: Desk) -> None:
    top = float(desk.trained.max())
    tolerance = near(desk)
    pull(desk, (0, top), (4, 0.0))
    wanted = desk.trained.copy()
    wanted[:5] = top * np.array([1, 0.75, 0.5, 0.25, 0])
    np.testing.assert_allclose(desk.tensor(BIAS), wanted, atol=tolerance)
    assert desk.tensor(BIAS)[5] == desk.trained[5]
    assert desk.document.history.labels == ("Draw enc.bias",)
    desk.document.undo()
    np.testing.assert_array_equal(desk.tensor(BIAS), desk.trained)


def test_escape_takes_the_stroke_back(desk: Desk) -> None:
    pull(desk, (0, 0.2), (3, 0.1), release=False)
    assert not np.array_equal(desk.tensor(BIAS), desk.trained)
    desk.key(Qt.Key.Key_Escape, widget=desk.editor.bars)
    move(desk.editor.bars, point(desk, 5, 0.0))
    desk.qtbot.mouseRelease(desk.editor.bars, LEFT, NONE, point(desk, 5, 0.0))
    np.testing.assert_array_equal(desk.tensor(BIAS), desk.trained)
    assert desk.document.history.labels == ()


def test_bars_that_are_not_selected_are_protected(desk: Desk) -> None:
    desk.workspace.select(Selection(np.array([[True, False, True, False, True, False]])))
    pull(desk, (0, 0.0), (5, 0.0))
    changed = desk.tensor(BIAS) != desk.trained
    assert changed.tolist() == [True, False, True, False, True, False]
    desk.workspace.protected = False
    tolerance = near(desk)
    pull(desk, (0, 0.0), (5, 0.0))
    np.testing.assert_allclose(desk.tensor(BIAS), 0, atol=tolerance)


def test_keys_walk_and_nudge(desk: Desk) -> None:
    bars = desk.editor.bars
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        desk.key(key, widget=bars)
    now = desk.tensor(BIAS)
    assert (now != desk.trained).tolist() == [False, True, False, False, False, False]
    assert now[1] > desk.trained[1]
    desk.key(Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier, widget=bars)
    assert desk.tensor(BIAS)[1] < desk.trained[1]
    desk.key(Qt.Key.Key_Delete, widget=bars)
    assert desk.tensor(BIAS)[1] == 0
    assert len(desk.document.history.labels) == 3
    assert desk.editor.reading.text().endswith(" · channel 1")


def test_the_select_tool_selects_bars(desk: Desk) -> None:
    desk.key(Qt.Key.Key_S, widget=desk.editor.bars)
    assert desk.workspace.tool == "select"
    pull(desk, (1, 0.0), (3, 0.0))
    assert desk.workspace.selection is not None
    assert np.flatnonzero(desk.workspace.selection.mask[0]).tolist() == [1, 2, 3]
    np.testing.assert_array_equal(desk.tensor(BIAS), desk.trained)


def vector(n: int) -> Array:
    return np.linspace(-1, 1, n, dtype=np.float32)


@pytest.mark.parametrize("n", [1, 7, 64, 500, 4096])
def test_bars_reach_from_zero_to_their_values(n: int) -> None:
    values = vector(n)
    image = bars_picture(values, values, np.ones(n, np.bool_), None, (-1.0, 1.0), Size(101, 200))
    assert (image.width(), image.height()) == (200, 101)
    first, last = image.pixelColor(0, 70), image.pixelColor(197, 30)
    assert (first.red(), first.green(), first.blue()) == (70, 150, 255)
    if n > 1:
        assert (last.red(), last.green(), last.blue()) == (255, 150, 50)
        assert image.pixelColor(0, 30) == image.pixelColor(197, 70)
    assert row_of(values[:1], (-1.0, 1.0), 101)[0] == 100


def test_rates_and_pulls_are_painted_on_bars_and_seen_below_them(desk: Desk) -> None:
    bars, workspace = desk.editor.bars, desk.workspace
    plain = bars.grab().toImage()
    workspace.paints, workspace.rate = "rates", 0.0
    pull(desk, (1, 0.1), (3, -0.1))
    sheets = desk.document.section(LEARNING_SHEETS)
    shape = desk.trained.shape
    assert sheets.of("rates", BIAS, shape)[0, :6].tolist() == [1, 0, 0, 0, 1, 1]
    # The values are as they were.
    np.testing.assert_array_equal(desk.tensor(BIAS), desk.trained)
    workspace.paints, workspace.pull = "pulls", 0.25
    mask = np.zeros((1, len(desk.trained)), np.bool_)
    mask[0, :5] = True
    workspace.select(Selection(mask))
    workspace.protected = True
    pull(desk, (4, 0.0), (5, 0.0))
    assert desk.document.section(LEARNING_SHEETS).of("pulls", BIAS, shape)[0, 3:].tolist()[:3] == [0, 0.25, 0]
    assert desk.document.history.labels == ("Paint rates on enc.bias", "Paint pulls on enc.bias")
    shown = bars.grab().toImage()
    below = [shown.pixelColor(bars.at(bar, 0).toPoint().x(), bars.height() - 3) for bar in (0, 2, 4)]
    assert below[1].green() > 1.5 * below[1].red()
    assert below[2].red() > below[0].red()
    assert shown != plain
    for _ in range(2):
        desk.document.undo()
    assert not desk.document.section(LEARNING_SHEETS).rates
    # Escape takes back what is under way.
    pull(desk, (0, 0.0), (2, 0.0), release=False)
    desk.key(Qt.Key.Key_Escape, widget=bars)
    assert not desk.document.section(LEARNING_SHEETS).pulls
    workspace.paints = "weights"
    pull(desk, (0, 0.0), (0, 0.1))
    assert desk.tensor(BIAS)[0] != desk.trained[0]
