"""Live edits in the filter editor, by mouse: kept, turned, ordered, baked, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from filter_editor_desk import LEFT, WEIGHT, Desk, drag
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from studio.control.move import move
from studio.edits import make_edit
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import as_run
from studio.model.movement.route import ROUTES
from studio.runtime.live.movement import EditCosts, Moved
from studio.ui.filters.live_card import LiveEditCard
from studio.ui.kit.number_controls import Number, Slider


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot, (420, 1200))
    found.workspace.choose("enc", "weight")
    found.editor.panels.setCurrentIndex(2)
    yield found
    found.editing.close()


def slider(control: object) -> Slider:
    assert isinstance(control, Number)
    return control.slider


def pull(desk: Desk, of: Slider, by: int) -> None:
    option = QStyleOptionSlider()
    of.initStyleOption(option)
    handle = of.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, of)
    start = handle.center()
    drag(desk.qtbot, of, [start, start + QPoint(by // 2, 0), start + QPoint(by, 0)])


def only_card(desk: Desk) -> LiveEditCard:
    [card] = desk.editor.edits.live.cards.values()
    return card


def test_a_slider_that_was_tried_is_kept_live_in_one_undo(desk: Desk) -> None:
    edits = desk.editor.edits
    edits.choose("Gain")
    pull(desk, slider(edits.form.controls["factor"]), 30)
    desk.settle()
    factor = edits.form.record().factor  # type: ignore[attr-defined]
    assert not np.array_equal(desk.tensor(), desk.trained)
    desk.qtbot.mouseClick(edits.keep, LEFT)
    # The trained weights are back beneath it, and it runs as it was seen.
    assert np.array_equal(desk.tensor(), desk.trained)
    assert [edit.edit for edit in desk.document.edits] == [make_edit("Gain", {"factor": factor})]
    np.testing.assert_allclose(as_run(desk.document.preset()).tensors[WEIGHT], desk.trained * factor, rtol=1e-6)
    assert edits.live.isVisible()
    assert desk.document.undo()
    assert desk.document.edits == ()
    assert not edits.live.isVisible()
    assert not np.array_equal(desk.tensor(), desk.trained)


def test_a_card_comes_into_sight_in_a_low_panel(desk: Desk) -> None:
    desk.editor.resize(420, 460)
    edits = desk.editor.edits
    edits.choose("Clamp")
    desk.qtbot.mouseClick(edits.keep, LEFT)
    card = only_card(desk)

    def is_seen() -> bool:
        head = QRect(QPoint(0, 0), QSize(card.width(), min(card.height(), 70)))
        return card.visibleRegion().contains(head)

    desk.qtbot.waitUntil(is_seen)


def test_its_card_turns_it_and_one_drag_is_one_undo(desk: Desk) -> None:
    shape = desk.trained.shape
    desk.document.add_edit(WEIGHT, make_edit("Sharpen", {}), Selection.rows(shape, [1]))
    card = only_card(desk)
    assert card.name.whole == "Sharpen · 3 kernels"
    items = len(desk.document.history)
    pull(desk, slider(card.amount), -60)
    pull(desk, slider(card.form.controls["sigma"]), 20)
    assert len(desk.document.history) == items + 2
    assert only_card(desk) is card
    assert desk.document.edits[0].amount < 1.0
    assert desk.document.get("/edit/1/sigma") > 0.7
    desk.qtbot.mouseClick(card.on, LEFT)
    assert not desk.document.edits[0].on
    desk.qtbot.mouseClick(card.remove, LEFT)
    assert desk.editor.edits.live.cards == {}
    desk.document.undo()
    assert only_card(desk).name.whole == "Sharpen · 3 kernels"


def test_the_menu_orders_them_and_selects_their_kernels(desk: Desk) -> None:
    shape = desk.trained.shape
    desk.document.add_edit(WEIGHT, make_edit("Negate", {}), Selection.rows(shape, [2]))
    desk.document.add_edit(WEIGHT, make_edit("Gain", {}))
    cards = desk.editor.edits.live.cards

    def choose(number: int, text: str) -> None:
        [action] = [action for action in cards[number].menu().actions() if action.text() == text]
        assert action.isEnabled()
        action.trigger()

    choose(2, "Earlier")
    assert [edit.id for edit in desk.document.edits] == [2, 1]
    choose(1, "Select its kernels")
    assert desk.workspace.selection == Selection.rows(shape, [2])
    choose(2, "Remove")
    assert list(cards) == [1]


def test_bake_writes_what_runs_now_with_its_routes_gone(desk: Desk) -> None:
    desk.document.add_edit(WEIGHT, make_edit("Gain", {"factor": 2.0}))
    desk.document.set_section(ROUTES, move((), "/edit/1/factor", "lfo")[0], "Move")
    live = desk.editor.edits.live
    live.take_moved(Moved({"/edit/1/factor": 3.0, "/edit/9/factor": 1.0}))
    live.take_costs(EditCosts({WEIGHT: 0.0021}))
    assert live.cost.text() == "2.1 ms a move"
    desk.qtbot.mouseClick(live.bake, LEFT)
    np.testing.assert_allclose(desk.tensor(), desk.trained * 3, rtol=1e-6)
    assert desk.document.edits == ()
    assert desk.document.section(ROUTES) == ()
    desk.document.undo()
    assert len(desk.document.edits) == len(desk.document.section(ROUTES)) == 1


def test_what_cannot_be_kept_live_is_said(desk: Desk) -> None:
    desk.workspace.choose("enc", "bias")
    desk.editor.edits.choose("Reinitialise")
    desk.qtbot.mouseClick(desk.editor.edits.keep, LEFT)
    assert desk.document.edits == ()
    assert "A vector has no fan" in desk.said[-1]


def test_of_another_tensor_nothing_is_shown(desk: Desk) -> None:
    desk.document.add_edit(WEIGHT, make_edit("Negate", {}))
    desk.workspace.choose("mid", "weight")
    assert not desk.editor.edits.live.isVisible()
    assert desk.editor.edits.live.cards == {}
