"""Curves of a lesson: what they show, and that a step more costs no plot of its own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.learn.lesson_numbers import LOSS_NAMES, LOSS_WORDS
from studio.runtime.learning.record import Curves
from studio.ui.learning.curves import CurvesView, finite, smoothed


def curves(steps: int) -> Curves:
    rng = np.random.default_rng(3)
    made = Curves()
    made.steps.extend(range(1, steps + 1))
    made.total.extend(rng.uniform(0.1, 2, steps).tolist())
    made.psnr.extend(rng.uniform(10, 30, steps).tolist())
    made.parts["l1"] = rng.uniform(0.1, 1, steps).tolist()
    made.parts["style"] = [float("nan")] * (steps // 2) + rng.uniform(0.1, 1, steps - steps // 2).tolist()
    return made


@pytest.fixture
def view(qtbot: QtBot) -> CurvesView:
    made = CurvesView()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_the_plot_is_made_in_a_turn_of_its_own_where_its_room_is(qtbot: QtBot) -> None:
    view = CurvesView()
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    assert "plot" not in vars(view)
    height = view.sizeHint().height()
    qtbot.waitUntil(lambda: "plot" in vars(view))
    qtbot.waitUntil(view.plot.isVisible)
    assert view.sizeHint().height() == height
    assert view.layout().indexOf(view.plot) == 0
    # Who draws does not wait for it.
    sooner = CurvesView()
    qtbot.addWidget(sooner)
    sooner.show()
    sooner.show_curves(curves(20))
    assert len(sooner.plot.plotItem.listDataItems()) == 2


def test_the_lines_are_the_losses_and_their_means(view: CurvesView) -> None:
    given = curves(50)
    view.log.setChecked(False)
    view.show_curves(given)
    whole, mean = view.plot.plotItem.listDataItems()
    np.testing.assert_allclose(whole.getOriginalDataset(), (given.steps, given.total))
    np.testing.assert_allclose(mean.getOriginalDataset(), (given.steps, smoothed(finite(given.total))))
    view.psnr.setChecked(True)
    whole, mean = view.plot.plotItem.listDataItems()
    np.testing.assert_allclose(whole.getOriginalDataset(), (given.steps, given.psnr))
    assert view.plot.getAxis("left").labelText == "dB"


def test_parts_come_and_go(view: CurvesView) -> None:
    given = curves(50)
    view.parts.setChecked(True)
    view.show_curves(given)
    lines = view.plot.plotItem.listDataItems()
    assert len(lines) == 4
    style = min(lines, key=lambda line: np.isfinite(line.getOriginalDataset()[1]).sum())
    assert np.isfinite(style.getOriginalDataset()[1]).tolist() == [False] * 25 + [True] * 25
    view.parts.setChecked(False)
    assert len(view.plot.plotItem.listDataItems()) == 2
    view.show_curves(Curves())
    assert not view.plot.plotItem.listDataItems()


def test_each_part_has_a_colour_of_its_own_that_is_named(view: CurvesView) -> None:
    given = Curves()
    given.steps, given.total, given.psnr = [1, 2], [1.0, 2.0], [10.0, 11.0]
    # In any order: sets of names have another in every run.
    given.parts = {name: [1.0, 0.5] for name in ("critic", *reversed(LOSS_NAMES))}
    assert view.key.isHidden()
    view.parts.setChecked(True)
    view.show_curves(given)
    lines = view.plot.plotItem.listDataItems()
    assert len(lines) == len(given.parts) + 2
    shown = [line.opts["pen"].color().name() for line in lines[1:-1]]
    named = re.findall(r'color: (#\w+)">([^<]+)', view.key.text())
    assert len(set(shown)) == len(given.parts)
    assert sorted(colour.lower() for colour, _ in named) == sorted(shown)
    assert [words for _, words in named] == [*LOSS_WORDS.values(), "What the critic gets wrong"]
    before = dict(named)
    given.parts.pop("l1")
    view.show_curves(given)
    now = dict(re.findall(r'color: (#\w+)">([^<]+)', view.key.text()))
    assert now == {colour: words for colour, words in before.items() if words != LOSS_WORDS["l1"]}
    view.psnr.setChecked(True)
    assert view.key.isHidden()


def test_another_step_moves_the_lines_that_are_there(view: CurvesView) -> None:
    view.show_curves(curves(50))
    before = view.plot.plotItem.listDataItems()
    view.show_curves(curves(60))
    after = view.plot.plotItem.listDataItems()
    assert all(old is new for old, new in zip(before, after, strict=True))
    assert len(after[0].getOriginalDataset()[0]) == 60


@pytest.mark.parametrize("place", [(60, 40), (10, 40), (200, 145)])
def test_the_wheel_scrolls_what_a_plot_lies_in_over_its_axes_too(view: CurvesView, place: tuple[int, int]) -> None:
    """Over the numbers beside a curve the panel stood still."""
    there = view.plot.viewport()
    at, turned = QPointF(*place), QPoint(0, -120)
    none, still = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, there.mapToGlobal(at), QPoint(), turned, none, Qt.KeyboardModifier.NoModifier, still, False)
    QApplication.sendEvent(there, event)
    assert not event.isAccepted()
