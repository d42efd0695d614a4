"""What was marked out in a histogram, by mouse: selected, clamped, scaled; and a histogram of each channel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from filter_editor_desk import drag, small_network
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.bends.clamp import Clamp
from studio.bends.multiply import Multiply
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.between import ScaleBetween, channels_between, kernels_between
from studio.runtime.editing.previews import Editing
from studio.runtime.live.report import LayerSamples, LayerStats, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.histogram.heat import BINS, heat
from studio.ui.histogram.numbers import measure
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.services.posting import Post

WEIGHT = "enc.weight"


class Desk:
    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.document = Document(Preset("small", small_network(), {}))
        self.workspace = Workspace(self.document)
        self.workspace.choose("enc", "weight")
        self.telemetry, self.said, self._post = Telemetry(), list[str](), Post()
        self.editing = Editing(self.document, self._post, self.said.append)
        self.panel = HistogramPanel(
            self.document, self.workspace, self.telemetry, lambda *_: None, editing=self.editing
        )
        qtbot.addWidget(self.panel)
        self.panel.resize(320, 760)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        rng = np.random.default_rng(4)
        # Channel k lies about k.
        self.maps = (rng.standard_normal((6, 5, 7)) * 0.2 + np.arange(6)[:, None, None]).astype(np.float32)
        stats = {"enc": measure(self.maps), WEIGHT: measure(self.tensor)}
        self.telemetry.take(Report([LayerStats(None, stats), LayerSamples(None, {"enc": self.maps})]))
        qtbot.waitUntil(lambda: self.panel.tensor.plot.span is not None)
        QApplication.processEvents()

    @property
    def tensor(self) -> Array:
        return self.document.tensor(WEIGHT).copy()

    @property
    def undoable(self) -> int:
        return len(self.document.history.labels)

    def mark(self, what: str, low: float, high: float) -> tuple[float, float]:
        """Drag along the histogram of the tensor or the activation; the range that was marked out."""
        plot = getattr(self.panel, what).plot
        box = plot._plot.getPlotItem().getViewBox()
        ends = []
        for value in (low, high):
            part = (value - plot.span[0]) / (plot.span[1] - plot.span[0])
            scene = box.mapViewToScene(pg.Point(part, 0.5))
            ends.append(plot._plot.mapFromScene(scene))
        drag(self.qtbot, plot._plot.viewport(), [QPoint(end.x(), end.y()) for end in ends])
        QApplication.processEvents()
        assert plot.marked_range is not None
        assert plot.marked_range == pytest.approx((low, high), abs=0.02 * (plot.span[1] - plot.span[0]))
        return plot.marked_range

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.editing.is_active)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.editing.close()


def test_a_marked_range_of_weights_is_clamped_in_one_undo(desk: Desk) -> None:
    before, bar = desk.tensor, desk.panel.tensor.bar
    assert not bar.isVisible()
    spread = float(before.std())
    low, high = desk.mark("tensor", -0.5 * spread, 0.8 * spread)
    assert bar.isVisible()
    desk.qtbot.mouseClick(bar.clamp, Qt.MouseButton.LeftButton)
    desk.settle()
    np.testing.assert_array_equal(desk.tensor, np.clip(before, low, high).astype(np.float32))
    assert desk.undoable == 1
    desk.document.undo()
    np.testing.assert_array_equal(desk.tensor, before)


def test_a_marked_range_is_scaled_while_the_slider_moves_in_one_undo(desk: Desk) -> None:
    before, bar = desk.tensor, desk.panel.tensor.bar
    spread = float(before.std())
    low, high = desk.mark("tensor", 0.2 * spread, 1.2 * spread)
    inside = (before >= low) & (before <= high)
    assert inside.any()
    for factor in (1.5, 2.5, 0.0):
        bar.factor.spin.setValue(factor)
    bar.factor.settled.emit()
    desk.settle()
    np.testing.assert_array_equal(desk.tensor, np.where(inside, 0, before))
    assert desk.undoable == 1


def test_painting_s_protection_holds_for_ranges_too(desk: Desk) -> None:
    before = desk.tensor
    desk.workspace.select(Selection.rows(before.shape, [1]))
    spread = float(before.std())
    desk.mark("tensor", -0.1 * spread, 0.1 * spread)
    desk.qtbot.mouseClick(desk.panel.tensor.bar.clamp, Qt.MouseButton.LeftButton)
    desk.settle()
    changed = (desk.tensor != before).any(axis=(1, 2, 3))
    assert np.flatnonzero(changed).tolist() == [1]


def test_a_marked_range_selects_kernels_and_channels(desk: Desk) -> None:
    spread = float(desk.tensor.std())
    low, high = desk.mark("tensor", -spread, 0.0)
    desk.qtbot.mouseClick(desk.panel.tensor.bar.select, Qt.MouseButton.LeftButton)
    assert desk.workspace.selection is not None
    np.testing.assert_array_equal(desk.workspace.selection.mask, kernels_between(desk.tensor, low, high))
    desk.mark("activation", 1.5, 3.5)
    desk.qtbot.mouseClick(desk.panel.activation.bar.select, Qt.MouseButton.LeftButton)
    assert np.flatnonzero(desk.workspace.selection.mask.all(axis=1)).tolist() == [2, 3]


def test_a_marked_range_of_a_layer_is_bent_in_one_undo_each(desk: Desk) -> None:
    low, high = desk.mark("activation", 1.5, 3.5)
    bar = desk.panel.activation.bar
    desk.qtbot.mouseClick(bar.clamp, Qt.MouseButton.LeftButton)
    (stage,) = desk.document.stages
    assert isinstance(stage.bend, Clamp)
    assert (stage.bend.low, stage.bend.high) == pytest.approx((low, high))
    for factor in (1.5, 3.0):
        bar.factor.spin.setValue(factor)
    bar.factor.settled.emit()
    assert desk.document.stages[1].bend == Multiply(factor=3.0)
    assert desk.document.stages[1].channels.chosen(6).nonzero()[0].tolist() == [2, 3]
    assert desk.undoable == 2
    desk.document.undo()
    desk.document.undo()
    assert desk.document.stages == ()


def test_another_layer_has_nothing_marked_out(desk: Desk) -> None:
    desk.mark("tensor", -0.1, 0.1)
    desk.workspace.choose("mid", "weight")
    assert desk.panel.tensor.plot.marked_range is None
    assert not desk.panel.tensor.bar.isVisible()


def test_each_channel_has_a_histogram_on_demand(desk: Desk) -> None:
    desk.qtbot.mouseClick(desk.panel.channels, Qt.MouseButton.LeftButton)
    chart = desk.panel.activation
    assert chart.heat.isVisible()
    assert not chart.plot.isVisible()
    assert (chart.heat.count, desk.panel.tensor.heat.count) == (6, 6)
    desk.qtbot.wait(100)
    middle = QPoint(40, int((4.5 / 6) * chart.heat._room().height()))
    desk.qtbot.mouseMove(chart.heat, QPoint(2, 2))
    desk.qtbot.mouseMove(chart.heat, middle)
    desk.qtbot.waitUntil(lambda: desk.workspace.pointed == ("enc", 4))
    desk.qtbot.mouseClick(chart.heat, Qt.MouseButton.LeftButton, pos=middle)
    assert desk.workspace.selection is not None
    assert np.flatnonzero(desk.workspace.selection.mask.all(axis=1)).tolist() == [4]
    desk.qtbot.mouseClick(desk.panel.channels, Qt.MouseButton.LeftButton)
    assert chart.plot.isVisible()


@given(st.integers(0, 1000))
def test_heat_counts_what_a_histogram_counts(seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((5, 200)).astype(np.float32)
    values[0, 0], values[1, 1] = np.nan, np.inf
    found = heat(values, (-2.0, 2.0))
    for row, channel in zip(found, values, strict=True):
        counts, _ = np.histogram(channel[np.isfinite(channel)].astype(np.float64), BINS, (-2.0, 2.0))
        np.testing.assert_allclose(row**2, counts / counts.max(), atol=1e-12)


def test_what_lies_between() -> None:
    values = np.array([[0, 0, 0, 5], [1, 1, 9, 1], [7, 7, 7, 7]], np.float32)
    assert channels_between(values, 0.5, 1.5).tolist() == [1]
    assert channels_between(values, 5, 5).tolist() == [0]
    assert channels_between(values, 20, 30).tolist() == []
    tensor = np.arange(8, dtype=np.float32).reshape(2, 1, 2, 2)
    patch = ScaleBetween(low=2, high=5, factor=-1).apply(tensor, Selection.everything(tensor.shape))
    np.testing.assert_array_equal(patch.applied(tensor).ravel(), [0, 1, -2, -3, -4, -5, 6, 7])
