"""From the picture to the filters that make it, and from a tile to its own."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from whole_window import WholeWindow

from studio.model.document import Document
from studio.model.graph import Graph
from studio.model.preset import Preset
from studio.runtime.editing.varying import filters_of
from studio.runtime.live.report import LayerSamples
from studio.ui.filters.picking import Picking, strongest
from studio.ui.services.watching import Watching
from studio.ui.viewport.pick import Picked


def test_the_channels_that_stand_out_at_a_place_come_first() -> None:
    rng = np.random.default_rng(3)
    sample = 0.1 * rng.standard_normal((20, 8, 8)).astype(np.float32)
    # One is large everywhere, one is large there alone, one is zero there.
    sample[4] *= 100
    sample[7, 2, 5] = -5
    sample[9] = 0
    found = strongest(sample, (2.4 / 8, 5.5 / 8), 3)
    assert found[0] == 7
    assert 4 not in found[:1]
    assert 9 not in strongest(sample, (0.0, 0.0), 20)
    assert len(strongest(np.full((3, 2, 2), np.nan, np.float32), (1.0, 1.0))) == 0


def test_filters_are_rows_of_a_convolution_and_columns_of_a_transposed_one() -> None:
    document = Document(Preset("tiny", tiny_network(), {}))
    rows = filters_of(document.graph, "enc", np.array([1, 3]))
    assert np.flatnonzero(rows.all(axis=1)).tolist() == [1, 3]
    assert rows.sum() == 2 * rows.shape[1]
    columns = filters_of(document.graph, "dec", np.array([2]))
    assert np.flatnonzero(columns.all(axis=0)).tolist() == [2]
    assert columns.sum() == columns.shape[0]


def test_what_several_want_is_watched_together() -> None:
    asked: list[tuple[str, ...]] = []
    graph = tiny_network().graph

    def watch(of: Graph, names: tuple[str, ...]) -> None:
        assert of is graph
        asked.append(names)

    watching = Watching(watch)
    watching.want("one", graph, ("a", "b"))
    watching.want("other", graph, ("b", "c"))
    watching.want("other", graph, ("b", "c"))
    watching.want("one", graph, ())
    assert asked == [("a", "b"), ("a", "b", "c"), ("b", "c")]


@pytest.mark.gl
def test_a_click_on_the_picture_selects_filters_and_a_drag_does_not(whole: WholeWindow) -> None:
    whole.workspace.choose("act")
    whole.window.docks["histogram"].hide()
    whole.until(lambda: "act" in whole.told[LayerSamples].samples and whole.viewport._parts)
    middle = whole.viewport.rect().center()
    QTest.mousePress(whole.viewport, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(whole.viewport, middle + QPoint(30, 10))
    QTest.mouseRelease(whole.viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 10))
    assert whole.workspace.layer == "act"
    whole.viewport.fit()
    whole.until(lambda: whole.viewport._parts)
    whole.click(whole.viewport, middle)
    # The filters are those of the convolution that the activation reads.
    assert (whole.workspace.layer, whole.workspace.key) == ("enc", "weight")
    assert whole.workspace.selection is not None
    assert whole.workspace.selection.mask.all(axis=1).any()
    assert "strongest there" in whole.said[-1]


@pytest.mark.gl
def test_a_click_on_a_tile_selects_the_filter_that_makes_it(whole: WholeWindow) -> None:
    picking = whole.context[Picking]
    picking.pick(Picked("enc", 3, (0.5, 0.5), add=False))
    picking.pick(Picked("act", 1, (0.5, 0.5), add=True))
    assert whole.workspace.selection is not None
    assert np.flatnonzero(whole.workspace.selection.mask.all(axis=1)).tolist() == [1, 3]
    whole.workspace.choose("enc")
    whole.command("view.layer")
    whole.until(lambda: whole.viewport._drawn.kind == "layer" and whole.viewport._parts)
    left, top = whole.viewport.camera.to_view(2, 2)
    scale = whole.viewport.devicePixelRatioF()
    whole.click(whole.viewport, QPoint(round(left / scale), round(top / scale)))
    assert np.flatnonzero(whole.workspace.selection.mask.all(axis=1)).tolist() == [0]
