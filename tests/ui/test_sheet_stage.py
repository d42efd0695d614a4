"""The stage: how sheets are folded and coloured, that strokes are seen where they are made, that it can be large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from filter_editor_desk import Desk, drag, move
from helpers import layer, network
from hypothesis import given
from hypothesis import strategies as st
from painted_cells import assert_paint_reaches_its_kernels
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import Rect, kernel_grid, to_sheet
from studio.model.networks.preset import Preset
from studio.model.views.brush import Brush
from studio.model.views.workspace import Workspace
from studio.paths import DATA
from studio.runtime.editing.previews import Editing
from studio.runtime.live.player import PlayerState
from studio.ui.filters import FilterEditor, ordering, rulers, sheet_colours, sheet_scene
from studio.ui.filters.arrangement import arranged, folded
from studio.ui.filters.ordering import row_order
from studio.ui.filters.sheet_canvas import SheetCanvas
from studio.ui.kit import theme
from studio.ui.services.posting import Post
from studio.ui.viewport.stage import Stage

grids = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3))


@given(grids, st.integers(1, 6), st.booleans(), st.randoms(use_true_random=False), st.data())
def test_what_is_painted_on_cells_reaches_their_kernels_and_no_others(
    grid: tuple[int, int, int, int], blocks: int, across: bool, random: object, data: st.DataObject
) -> None:
    del random
    rows, columns, *_ = grid
    blocks = min(blocks, rows if across else columns)
    order = np.array(data.draw(st.permutations(range(rows))))
    made = folded(grid, blocks, across, order)
    every = np.ones((rows, columns), np.bool_)
    np.testing.assert_array_equal(made.lay_mask(every), ~made.blank)
    np.testing.assert_array_equal(made.lay_mask(every, (slice(1, 2), slice(None))), ~made.blank[1:2])
    some = np.array(data.draw(st.lists(st.booleans(), min_size=every.size, max_size=every.size))).reshape(every.shape)
    np.testing.assert_array_equal(made.kernels_of(made.lay_mask(some)), some)
    assert_paint_reaches_its_kernels(made, data)


@pytest.mark.parametrize("across", [True, False])
def test_blocks_that_are_not_needed_stay_blank(across: bool) -> None:
    made = folded((5, 5, 2, 3), 4, across)
    assert made.lay_mask(np.ones((5, 5), np.bool_)).sum() == 25
    np.testing.assert_array_equal(made.rows[made.cell_rows, made.cell_columns], np.arange(5)[:, None].repeat(5, 1))
    np.testing.assert_array_equal(made.columns[made.cell_rows, made.cell_columns], np.arange(5)[None].repeat(5, 0))


@given(
    grids.map(lambda grid: (grid[0] * 40, grid[1], *grid[2:])),
    st.builds(Size, st.integers(50, 900), st.integers(50, 900)),
)
def test_folding_makes_kernels_larger_or_is_left(grid: tuple[int, int, int, int], view: Size) -> None:
    made, plain = arranged(grid, view), folded(grid, 1, True)

    def zoom(size: Size) -> float:
        return min(view.height / size.height, view.width / size.width)

    assert made.blocks == 1 or zoom(made.size) > 1.19 * zoom(plain.size)


def test_the_largest_tensor_of_the_shipped_autoencoder_is_folded_to_three_times_its_size() -> None:
    made = arranged((256, 64, 4, 4), Size(240, 330))
    assert min(240 / made.size.height, 330 / made.size.width) > 1.7 * 240 / 1024


@pytest.mark.parametrize("how", ["norm", "likeness", "cluster"])
def test_rows_are_ordered(how: str) -> None:
    rng = np.random.default_rng(2)
    kinds = rng.standard_normal((3, 1, 4, 3, 3)).astype(np.float32)
    kernels = np.concatenate(list(kinds + 0.05 * rng.standard_normal((3, 10, 4, 3, 3)).astype(np.float32)))
    shuffled = rng.permutation(30)
    order = row_order(kernels[shuffled], how)  # type: ignore[arg-type]
    assert order is not None
    assert sorted(order.tolist()) == list(range(30))
    kind = shuffled[order] // 10
    if how == "norm":
        norms = np.linalg.norm(kernels[shuffled][order].reshape(30, -1), axis=1)
        assert (np.diff(norms) <= 1e-6).all()
    elif how == "cluster":
        # Each kind's rows lie together, in one group or in several.
        assert (np.diff(kind) != 0).sum() < 10
    else:
        assert (np.diff(kind) != 0).sum() == 2


@pytest.mark.parametrize("how", ["likeness", "cluster"])
def test_many_rows_are_compared_by_some_of_their_weights(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them make the window wait for seconds; those looked at are of every place of the kernels."""
    compared: list[tuple[int, ...]] = []
    for name in ("_first_component", "_clustered"):
        whole = getattr(ordering, name)
        monkeypatch.setattr(ordering, name, lambda unit, whole=whole: (compared.append(unit.shape), whole(unit))[1])
    rng = np.random.default_rng(3)
    kinds = np.zeros((2, 1, 512, 3, 3), np.float32)
    kinds[1, :, :, 2, 1] = 3  # they differ in one place of each kernel
    kernels = np.concatenate(list(kinds + 0.05 * rng.standard_normal((2, 20, 512, 3, 3)).astype(np.float32)))
    shuffled = rng.permutation(40)
    order = row_order(kernels[shuffled], how)  # type: ignore[arg-type]
    assert order is not None
    [(rows, weights)] = compared
    assert (rows, weights) == (40, 256)
    kind = shuffled[order] // 20
    assert (np.diff(kind) != 0).sum() == 1 if how == "likeness" else (np.diff(kind) != 0).sum() < 8


def test_rows_are_as_they_are_where_there_is_nothing_to_order() -> None:
    assert row_order(np.zeros((9, 2, 1, 1), np.float32), "index") is None
    assert row_order(np.zeros((2, 2, 1, 1), np.float32), "norm") is None
    for how in ("norm", "likeness", "cluster"):
        found = row_order(np.full((5, 2, 3, 3), np.nan, np.float32), how)  # type: ignore[arg-type]
        assert found is not None
        assert sorted(found.tolist()) == list(range(5))


# -- painting --------------------------------------------------------------------------------------------------------


class TallDesk(Desk):
    """A desk on a sheet that is folded."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__(qtbot)
        tall = network(
            layer("enc", "Conv2d", "input", in_channels=3, out_channels=64, kernel_size=3, padding=1),
            layer("dec", "Conv2d", "enc", in_channels=64, out_channels=3, kernel_size=3, padding=1),
            name="tall",
        )
        self.document.load(Preset("tall", tall, {}))
        QApplication.processEvents()
        self.trained = self.tensor()


@pytest.fixture
def tall(qtbot: QtBot) -> TallDesk:
    return TallDesk(qtbot)


def changed_rows(desk: Desk) -> list[int]:
    differs = (desk.tensor() != desk.trained).any(axis=(1, 2, 3))
    return np.flatnonzero(differs).tolist()


def test_a_stroke_over_a_fold_paints_what_lies_under_it(tall: TallDesk) -> None:
    sheet = tall.editor.sheet
    arrangement = sheet.arrangement
    assert arrangement is not None
    assert arrangement.blocks > 1
    tall.workspace.brush = Brush(radius=2, hardness=1, value=5.0)
    each = arrangement.cells[0]
    # From the last column of the first block to the first of the second, in the same row of cells.
    here, there = tall.at(3 * 3 + 1.5, 7.5), tall.at((each + 3) * 3 + 1.5, 1.5)
    assert abs(here.y() - there.y()) <= 1
    assert here.x() < there.x()
    before = tall.canvas.grab().toImage()
    tall.qtbot.mousePress(tall.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, here)
    move(tall.canvas, there)
    tall.qtbot.mouseRelease(tall.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, there)
    rows = changed_rows(tall)
    assert {3, each + 3} <= set(rows)
    assert all(min(abs(row - 3), abs(row - each - 3)) <= 1 for row in rows)
    after = tall.canvas.grab().toImage()
    for place in (here, there):
        assert before.pixelColor(place + QPoint(3, 3)) != after.pixelColor(place + QPoint(3, 3))
    assert len(tall.document.history.labels) == 2, "the opening, and one stroke"
    tall.document.undo()
    assert changed_rows(tall) == []


def test_a_straight_line_over_a_fold_is_drawn_anew_with_each_move(tall: TallDesk) -> None:
    tall.workspace.brush = Brush(radius=1, hardness=1, value=5.0)
    shift = Qt.KeyboardModifier.ShiftModifier
    arrangement = tall.editor.sheet.arrangement
    assert arrangement is not None
    each = arrangement.cells[0]
    tall.drag((4.5, 4.5), ((each + 9) * 3 + 1.5, 4.5), (7.5, 4.5), modifiers=shift)
    assert set(changed_rows(tall)) <= {0, 1, 2, 3}
    assert len(tall.document.history.labels) == 2, "the opening, and one stroke"


def test_on_a_folded_sheet_what_is_repeated_is_repeated_over_rows_of_the_tensor(tall: TallDesk) -> None:
    tall.workspace.brush = Brush(radius=0.5, repeat="row", value=1.0)
    arrangement = tall.editor.sheet.arrangement
    assert arrangement is not None
    row = arrangement.cells[0] + 2
    tall.drag((row * 3 + 1.5, 1.5), (row * 3 + 1.6, 1.5))
    assert changed_rows(tall) == [row]


def test_what_is_selected_on_a_folded_sheet_is_what_was_enclosed(tall: TallDesk) -> None:
    tall.workspace.tool = "select"
    arrangement = tall.editor.sheet.arrangement
    assert arrangement is not None
    each = arrangement.cells[0]
    tall.drag((1.5, 7.5), ((each + 1) * 3 + 1.5, 1.5))
    assert tall.workspace.selection is not None
    assert np.argwhere(tall.workspace.selection.mask).tolist() == [[0, 2], [1, 2], [each, 0], [each + 1, 0]]


def test_ordered_by_norm_a_stroke_paints_the_largest(tall: TallDesk) -> None:
    tall.workspace.row_order = "norm"
    largest = int(np.argmax(np.linalg.norm(tall.trained.reshape(64, -1), axis=1)))
    tall.workspace.brush = Brush(radius=0.5, value=3.0)
    sheet = tall.editor.sheet
    place = sheet.at(largest * 3 + 1.5, 4.5).toPoint()
    assert place.y() < sheet.at(0, 0).y() + sheet.height()
    tall.qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert changed_rows(tall) == [largest]
    assert place.y() < 60


@pytest.mark.parametrize("steps", [-6, 0, 6, 14])
def test_at_every_zoom_a_stroke_is_seen_where_it_was_made(tall: TallDesk, steps: int) -> None:
    tall.workspace.brush, tall.workspace.brush_unit = Brush(radius=12.0, value=0.5), "screen"
    sheet = tall.editor.sheet
    at = tall.at(31.5, 4.5)
    tall.wheel(at, steps)
    at = tall.at(31.5, 4.5)
    tall.qtbot.wait(10)
    before = sheet.grab().toImage()
    tall.qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    move(sheet, QPoint(40, 30), button=Qt.MouseButton.NoButton)
    after = sheet.grab().toImage()
    near = [
        (before.pixelColor(at + QPoint(x, y)), after.pixelColor(at + QPoint(x, y)))
        for x in range(-5, 6, 2)
        for y in range(-5, 6, 2)
    ]
    differ = sum(old != new and contrast(old, new) > 1.2 for old, new in near)
    assert differ > len(near) * 0.4


def test_a_kernel_that_is_not_as_trained_has_a_mark(tall: TallDesk) -> None:
    tall.document.apply("Dab", "enc.weight", Patch(Rect(6, 3, 1, 1), np.full((1, 1), 0.01, np.float32)))
    assert np.argwhere(marked(tall)).tolist() == [[2, 1]]
    tall.document.undo()
    assert not marked(tall).any()


def marked(desk: TallDesk) -> np.ndarray:
    """(rows, columns) the kernels with a mark, once all of the sheet was drawn."""
    laid = None
    while laid is None or laid._stale.any():
        desk.editor.sheet.grab()
        laid = desk.editor.sheet._scene._sheet
    return laid.bent


def test_rulers_have_round_numbers_in_every_block_and_numbers_as_they_lie_where_rows_are_ordered() -> None:
    made = folded((256, 64, 4, 4), 3, True, np.arange(256))
    lines = rulers.line_numbers(made, True)
    found = rulers._numbers(slice(0, len(lines)), lines, 2.0, 26.0)
    assert [int(lines[line]) for line in found] == [0, 16, 32, 48] * 3
    ordered = np.array([5, 3, 9, 0, 1, 7, 2, 8, 4, 6], np.int32)
    assert rulers._numbers(slice(3, 10), ordered, 8.0, 13.0) == [4, 6, 8]


def test_the_first_number_of_a_ruler_is_there_where_its_line_is_narrow() -> None:
    """Its middle lies so near the corner that the number would be cut."""
    assert rulers._in_view(0.0, 4.0, 6) == 6
    assert rulers._in_view(0.0, 20.0, 6) == 10
    assert rulers._in_view(-3.0, 4.0, 6) is None, "it has been scrolled out"


# -- colours ---------------------------------------------------------------------------------------------------------


def luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_table_places_every_kind_of_value() -> None:
    table = sheet_colours.table_of(sheet_colours.Scale(2.0, 0.05), "signed")
    values = np.array([0.0, -0.0, 1e-9, 0.1, -0.1, 2, -2, 9, -9, np.inf, -np.inf, np.nan], np.float32)
    found = sheet_colours.indices(values, table)
    assert found[:3].tolist() == [127] * 3
    assert found[3] - 127 == 127 - found[4] > 30
    assert found[5:9].tolist() == [254, 0, 254, 0]
    assert found[9:].tolist() == [255] * 3


NETWORKS = sorted(path.name for path in (DATA / "weights").iterdir() if (path / "network.json").is_file())


@pytest.mark.parametrize("name", NETWORKS)
def test_on_every_shipped_network_weights_stand_out_against_the_ground(qtbot: QtBot, name: str) -> None:
    document = Document(Preset(name, load_network(DATA / "weights" / name), {}))
    workspace, post = Workspace(document), Post()
    editor = FilterEditor(document, workspace, Editing(document, post, lambda _: None))
    qtbot.addWidget(editor)
    editor.resize(700, 700)
    editor.show()
    qtbot.waitExposed(editor)
    sheet, looked = editor.sheet, 0
    for node in document.graph.nodes:
        if len(node.op.tensor_shapes().get("weight", ())) != 4 or node.owner != node.name:
            continue
        workspace.choose(node.name, "weight")
        sheet.show_depth("overview")
        # Weights of six pixels at least; what of the sheet the view has then is looked at.
        while sheet.camera.zoom < 8:
            sheet.zoom_in()
        looked += _stand_out(sheet, document.tensor(f"{node.name}.weight"), (name, node.name))
        for depth in ("filters", "weights"):
            sheet.show_depth(depth)
            looked += _stand_out(sheet, document.tensor(f"{node.name}.weight"), (name, node.name, depth))
    assert looked > 1000


@pytest.mark.parametrize("name", NETWORKS)
def test_in_the_overview_of_every_shipped_network_kernels_stand_out(qtbot: QtBot, name: str) -> None:
    document = Document(Preset(name, load_network(DATA / "weights" / name), {}))
    workspace, post = Workspace(document), Post()
    editor = FilterEditor(document, workspace, Editing(document, post, lambda _: None))
    qtbot.addWidget(editor)
    editor.resize(700, 700)
    editor.show()
    qtbot.waitExposed(editor)
    ground, sheet, looked = QColor(theme.GROUND), editor.sheet, 0
    for node in document.graph.nodes:
        if len(node.op.tensor_shapes().get("weight", ())) != 4 or node.owner != node.name:
            continue
        workspace.choose(node.name, "weight")
        kernels = document.tensor(f"{node.name}.weight")
        rows, columns, kh, kw = kernel_grid(kernels.shape)
        for side in (480, 640, 900, 1300):
            editor.resize(side, side)
            QApplication.processEvents()
            sheet.fit()
            pixels = min(kh, kw) * sheet.camera.zoom / sheet.devicePixelRatioF()
            if 2.5 <= pixels <= 6:
                break
        else:
            continue  # in no such window its cells are an overview that a screenshot tells apart
        looked += 1
        QApplication.processEvents()
        image = sheet.grab().toImage()
        grid = kernels.reshape(rows, columns, kh, kw)
        counts = np.sqrt(np.mean(grid**2, axis=(2, 3))) > 0.1 * kernels.std()
        places = np.argwhere(counts)
        some = places[np.random.default_rng(1).permutation(len(places))[:1500]]
        good = sum(
            contrast(image.pixelColor(sheet.at((row + 0.5) * kh, (column + 0.5) * kw).toPoint()), ground) >= 1.5
            for row, column in some.tolist()
        )
        assert good >= 0.9 * len(some), (name, node.name, good, len(some))
    if name.startswith("autoencoder"):
        assert looked >= 2


def _stand_out(sheet: SheetCanvas, tensor: np.ndarray, which: tuple[str, ...]) -> int:
    """Count, of the weights in sight that differ from zero, those that stand out; returns how many were looked at."""
    QApplication.processEvents()
    image, flat = sheet.grab().toImage(), to_sheet(tensor)
    ground = QColor(theme.GROUND)
    places = np.argwhere(np.abs(flat) > 0.1 * float(tensor.std()))
    seen = good = 0
    for y, x in np.random.default_rng(0).permutation(places)[:20_000].tolist():
        if seen == 400:
            break
        at = sheet.at(y + 0.4, x + 0.6)
        if 32 < at.x() < sheet.width() - 2 and 18 < at.y() < sheet.height() - 2:
            seen += 1
            good += contrast(image.pixelColor(at.toPoint()), ground) >= 1.5
    assert good >= 0.9 * seen, (which, good, seen)
    return seen


# -- the stage -------------------------------------------------------------------------------------------------------


@pytest.mark.gl
def test_one_key_swaps_picture_and_sheet(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    stage, sheet, viewport = whole.context[Stage], whole.editor.sheet, whole.viewport
    # Once the bar of the source knows what it shows, it has its height.
    whole.until(lambda: whole.told[PlayerState].info)
    whole.settle()
    small, large = sheet.size(), viewport.size()
    whole.key(Qt.Key.Key_W, on=viewport)
    assert whole.workspace.stage
    assert stage.isAncestorOf(sheet)
    assert sheet.isVisible()
    assert viewport.isVisible()
    assert sheet.width() > 1.3 * small.width()
    assert viewport.width() < 0.6 * large.width()
    assert not sheet.geometry().intersects(viewport.geometry())
    picture = whole.picture()
    before = whole.tensor("enc.weight")
    whole.stroke((2.0, 2.0), (14.0, 6.0))
    assert (whole.tensor("enc.weight") != before).any()
    assert (whole.picture() != picture).any()
    whole.key(Qt.Key.Key_W, on=sheet)
    assert whole.window.docks["filters"].isAncestorOf(sheet)
    assert sheet.size() == small
    assert viewport.size() == large


@pytest.mark.gl
def test_what_parts_picture_and_sheet_is_dragged(whole: WholeWindow) -> None:
    stage, viewport, sheet = whole.context[Stage], whole.viewport, whole.editor.sheet
    whole.command("view.filters")
    whole.settle()
    usual = viewport.size()
    assert viewport.height() == stage.height(), "it has all the room beside the sheet"
    assert stage.cursor().shape() == Qt.CursorShape.SplitHCursor
    assert stage.guest is not None
    assert stage.guest.cursor().shape() == Qt.CursorShape.ArrowCursor
    between = QPoint(viewport.x() - 3, stage.height() // 2)
    assert stage.childAt(between) is None
    drag(whole.qtbot, stage, [between, between - QPoint(30, 0), between - QPoint(90, 0)])
    assert abs(viewport.width() - usual.width() - 90) < 8
    assert sheet.mapTo(stage, sheet.rect().bottomRight()).x() < viewport.x()
    whole.qtbot.mouseDClick(stage, Qt.MouseButton.LeftButton, pos=QPoint(viewport.x() - 3, 40))
    assert viewport.size() == usual


@pytest.mark.parametrize("size", [(300, 200), (700, 700), (500, 900), (340, 180), (1600, 900)])
def test_both_have_room_on_every_stage(qtbot: QtBot, gl_app: QApplication, size: tuple[int, int]) -> None:
    del gl_app
    viewport, guest = QWidget(), QWidget()
    stage = Stage(viewport)  # type: ignore[arg-type]
    QHBoxLayout(guest).addWidget(QLabel("What stands above the sheet"))
    qtbot.addWidget(stage)
    stage.show_large(guest)
    stage.resize(*size)
    stage.show()
    assert not viewport.geometry().intersects(guest.geometry())
    assert stage.rect().contains(viewport.geometry())
    assert stage.rect().contains(guest.geometry())
    assert guest.width() >= guest.minimumSizeHint().width()
    assert guest.width() * guest.height() >= 0.6 * viewport.width() * viewport.height()
    stage.show_large(None)
    assert viewport.geometry() == stage.rect()


@pytest.mark.gl
def test_looking_at_the_output_or_a_double_click_on_it_makes_it_large(whole: WholeWindow) -> None:
    whole.command("view.filters")
    whole.command("view.output")
    assert not whole.workspace.stage
    whole.command("view.filters")
    QTest.mouseDClick(whole.viewport, Qt.MouseButton.LeftButton)
    assert not whole.workspace.stage
    whole.workspace.select(Selection.everything(whole.tensor("enc.weight").shape))


@pytest.mark.gl
def test_the_first_stroke_of_a_new_user_is_seen_and_leaves_a_picture(
    qtbot: QtBot, gl_app: QApplication, tmp_path: Path
) -> None:
    del gl_app
    whole = WholeWindow(qtbot, tmp_path / "home", "violet-strokes", "demo", "128")
    try:
        whole.live.pause(True)
        whole.settle()
        assert whole.document.is_bent(whole.workspace.layer), "what is bent is what there is to see"
        before = whole.picture().astype(float)
        sheet = whole.editor.sheet
        middle = sheet.rect().center()
        steps = [middle + QPoint(10 * k - 40, 2 * k) for k in range(9)]
        qtbot.mousePress(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, steps[0])
        for at in steps[1:]:
            move(sheet, at)
        qtbot.mouseRelease(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, steps[-1])
        change = float(np.sqrt(np.mean((whole.picture() - before) ** 2))) / 255
        assert 0.03 < change < 0.5
    finally:
        whole.close()


def test_of_millions_of_weights_the_first_paint_makes_ready_and_the_next_draws(
    tall: TallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_scene, "_MANY", 1)
    tall.workspace.colours = "grey"
    scene = tall.editor.sheet._scene
    tall.editor.sheet.grab()
    assert scene._sheet is not None
    assert scene._sheet._stale.all()
    tall.qtbot.waitUntil(lambda: scene._sheet is not None and not scene._sheet._stale.any())
