"""A stage's mask, painted over the picture with the mouse, in the whole window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import NONE, WholeWindow

from studio.bends import make_bend, registry
from studio.io.networks import save_network
from studio.io.opening import find_and_open
from studio.model.bends.stage import AllChannels, Luma, Painted
from studio.model.networks.shape import Array
from studio.model.views.view import View
from studio.ui.bends.panel import BendsPanel
from studio.ui.bends.stage_card import StageCard

pytestmark = pytest.mark.gl
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    opened = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    opened.workspace.choose("enc")
    opened.context[BendsPanel].put(registry()["Invert"])
    opened.workspace.brush = opened.workspace.brush.model_copy(update={"radius": 40.0, "hardness": 1.0})
    yield opened
    opened.close()


def card(whole: WholeWindow) -> StageCard:
    [found] = whole.context[BendsPanel].cards.values()
    return found


def pick(whole: WholeWindow, kind: int) -> None:
    editor = card(whole).masked
    editor.kind.setCurrentIndex(kind)
    editor.kind.activated.emit(kind)


def at(whole: WholeWindow, y: float, x: float) -> QPoint:
    """Where a part of the picture, 0 to 1, lies in the viewport."""
    viewport = whole.viewport
    whole.until(lambda: viewport._parts)
    height, width = viewport.camera.content
    ratio = viewport.devicePixelRatioF()
    left, top = viewport.camera.to_view(x * width, y * height)
    return QPoint(round(left / ratio), round(top / ratio))


def stroke(whole: WholeWindow, *places: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
    viewport = whole.viewport
    QTest.mousePress(viewport, button, NONE, at(whole, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(viewport, at(whole, *place))
    QTest.mouseRelease(viewport, button, NONE, at(whole, *places[-1]))
    QApplication.processEvents()


def mask(whole: WholeWindow) -> Array:
    [stage] = whole.document.stages
    assert isinstance(stage.mask, Painted)
    return stage.mask.values


def test_a_mask_is_painted_undone_taken_away_and_bends_only_there(whole: WholeWindow) -> None:
    whole.document.change_stage(1, amount=0.0)
    plain = whole.picture()
    whole.document.change_stage(1, amount=1.0)
    bent = whole.picture()
    assert np.abs(plain.astype(int) - bent).mean() > 1
    whole.workspace.view = View("layer", "enc")
    pick(whole, 1)
    assert whole.workspace.masking == 1
    assert whole.workspace.view.kind == "output", "what is painted on is shown"
    assert mask(whole).shape == (48, 64)
    assert not mask(whole).any()
    np.testing.assert_array_equal(whole.picture(), plain)
    before = len(whole.document.history.labels)
    stroke(whole, (0.2, 0.2), (0.3, 0.2), (0.3, 0.3))
    assert len(whole.document.history.labels) == before + 1
    painted = mask(whole)
    assert painted[14, 13] == 1.0
    assert not painted[40:, 50:].any()
    assert 0 < painted.mean() < 0.6
    after = whole.picture()
    # What a mask reaches beyond its edge is what the layers after it blur together.
    far = np.s_[40:, 54:]
    np.testing.assert_array_equal(after[far], plain[far])
    assert np.abs(after[8:14, 8:14].astype(int) - plain[8:14, 8:14]).mean() > 1
    stroke(whole, (0.2, 0.2), (0.3, 0.25), button=RIGHT)
    assert mask(whole).sum() < painted.sum()
    whole.document.undo()
    np.testing.assert_array_equal(mask(whole), painted)
    np.testing.assert_array_equal(whole.picture(), after)
    whole.document.undo()
    assert not mask(whole).any()
    whole.document.redo()
    np.testing.assert_array_equal(mask(whole), painted)


def test_the_mask_is_seen_over_the_picture_while_it_is_painted(whole: WholeWindow) -> None:
    pick(whole, 1)
    stroke(whole, (0.3, 0.3), (0.7, 0.7))
    QTest.mouseMove(whole.viewport, QPoint(2, 2))
    whole.viewport.refresh()
    whole.until(lambda: whole.viewport.surface.is_settled)
    seen = whole.viewport.grab().toImage()
    whole.workspace.masking = 0
    QApplication.processEvents()
    without = whole.viewport.grab().toImage()
    inside, outside = at(whole, 0.5, 0.5), at(whole, 0.1, 0.9)
    assert seen.pixelColor(inside) != without.pixelColor(inside)
    assert seen.pixelColor(outside) == without.pixelColor(outside)


def test_escape_takes_a_stroke_back_and_then_ends_the_painting(whole: WholeWindow) -> None:
    pick(whole, 1)
    whole.viewport.setFocus()
    QTest.mousePress(whole.viewport, LEFT, NONE, at(whole, 0.5, 0.5))
    QTest.mouseMove(whole.viewport, at(whole, 0.6, 0.6))
    assert mask(whole).any()
    QTest.keyClick(whole.viewport, Qt.Key.Key_Escape)
    assert not mask(whole).any()
    QTest.mouseRelease(whole.viewport, LEFT, NONE, at(whole, 0.6, 0.6))
    assert card(whole).masked.paint.isChecked()
    QTest.keyClick(whole.viewport, Qt.Key.Key_Escape)
    assert whole.workspace.masking == 0
    assert not card(whole).masked.paint.isChecked()
    stroke(whole, (0.5, 0.5))
    assert not mask(whole).any()


def test_it_is_inverted_emptied_and_removed_with_its_stage(whole: WholeWindow) -> None:
    pick(whole, 1)
    stroke(whole, (0.5, 0.5))
    painted = mask(whole)
    whole.click(card(whole).masked.invert)
    np.testing.assert_allclose(mask(whole), 1.0 - painted, atol=1e-6)
    whole.click(card(whole).masked.empty)
    assert not mask(whole).any()
    pick(whole, 0)
    assert whole.document.stages[0].mask is None
    whole.document.undo()
    assert not mask(whole).any()
    assert whole.workspace.masking == 1
    whole.document.remove_stage(1)
    assert whole.workspace.masking == 0
    stroke(whole, (0.5, 0.5))


def test_a_stage_that_bends_everywhere_is_unmasked_from_a_full_mask(whole: WholeWindow) -> None:
    whole.workspace.masking = 1
    stroke(whole, (0.5, 0.5), button=RIGHT)
    assert mask(whole)[24, 32] < 0.5
    assert mask(whole)[2, 2] == 1.0
    whole.document.undo()
    assert whole.document.stages[0].mask is None


def test_the_brightness_of_another_map_is_chosen_and_turned(whole: WholeWindow) -> None:
    pick(whole, 2)
    found = whole.document.stages[0].mask
    assert found == Luma(source="input")
    control = card(whole).masked.high
    control.spin.setValue(0.25)
    control.settled.emit()
    assert whole.document.stages[0].mask == Luma(source="input", high=0.25)


def test_it_is_saved_with_its_stage(whole: WholeWindow, tmp_path: Path) -> None:
    from studio.io.presets import save_preset

    pick(whole, 1)
    stroke(whole, (0.4, 0.4), (0.6, 0.6))
    save_preset(whole.document.preset(), tmp_path / "masked")
    preset, _ = find_and_open(str(tmp_path / "masked"))
    from studio.model.bends.stages import STAGES

    [stage] = preset.section(STAGES)
    assert isinstance(stage.mask, Painted)
    np.testing.assert_array_equal(stage.mask.values, mask(whole))
    assert stage.channels == AllChannels()
    assert stage.bend == make_bend("Invert", {})
