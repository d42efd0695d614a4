"""The panels of the filter editor: edits previewed and kept, kernels selected, copied and reset, the brush's form."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filter_editor_desk import LEFT, NONE, WEIGHT, Desk, drag, move, small_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from studio.edits import make_edit, registry
from studio.io.networks import save_network
from studio.model.filters.edit import Edit, Kernels, Mask, Selection
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush
from studio.ui.filters import edits_panel
from studio.ui.filters.edits_panel import edit_groups
from studio.ui.kit import theme
from studio.ui.kit.controls import Choice
from studio.ui.kit.number_controls import Number, Slider

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
ALL = [name for name in registry() if name != "Paint"]


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot)
    found.workspace.choose("enc", "weight")
    found.editor.panels.setCurrentIndex(2)
    yield found
    found.editing.close()


def made(desk: Desk, edit: Edit, selection: Selection | None = None) -> Array:
    if edit.needs_other:
        edit = edit.with_other(desk.document.original(WEIGHT))
    return edit.apply(desk.trained, selection or desk.everything).applied(desk.trained)


def slider_of(desk: Desk, name: str) -> Slider:
    control = desk.editor.edits.form.controls[name]
    assert isinstance(control, Number)
    return control.slider


def handle(slider: Slider) -> QPoint:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).center()


def pull(desk: Desk, slider: Slider, *steps: int, release: bool = True) -> None:
    start = handle(slider)
    drag(desk.qtbot, slider, [start, *(start + QPoint(step, 0) for step in steps)], release=release)


def test_every_edit_is_listed_under_a_heading_but_what_is_drawn() -> None:
    listed = [kind.__name__ for kinds in edit_groups().values() for kind in kinds]
    assert sorted(listed) == sorted(ALL)
    assert list(edit_groups())[:5] == ["Values", "Pattern", "Order", "Chance", "Blend"]
    assert "More" not in edit_groups()


def test_an_edit_of_somebody_elses_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Edit):
        """Mine."""

        label = "Mine"
        group = "Of mine"

    monkeypatch.setattr(edits_panel, "registry", lambda: {**registry(), "Mine": Mine})
    assert edit_groups()["Of mine"] == [Mine]


@pytest.mark.parametrize("name", ALL)
def test_every_edit_is_applied_by_its_button_and_undone(desk: Desk, name: str) -> None:
    desk.editor.edits.choose(name)
    desk.qtbot.mouseClick(desk.editor.edits.apply, LEFT)
    desk.settle()
    wanted = made(desk, make_edit(name, {}))
    np.testing.assert_array_equal(desk.tensor(), wanted)
    if np.array_equal(wanted, desk.trained):
        # Mixed with themselves, the originals stay.
        assert name == "Mix"
        return
    assert len(desk.document.history.labels) == 1
    assert desk.document.history.labels[0].startswith(registry()[name].label)
    desk.document.undo()
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert desk.said == []


def test_the_drag_of_a_slider_is_seen_while_it_lasts_and_is_one_item(desk: Desk) -> None:
    desk.editor.edits.choose("Gain")
    chosen = Selection.rows(desk.trained.shape, [1, 4])
    desk.workspace.select(chosen)
    slider = slider_of(desk, "factor")
    pull(desk, slider, 5, 9, release=False)
    desk.qtbot.waitUntil(lambda: not np.array_equal(desk.tensor(), desk.trained))
    assert desk.document.history.labels == ()
    end = handle(slider)
    move(slider, end + QPoint(6, 0))
    desk.qtbot.mouseRelease(slider, LEFT, NONE, end + QPoint(6, 0))
    desk.settle()
    edit = desk.editor.edits.form.record()
    np.testing.assert_array_equal(desk.tensor(), made(desk, edit, chosen))
    assert desk.document.history.labels == (f"Gain × {edit.factor:g} on enc.weight",)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(desk.tensor()[0], desk.trained[0])


def test_escape_in_the_middle_of_a_drag_restores(desk: Desk) -> None:
    desk.editor.edits.choose("Offset")
    slider = slider_of(desk, "amount")
    pull(desk, slider, 8, 20, release=False)
    desk.qtbot.waitUntil(lambda: not np.array_equal(desk.tensor(), desk.trained))
    desk.key(Qt.Key.Key_Escape, widget=slider)
    desk.qtbot.mouseRelease(slider, LEFT, NONE, handle(slider))
    desk.settle()
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert desk.document.history.labels == ()


def test_a_second_drag_says_what_is_and_apply_again_adds(desk: Desk) -> None:
    edits = desk.editor.edits
    edits.choose("Gain")
    assert edits.apply.text() == "Apply"
    for step in (10, -4):
        pull(desk, slider_of(desk, "factor"), step)
        desk.settle()
    edit = edits.form.record()
    np.testing.assert_array_equal(desk.tensor(), made(desk, edit))
    assert len(desk.document.history.labels) == 2
    assert edits.apply.text() == "Apply again"
    once = desk.tensor()
    edits.apply.click()
    desk.settle()
    np.testing.assert_array_equal(desk.tensor(), edit.apply(once, desk.everything).applied(once))
    desk.workspace.select(Selection.rows(desk.trained.shape, [0]))
    assert edits.apply.text() == "Apply"


def test_choosing_an_edit_changes_nothing(desk: Desk) -> None:
    for name in ALL:
        desk.editor.edits.choose(name)
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert not desk.editing.is_active


def test_a_choice_is_applied_at_once(desk: Desk) -> None:
    desk.editor.edits.choose("Flip")
    axis = desk.editor.edits.form.controls["axis"]
    assert isinstance(axis, Choice)
    axis.combo.setFocus()
    desk.qtbot.keyClick(axis.combo, Qt.Key.Key_Down)
    axis.combo.activated.emit(axis.combo.currentIndex())
    desk.settle()
    np.testing.assert_array_equal(desk.tensor(), desk.trained[:, :, ::-1, :])
    assert desk.document.history.labels == ("Flip vertical on enc.weight",)


def test_what_cannot_be_done_is_said(desk: Desk) -> None:
    desk.editor.edits.choose("Reinitialise")
    desk.workspace.choose("enc", "bias")
    desk.editor.edits.apply.click()
    desk.settle()
    assert desk.said == ["A vector has no fan to draw it by; re-initialise weights, or use Noise or Gain."]
    desk.workspace.choose("act")
    assert not desk.editor.edits.apply.isEnabled()


def test_mixing_with_another_network(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = small_network(seed=9)
    save_network(other, tmp_path / "other")
    edits = desk.editor.edits
    edits.choose("Mix")
    assert edits.others.isVisible()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "other"))
    edits.others.box.activated.emit(1)
    desk.qtbot.waitUntil(lambda: edits.others.network is not None)
    assert edits.others.box.currentText() == "small"
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    edits.apply.click()
    desk.settle()
    edit = edits.form.record().with_other(other.tensors[WEIGHT])
    np.testing.assert_array_equal(desk.tensor(), edit.apply(desk.trained, desk.everything).applied(desk.trained))
    edits.others.box.activated.emit(0)
    desk.settle()
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_a_network_that_does_not_fit_or_is_none_is_said(desk: Desk, tmp_path: Path) -> None:
    edits = desk.editor.edits
    edits.choose("Mix")
    edits.open_other(tmp_path)
    desk.qtbot.waitUntil(lambda: bool(desk.said))
    assert "neither a network.json nor a preset.json" in desk.said[0]
    edits.open_other(Path(__file__).parents[2] / "weights" / "autoencoder-transposed")
    desk.qtbot.waitUntil(lambda: edits.others.network is not None)
    edits.apply.click()
    desk.settle()
    assert 'has no tensor "enc.weight"' in desk.said[1]
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


def test_an_edit_is_brought_to_the_front_by_its_name(desk: Desk) -> None:
    desk.editor.panels.setCurrentIndex(0)
    desk.editor.show_edit("Blur")
    assert desk.editor.panels.currentIndex() == 2
    assert desk.editor.edits.kind is registry()["Blur"]
    assert desk.editor.edits.form.isVisible()


def test_what_takes_long_shows_that_it_goes_on_and_can_be_cancelled(desk: Desk) -> None:
    edits, go = desk.editor.edits, threading.Event()

    class Long(Edit):
        """Long."""

        label = "Long"

        def change(self, kernels: Kernels, selected: Mask) -> Kernels:
            del selected
            assert go.wait(60)
            return -kernels

    desk.editing.apply("Long", Long(), WEIGHT, desk.everything)
    desk.qtbot.waitUntil(edits.progress.isVisible)
    desk.qtbot.mouseClick(edits.cancel, LEFT)
    go.set()
    desk.qtbot.waitUntil(lambda: not edits.progress.isVisible())
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert not edits.cancel.isEnabled()


def test_a_stroke_right_after_apply_loses_neither(desk: Desk) -> None:
    desk.editor.edits.choose("Negate")
    desk.editor.edits.apply.click()
    desk.drag((3.0, 2.0), (8.0, 6.0), (15.0, 9.0))
    desk.settle()
    assert len(desk.document.history.labels) == 2
    for _ in range(2):
        desk.document.undo()
    np.testing.assert_array_equal(desk.tensor(), desk.trained)


# -- selection, clipboard, brush, header ---------------------------------------------------------------------------


def test_buttons_select(desk: Desk) -> None:
    desk.workspace.tool = "select"
    panel = desk.editor.selection
    shape = desk.trained.shape
    assert desk.editor.panels.currentIndex() == 1

    def press(text: str) -> Selection:
        desk.qtbot.mouseClick(panel.buttons[text], LEFT)
        assert desk.workspace.selection is not None
        return desk.workspace.selection

    assert panel.count.text() == "All 18 kernels"
    panel.n.setValue(4)
    np.testing.assert_array_equal(press("Strongest").mask, Selection.strongest(desk.trained, 4).mask)
    assert panel.count.text() == "4 of 18 kernels"
    np.testing.assert_array_equal(press("Invert").mask, ~Selection.strongest(desk.trained, 4).mask)
    np.testing.assert_array_equal(press("Weakest").mask, Selection.weakest(desk.trained, 4).mask)
    assert press("Random").count == 4
    desk.workspace.select(Selection.kernels(shape, [(2, 1)]))
    np.testing.assert_array_equal(press("Whole rows").mask, Selection.rows(shape, [2]).mask)
    desk.workspace.select(Selection.kernels(shape, [(2, 1)]))
    np.testing.assert_array_equal(press("Whole columns").mask, Selection.columns(shape, [1]).mask)
    assert press("All").mask.all()
    assert press("Invert").mask.all()


def test_keys_copy_and_paste_between_layers_of_other_kernel_sizes(desk: Desk) -> None:
    desk.workspace.select(Selection.kernels(desk.trained.shape, [(0, 0)]))
    desk.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    desk.workspace.choose("mid", "weight")
    before = desk.tensor("mid.weight")
    desk.workspace.select(Selection.columns(before.shape, [2]))
    desk.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    after = desk.tensor("mid.weight")
    assert len({after[row, 2].tobytes() for row in range(6)}) == 1
    assert not np.array_equal(after[:, 2], before[:, 2])
    np.testing.assert_array_equal(np.delete(after, 2, axis=1), np.delete(before, 2, axis=1))
    desk.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert desk.workspace.selection is not None
    assert desk.workspace.selection.mask.all()
    desk.qtbot.mouseClick(desk.editor.selection.buttons["Reset"], LEFT)
    desk.settle()
    np.testing.assert_array_equal(desk.tensor("mid.weight"), before)
    assert len(desk.document.history.labels) == 2


def test_the_brushs_form_and_keys_say_the_same(desk: Desk) -> None:
    form = desk.editor.brush.form
    desk.editor.panels.setCurrentIndex(0)
    radius = form.controls["radius"]
    assert isinstance(radius, Number)
    start = handle(radius.slider)
    drag(desk.qtbot, radius.slider, [start, start + QPoint(20, 0)])
    assert desk.workspace.brush.radius > 2
    assert desk.workspace.brush == form.record()
    desk.key(Qt.Key.Key_BracketLeft)
    assert form.record() == desk.workspace.brush
    assert form.controls["seed"].isHidden()
    desk.workspace.brush = Brush(mode="noise")
    assert not form.controls["seed"].isHidden()
    desk.workspace.brush = Brush(mode="erase")
    assert form.controls["value"].isHidden()


def test_the_header_follows_and_chooses(desk: Desk) -> None:
    header, editor = desk.editor.header, desk.editor
    assert [header.layers.itemText(place) for place in range(header.layers.count())] == ["enc", "mid", "dec"]
    header.layers.setCurrentText("dec")
    header.layers.activated.emit(header.layers.currentIndex())
    assert desk.workspace.tensor == "dec.weight"
    assert editor.shape.text() == "6×3×4×4"
    header.keys.setCurrentText("bias")
    header.keys.activated.emit(1)
    assert desk.workspace.tensor == "dec.bias"
    assert editor.canvas.currentWidget() is editor.bars
    desk.workspace.choose("act")
    assert editor.canvas.currentWidget() is editor.empty
    assert editor.empty.text() == "act: ReLU has no weights"
    assert header.layers.placeholderText() == "act"
    desk.workspace.choose("enc", "weight")
    assert editor.canvas.currentWidget() is editor.sheet
    assert not header.bent.isEnabled()
    desk.drag((3.0, 2.0), (8.0, 6.0))
    assert header.bent.isEnabled()
    desk.qtbot.mouseClick(header.bent, LEFT)
    np.testing.assert_array_equal(desk.tensor(), desk.trained)
    assert not header.bent.isEnabled()


def test_another_network_has_its_own_layers_in_the_header(desk: Desk) -> None:
    from helpers import tiny_network

    desk.document.load(Preset("tiny", tiny_network(), {}))
    header = desk.editor.header
    assert [header.layers.itemText(place) for place in range(header.layers.count())] == ["enc", "dec"]


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp)
    yield
    qapp.setStyleSheet("")


@pytest.mark.usefixtures("themed")
@pytest.mark.parametrize("width", [300, 420, 1000, 1200])
def test_nothing_is_cut_off_at_any_width(qtbot: QtBot, width: int) -> None:
    desk = Desk(qtbot, (width, 620))
    assert desk.editor.width() == width
    assert desk.editor.splitter.orientation() == (
        Qt.Orientation.Horizontal if width >= 640 else Qt.Orientation.Vertical
    )
    for place in range(3):
        desk.editor.panels.setCurrentIndex(place)
        panel = desk.editor.panels.currentWidget()
        assert panel is not None
        inner = panel.widget()  # type: ignore[attr-defined]
        assert inner.minimumSizeHint().width() <= panel.width()
    desk.editing.close()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_in_any_order_is_undone_and_redone(desk: Desk, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = list(desk.document.graph.tensor_shapes)

    def place() -> tuple[float, float]:
        return float(rng.uniform(-2, 26)), float(rng.uniform(-2, 14))

    def stroke() -> None:
        desk.workspace.tool = ("paint", "select")[int(rng.integers(2))]
        desk.drag(*(place() for _ in range(3)), modifiers=(NONE, SHIFT, CTRL, ALT)[int(rng.integers(4))])

    def edit() -> None:
        desk.editor.show_edit(ALL[int(rng.integers(len(ALL)))])
        desk.editor.edits.apply.click()

    def slide() -> None:
        desk.editor.show_edit(("Gain", "Offset", "Blur", "Rotate")[int(rng.integers(4))])
        slider = next(iter(desk.editor.edits.form.controls.values())).slider  # type: ignore[attr-defined]
        pull(desk, slider, int(rng.integers(-20, 20)), int(rng.integers(-20, 20)))

    def key() -> None:
        keys = "BSVDTMEUNX[]F1"
        desk.qtbot.keyClicks(desk.canvas, keys[int(rng.integers(len(keys)))])

    acts = [
        stroke,
        stroke,
        edit,
        slide,
        key,
        desk.editing.cancel,
        desk.document.undo,
        desk.document.redo,
        desk.editor.selection.copy,
        desk.editor.selection.paste,
        desk.editor.selection.reset,
        lambda: desk.workspace.choose(*names[int(rng.integers(len(names)))].split(".")),
        lambda: desk.qtbot.wait(2),
    ]
    for _ in range(80):
        acts[int(rng.integers(len(acts)))]()
    desk.settle()

    def everything() -> dict[str, bytes]:
        return {name: desk.document.tensor(name).tobytes() for name in names}

    desk.document.go(len(desk.document.history.labels))
    end, count = everything(), desk.document.history.position
    desk.document.go(0)
    assert not any(desk.document.is_bent(name) for name in names)
    desk.document.go(count)
    assert everything() == end
    assert count > 5
