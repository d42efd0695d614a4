"""How much channels change the picture: along sheets and tiles, as an order of rows, and from a place to channels."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import layer, network
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from whole_window import NONE, WholeWindow

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.runtime.live.channel_study import Impacts, StudyImpact
from studio.runtime.live.orders import Order
from studio.runtime.live.report import Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.bends.channel_bars import squares_of
from studio.ui.filters.arrangement import folded
from studio.ui.filters.effect_bars import EffectBars
from studio.ui.filters.ordering import row_order
from studio.ui.filters.rulers import LEFT, TOP
from studio.ui.filters.selecting import most_effective
from studio.ui.kit import theme
from studio.ui.services.effects import Effects, shares
from studio.ui.viewport.camera import Camera


class Known:
    """A document, and what has been measured of it."""

    def __init__(self) -> None:
        made = network(
            layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=1),
            layer("act", "ReLU", "enc"),
            layer("dec", "ConvTranspose2d", "act", in_channels=6, out_channels=3, kernel_size=2, stride=2),
        )
        self.document = Document(Preset("test", made, {}))
        self.telemetry = Telemetry()
        self.telemetry.follow(made.graph)
        self.orders: list[Order] = []
        self.effects = Effects(self.document, self.telemetry, self.orders.append)

    def tell(self, **of: Array) -> None:
        places = {name: np.tile(values[:, None, None], (1, 16, 16)) for name, values in of.items()}
        self.telemetry.take(Report((Impacts(self.document.graph, of, "", places),)))


def test_rows_and_columns_of_a_sheet_have_the_effects_of_the_channels_that_they_are() -> None:
    known = Known()
    assert known.effects.rows("enc.weight") is None
    enc, act, dec = (np.arange(n, dtype=np.float32) + k for k, n in enumerate((6, 6, 3)))
    known.tell(enc=enc, act=act, dec=dec)
    np.testing.assert_array_equal(known.effects.rows("enc.weight"), enc)
    # What a transposed convolution's row reads is what stands before it.
    np.testing.assert_array_equal(known.effects.rows("dec.weight"), act)
    np.testing.assert_array_equal(known.effects.columns("dec.weight"), dec)
    assert known.effects.columns("enc.weight") is None, "the picture's channels are no layer's"
    assert known.effects.rows("enc.bias") is None
    known.effects.ask("dec.weight")
    [order] = known.orders
    assert isinstance(order, StudyImpact)
    assert order.layer == "act"


def test_a_place_has_effects_once_all_channels_are_known() -> None:
    known = Known()
    half = np.arange(6, dtype=np.float32)
    half[3:] = np.nan
    known.tell(enc=half)
    assert known.effects.at("enc", (0.5, 0.5)) is None
    known.tell(enc=np.arange(6, dtype=np.float32))
    np.testing.assert_array_equal(known.effects.at("enc", (1.0, 1.0)), np.arange(6))


def test_parts_of_the_largest() -> None:
    values = np.array([np.nan, 0, 2, 4, np.inf], np.float32)
    np.testing.assert_array_equal(shares(values), np.float32([0, 0, 0.5, 1, 1]))
    assert not shares(np.zeros(3, np.float32)).any()


def test_rows_are_ordered_by_their_effect() -> None:
    kernels = np.zeros((4, 2, 1, 1), np.float32)
    np.testing.assert_array_equal(row_order(kernels, "effect", np.array([1, 3, 0, 3], np.float32)), [1, 3, 0, 2])
    assert row_order(kernels, "effect") is None


@pytest.mark.parametrize(("blocks", "across"), [(1, True), (2, True), (2, False)])
def test_every_row_and_column_has_its_bar(blocks: int, across: bool, gl_app: QApplication) -> None:
    del gl_app
    arrangement = folded((6, 4, 2, 2), blocks, across)
    height, width = arrangement.size
    zoom = 12
    size = QSize(LEFT + width * zoom, TOP + height * zoom)
    camera = Camera()
    camera.see(arrangement.size, arrangement.size.times(zoom))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor(0, 0, 0))
    painter = QPainter(image)
    rows, columns = np.arange(6, dtype=np.float32), np.arange(4, dtype=np.float32)
    EffectBars(painter, camera, arrangement, size, 1.0).draw(rows, columns)
    painter.end()
    lit = np.array(image.constBits(), np.uint8).reshape(size.height(), size.width(), 4)[:, :, 2] > 0

    def length(y: int, x: int, strip: QRect, down: bool) -> int:
        part = lit[y, strip.left() : strip.right() + 1] if not down else lit[strip.top() : strip.bottom() + 1, x]
        return int(part.sum())

    pitch = 2 * zoom
    for cell_row in range(arrangement.cells[0]):
        row = arrangement.rows[cell_row, 0]
        if row >= 0:
            got = length(TOP + cell_row * pitch + pitch // 2, 0, QRect(0, 0, LEFT - 1, 1), down=False)
            assert abs(got - row / 5 * (LEFT - 1)) <= 1.5
    if blocks == 2 and across:
        # The second block's bars lie in the blank line before it.
        for cell_row, row in enumerate(arrangement.rows[:, 5]):
            strip = QRect(LEFT + 4 * pitch, 0, pitch, 1)
            got = length(TOP + cell_row * pitch + pitch // 2, 0, strip, down=False)
            assert abs(got - row / 5 * pitch) <= 1.5
    if blocks == 2 and not across:
        for cell, column in enumerate(arrangement.columns[7]):
            strip = QRect(0, TOP + 6 * pitch, 1, pitch)
            got = length(0, LEFT + cell * pitch + pitch // 2, strip, down=True)
            assert abs(got - column / 3 * pitch) <= 1.5


@pytest.fixture
def whole(whole_on_still: WholeWindow) -> WholeWindow:
    return whole_on_still


def measured(whole: WholeWindow, name: str) -> Array:
    found = lambda: whole.told[Impacts].of.get(name)  # noqa: E731
    whole.until(lambda: found() is not None and not np.isnan(found()).any())  # type: ignore[arg-type]
    return found()  # type: ignore[return-value]


@pytest.mark.gl
def test_in_the_window_it_is_known_unasked_and_sorts_a_sheet_by_one_click(whole: WholeWindow) -> None:
    whole.workspace.choose("enc")
    effects = measured(whole, "enc")
    measured(whole, "dec")
    assert effects.max() > 0
    whole.click(whole.editor.tool_row.by_effect)
    assert whole.workspace.row_order == "effect"
    arrangement = whole.editor.sheet.arrangement
    assert arrangement is not None
    # In the order of the blocks, where the sheet is folded.
    shown = list(dict.fromkeys(int(row) for row in arrangement.rows.T.ravel() if row >= 0))
    assert [float(effects[row]) for row in shown] == sorted((float(e) for e in effects), reverse=True)
    ruler = whole.editor.sheet.grab(QRect(0, TOP, LEFT, 60)).toImage()
    accent = QColor(theme.ACCENT)
    reds = [ruler.pixelColor(LEFT - 2, y).red() for y in range(60)]
    assert max(reds) > accent.red() // 3, "the strongest row has a bar"
    whole.click(whole.editor.tool_row.by_effect)
    assert whole.workspace.row_order == "index"


@pytest.mark.gl
@pytest.mark.parametrize(("name", "axis"), [("enc", 0), ("dec", 1)])
def test_a_button_selects_the_filters_that_change_the_picture_most(whole: WholeWindow, name: str, axis: int) -> None:
    whole.workspace.choose(name, "weight")
    effects = measured(whole, name)
    panel = whole.editor.selection
    whole.editor.panels.setCurrentIndex(1)
    panel.n.setValue(2)
    whole.click(panel.buttons["Most effective"])
    selection = whole.workspace.selection
    assert selection is not None
    chosen = np.flatnonzero(selection.mask.all(axis=1 - axis))
    assert set(chosen) == set(np.argsort(-effects, kind="stable")[:2])
    assert selection.mask.sum() == 2 * selection.mask.shape[1 - axis]


@pytest.mark.parametrize("name", ["enc", "dec"])
def test_where_nothing_has_been_measured_the_button_asks_for_it_and_says_so(name: str) -> None:
    known = Known()
    workspace = Workspace(known.document)
    workspace.choose(name, "weight")
    count = 6 if name == "enc" else 3
    for some in (0, 1):
        known.tell(**{name: np.array([0.5] * some + [np.nan] * (count - some), np.float32)})
        with pytest.raises(StudioError, match=f"the filters of {name} change is known of {some} so far"):
            most_effective(workspace, known.effects, 2)
    assert any(isinstance(order, StudyImpact) and order.layer == name for order in known.orders)


@pytest.mark.gl
def test_a_click_on_the_picture_lights_up_the_channels_that_make_it_there(whole: WholeWindow) -> None:
    whole.workspace.choose("enc")
    measured(whole, "enc")
    whole.until(lambda: whole.viewport._parts)
    middle = whole.viewport.rect().center()
    whole.qtbot.mouseClick(whole.viewport, Qt.MouseButton.LeftButton, NONE, middle)
    whole.until(lambda: any("change the picture most there" in text for text in whole.said))
    selection = whole.workspace.selection
    assert selection is not None
    places = whole.told[Impacts].places["enc"][:, 8, 8]
    assert set(np.flatnonzero(selection.mask.any(axis=1))) == set(np.argsort(-places, kind="stable")[:8])


@pytest.mark.gl
def test_tiles_have_bars_and_selected_ones_a_frame(whole: WholeWindow) -> None:
    whole.workspace.choose("enc")
    effects = measured(whole, "enc")
    shape = whole.document.tensor("enc.weight").shape
    whole.workspace.select(Selection.rows(shape, [2]))
    whole.workspace.view = View("layer", "enc")
    viewport = whole.viewport
    whole.until(lambda: viewport._parts and viewport._parts[0].drawing == "channels" and viewport.surface.is_settled)
    tiles = squares_of(viewport._parts[0], viewport.devicePixelRatioF())
    assert len(tiles) == len(effects)
    seen = viewport.grab().toImage()
    best = int(np.argmax(effects))
    at = QPoint(round(tiles[best].right()) - 5, round(tiles[best].bottom()) - 2)
    assert seen.pixelColor(at) == QColor(theme.ACCENT), "the bar of the strongest channel is as long as its tile"
    frame = QPoint(round(tiles[2].left()) + 1, round(tiles[2].center().y()))
    assert seen.pixelColor(frame) == QColor(theme.TEXT)
