"""Curves of a lesson: what they show, and that a step more costs no plot of its own."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.runtime.learning.record import Curves
from studio.ui.learning.curves import CurvesView, finite, smoothed


def curves(steps: int) -> Curves:
    rng = np.random.default_rng(3)
    made = Curves()
    made.steps.extend(range(1, steps + 1))
    made.total.extend(rng.uniform(0.1, 2, steps).tolist())
    made.psnr.extend(rng.uniform(10, 30, steps).tolist())
    made.parts["L1"] = rng.uniform(0.1, 1, steps).tolist()
    made.parts["Style"] = [float("nan")] * (steps // 2) + rng.uniform(0.1, 1, steps - steps // 2).tolist()
    return made


@pytest.fixture
def view(qtbot: QtBot) -> CurvesView:
    made = CurvesView()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


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


def test_another_step_moves_the_lines_that_are_there(view: CurvesView) -> None:
    view.show_curves(curves(50))
    before = view.plot.plotItem.listDataItems()
    view.show_curves(curves(60))
    after = view.plot.plotItem.listDataItems()
    assert all(old is new for old, new in zip(before, after, strict=True))
    assert len(after[0].getOriginalDataset()[0]) == 60
