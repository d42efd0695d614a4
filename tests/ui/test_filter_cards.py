"""Cards of filters: zooming leads to them, they show live maps, and one paints and selects on them."""

from __future__ import annotations

import numpy as np
import pytest
from filter_editor_desk import Desk, move
from hypothesis import given
from hypothesis import strategies as st
from painted_cells import assert_paint_reaches_its_kernels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.model.declared.size import Size
from studio.model.views.brush import Brush
from studio.runtime.live.card_maps import ShownMaps
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.card_painter import map_box
from studio.ui.filters.cards import Cards, carded
from studio.ui.filters.sheet_canvas import SheetCanvas
from studio.ui.filters.sheet_painter import APART, number_text

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
views = st.builds(Size, st.integers(60, 900), st.integers(60, 900))


@st.composite
def decks(draw: st.DrawFn) -> Cards:
    grid = tuple(draw(st.integers(1, most)) for most in (9, 9, 3, 3))
    across = draw(st.booleans())
    order = np.array(draw(st.permutations(range(grid[1 if across else 0]))))
    inner = np.array(draw(st.permutations(range(grid[0 if across else 1]))))
    return carded(grid, draw(views), order, inner, across)  # type: ignore[arg-type]


@given(decks(), st.data())
def test_what_is_painted_on_cards_reaches_their_kernels_and_no_others(made: Cards, data: st.DataObject) -> None:
    rows, columns, *_ = made.grid
    assert made.lay_mask(np.ones((rows, columns), np.bool_)).sum() == rows * columns
    assert_paint_reaches_its_kernels(made, data)


@given(decks())
def test_a_card_holds_the_kernels_of_its_channel_beside_its_map(made: Cards) -> None:
    _, _, kh, kw = made.grid
    cells = made.columns if made.across else made.rows
    for card, channel in enumerate(made.channels.tolist()):
        row, column = made.corner(card)
        block = cells[row : row + made.block[0], column + made.map_columns : column + made.pitch[1] - 1]
        assert set(block[block >= 0].tolist()) == {channel}
        assert made.blank[row : row + made.block[0], column : column + made.map_columns].all()
        assert made.map_at((row + 0.5) * kh, (column + 0.5) * kw) == channel
        assert made.map_at((row + 0.5) * kh, (column + made.map_columns + 0.5) * kw) is None
    assert list(made.seen(slice(0, made.cells[0]), slice(0, made.cells[1]))) == list(range(len(made.channels)))


# -- zooming ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def arrangement(sheet: SheetCanvas) -> Arrangement:
    found = sheet.arrangement
    assert found is not None
    return found


@pytest.mark.parametrize("layer", ["enc", "mid", "dec"])
def test_zooming_goes_to_cards_and_back_with_the_kernel_under_the_mouse(desk: Desk, layer: str) -> None:
    desk.workspace.choose(layer, "weight")
    sheet = desk.editor.sheet
    _, _, kh, kw = arrangement(sheet).grid
    # Some of the content stays in the middle of the view, so what lies at its edge may move.
    near = sheet.place(QPointF(sheet.rect().center() + QPoint(20, 12)))
    wanted = int(near[0] // kh), int(near[1] // kw)
    at = QPointF(sheet.at((wanted[0] + 0.5) * kh, (wanted[1] + 0.5) * kw).toPoint())
    assert not isinstance(sheet.arrangement, Cards)
    for turn in (1, 1, 1, -1, 1, *[-1] * 22):
        desk.wheel(at.toPoint(), turn)
        kernel = tuple(int(place // side) for place, side in zip(sheet.place(at), (kh, kw), strict=True))
        side = min(kh, kw) * sheet.camera.zoom / sheet.devicePixelRatioF()
        if side > 20:  # whole pixels of the screen add up to more than half of a smaller one
            assert kernel == wanted
        if turn > 0:
            assert isinstance(sheet.arrangement, Cards) == (side >= APART)
    assert not isinstance(sheet.arrangement, Cards), "far out, all kernels lie together"


def test_the_buttons_go_to_each_depth_and_zooming_moves_them(desk: Desk) -> None:
    buttons, sheet = desk.editor.tool_row.depths, desk.editor.sheet
    assert buttons["overview"].isChecked()
    desk.qtbot.mouseClick(buttons["filters"], LEFT)
    assert isinstance(sheet.arrangement, Cards)
    assert sheet.depths.depth == "filters"
    desk.qtbot.mouseClick(buttons["weights"], LEFT)
    assert sheet.depths.depth == "weights"
    assert sheet.camera.zoom / sheet.devicePixelRatioF() >= 20
    for _ in range(30):
        sheet.zoom_out()
    assert buttons["overview"].isChecked()
    desk.key(Qt.Key.Key_F7)
    assert buttons["filters"].isChecked()
    desk.key(Qt.Key.Key_F8)
    assert buttons["weights"].isChecked()
    desk.key(Qt.Key.Key_F6)
    assert sheet.camera.fitted
    assert not isinstance(sheet.arrangement, Cards)
    # Whoever looks at filters sees those of the next layer, too.
    desk.key(Qt.Key.Key_F7)
    desk.workspace.choose("mid", "weight")
    assert isinstance(sheet.arrangement, Cards)
    desk.workspace.choose("mid", "bias")
    desk.workspace.choose("act")
    QApplication.processEvents()


def test_a_stroke_on_a_card_paints_its_filter_alone(desk: Desk) -> None:
    sheet = desk.editor.sheet
    sheet.show_depth("filters")
    desk.workspace.brush, desk.workspace.brush_unit = Brush(radius=0.5, value=2.0), "weights"
    desk.drag((2 * 4 + 1.5, 1.5), (2 * 4 + 2.5, 5.5))
    changed = np.flatnonzero((desk.tensor() != desk.trained).any(axis=(1, 2, 3)))
    assert changed.tolist() == [2]


def on_map(sheet: SheetCanvas, channel: int) -> QPoint:
    cards = sheet.arrangement
    assert isinstance(cards, Cards)
    box = map_box(sheet.camera, cards, cards.channels.tolist().index(channel))
    scale = sheet.devicePixelRatioF()
    return QPointF(box.center().x() / scale + 30, box.center().y() / scale + 16).toPoint()


@pytest.mark.parametrize(("layer", "axis"), [("mid", 0), ("dec", 1)])
def test_a_click_on_a_map_selects_its_filter_and_paints_nothing(desk: Desk, layer: str, axis: int) -> None:
    desk.workspace.choose(layer, "weight")
    sheet, before = desk.editor.sheet, desk.tensor(f"{layer}.weight")
    sheet.show_depth("filters")
    desk.qtbot.mouseClick(sheet, LEFT, NONE, on_map(sheet, 1))
    desk.qtbot.mouseClick(sheet, LEFT, Qt.KeyboardModifier.ControlModifier, on_map(sheet, 2))
    selection = desk.workspace.selection
    assert selection is not None
    assert np.flatnonzero(selection.mask.all(axis=1 - axis)).tolist() == [1, 2]
    assert selection.mask.sum() == 2 * selection.mask.shape[1 - axis]
    move(sheet, on_map(sheet, 0), button=Qt.MouseButton.NoButton)
    assert desk.workspace.pointed == (layer, 0)
    assert desk.editor.reading.text().startswith("channel 0")
    np.testing.assert_array_equal(desk.tensor(f"{layer}.weight"), before)
    desk.qtbot.mouseClick(sheet, LEFT, Qt.KeyboardModifier.ShiftModifier, on_map(sheet, 1))
    assert np.flatnonzero(desk.workspace.selection.mask.all(axis=1 - axis)).tolist() == [2]  # type: ignore[union-attr]


def test_a_drag_on_the_ruler_beside_cards_selects_the_filters_of_whole_lines(desk: Desk) -> None:
    sheet = desk.editor.sheet
    sheet.show_depth("filters")
    cards = sheet.arrangement
    assert isinstance(cards, Cards)
    y = on_map(sheet, 0).y()
    desk.qtbot.mouseClick(sheet, LEFT, NONE, QPoint(10, y))
    assert desk.workspace.selection is not None
    rows = np.flatnonzero(desk.workspace.selection.mask.all(axis=1))
    assert rows.tolist() == list(range(min(cards.line, len(cards.channels))))


def test_cards_follow_the_order_of_rows_and_of_columns(desk: Desk) -> None:
    sheet = desk.editor.sheet
    sheet.show_depth("filters")
    for layer, axis in (("enc", 0), ("dec", 1)):
        desk.workspace.choose(layer, "weight")
        desk.workspace.row_order = "norm"
        cards = sheet.arrangement
        assert isinstance(cards, Cards)
        weight = np.moveaxis(desk.tensor(f"{layer}.weight"), axis, 0)
        norms = np.linalg.norm(weight.reshape(weight.shape[0], -1), axis=1)
        assert (np.diff(norms[cards.channels]) <= 1e-6).all()
        desk.workspace.row_order = "index"


def test_numbers_on_weights_keep_to_the_room_that_there_is() -> None:
    values = (0.05712, -0.02754, 0.000693, -0.00073217, 12.25, -1234.6, 0.0, 1e-12, -3.4e38, float("nan"), float("inf"))
    for value in values:
        text = number_text(value, 6)
        assert len(text) <= 6
        if np.isfinite(value) and value:
            assert abs(float(text.replace("−", "-")) / value - 1) < 0.5
    assert number_text(0.05712, 6) == "0.0571"
    assert number_text(-0.02754, 6) == "−0.028"
    assert number_text(-0.00073217, 6) == "−7e−4"


# -- live maps -------------------------------------------------------------------------------------------------------


@pytest.mark.gl
def test_cards_show_the_maps_of_the_channels_in_sight_and_only_while_they_are(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    sheet = whole.editor.sheet
    whole.until(lambda: whole.told.__getitem__(ShownMaps).layer == "")
    whole.command("sheet.filters")
    whole.until(lambda: len(whole.told[ShownMaps].maps) >= 2)
    assert whole.told[ShownMaps].layer == "enc"
    channel = next(iter(whole.told[ShownMaps].maps))
    at = on_map(sheet, channel)

    def colours() -> set[int]:
        pixels = sheet.grab().toImage()
        return {pixels.pixelColor(at + QPoint(dx, dy)).rgb() for dx in range(-9, 10, 3) for dy in range(-9, 1, 3)}

    # A picture, and no plain ground.
    whole.until(lambda: len(colours()) > 4)
    # The film goes on, and so do they.
    before = whole.told[ShownMaps].maps[channel]
    whole.until(lambda: (whole.told[ShownMaps].maps[channel] != before).any())
    whole.command("sheet.overview")
    # What was under way is told; from then on nothing is.
    whole.picture()
    serial = whole.frames
    whole.until(lambda: whole.frames > serial + 1)
    told, serial = whole.told[ShownMaps], whole.frames
    whole.until(lambda: whole.frames > serial + 3)
    assert whole.told[ShownMaps] is told
