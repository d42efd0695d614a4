"""From the picture to the filters that make it, and from a tile to its own."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from whole_window import WholeWindow

from studio.bends.ablate import Ablate
from studio.model.bends.stage import ChannelList
from studio.model.documents.document import Document
from studio.model.networks.graph import Graph
from studio.model.networks.preset import Preset
from studio.runtime.editing.varying import filters_of
from studio.runtime.live.report import LayerSamples
from studio.ui.filters.makers import strongest
from studio.ui.filters.picking import Picking
from studio.ui.filters.pointing import Pointing
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
def test_a_click_on_the_picture_selects_filters_and_a_drag_where_it_is_zoomed_pans(whole: WholeWindow) -> None:
    whole.workspace.choose("act")
    whole.window.docks["histogram"].hide()
    whole.until(lambda: "act" in whole.told[LayerSamples].samples)
    whole.until(lambda: whole.picture_in_place)
    middle = whole.viewport.rect().center()
    whole.viewport.zoom_in()
    before = whole.viewport.camera.origin
    QTest.mousePress(whole.viewport, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(whole.viewport, middle + QPoint(30, 10))
    QTest.mouseRelease(whole.viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 10))
    assert whole.workspace.layer == "act"
    assert whole.viewport.camera.origin != before
    whole.viewport.fit()
    whole.until(lambda: whole.picture_in_place)
    whole.click(whole.viewport, middle)
    # The filters are those of the convolution that the activation reads.
    assert (whole.workspace.layer, whole.workspace.key) == ("enc", "weight")
    assert whole.workspace.selection is not None
    assert whole.workspace.selection.mask.all(axis=1).any()
    # By their maps, or by their effect where that has been measured meanwhile.
    assert whole.said[-1].endswith(("are strongest there.", "change the picture most there."))


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


@pytest.mark.gl
def test_a_drag_over_the_picture_finds_what_makes_that_part_and_lights_it_up(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.command("view.output")
    whole.viewport.fit()
    whole.until(lambda: "enc" in whole.told[LayerSamples].samples)
    whole.until(lambda: whole.picture_in_place)
    area = whole.viewport.rect()
    start, end = area.center() - QPoint(60, 60), area.center() + QPoint(50, 40)
    QTest.mousePress(whole.viewport, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(whole.viewport, end)
    assert whole.viewport._drag == "region"
    QTest.mouseRelease(whole.viewport, Qt.MouseButton.LeftButton, pos=end)
    layer, channels = whole.workspace.found
    assert layer == "enc"
    assert channels
    row = whole.editor.found
    assert [button.text() for button in row.buttons] == [str(channel) for channel in channels]
    assert row.isVisible()
    assert np.isfinite(whole.editor.sheet._scene.glow._at).any()
    # One of them alone, and all again.
    whole.click(row.buttons[-1])
    assert whole.workspace.selection is not None
    assert np.flatnonzero(whole.workspace.selection.mask.all(axis=1)).tolist() == [channels[-1]]
    QTest.mouseMove(row.buttons[0])
    whole.until(lambda: whole.workspace.pointed == ("enc", channels[0]))
    row._clear()
    assert whole.workspace.selection.mask.all()
    assert not row.isVisible()


def test_a_drag_beside_the_picture_counts_where_it_is_on_it() -> None:
    rng = np.random.default_rng(5)
    sample = 0.1 * rng.standard_normal((6, 10, 10)).astype(np.float32)
    sample[2, 5:, 5:] = 4
    sample[3, 6, 6] = 9
    assert strongest(sample, (0.5, 0.5), 1, (1.0, 1.0))[0] == 2
    assert strongest(sample, (0.65, 0.65), 1)[0] == 3


@pytest.mark.gl
def test_over_a_filter_its_map_lies_on_the_picture_and_keys_leave_it_out_or_alone(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.stand_still()
    whole.editor.sheet.fit()
    pointing, sheet = whole.context[Pointing], whole.editor.sheet
    kh = whole.document.tensor("enc.weight").shape[2]
    whole.until(lambda: "enc" in whole.told[LayerSamples].samples)
    channel = int(whole.told[LayerSamples].samples["enc"].clip(0).mean(axis=(1, 2)).argmax())
    place = sheet.at((channel + 0.5) * kh, 1.0).toPoint()
    QTest.mouseMove(sheet, place)
    whole.until(lambda: pointing.shown is not None)
    shown = pointing.shown
    assert shown is not None
    assert (shown.layer, shown.channel) == ("enc", channel)
    plain = whole.picture().astype(int)
    tensors = {name: whole.tensor(name) for name in whole.document.graph.tensor_shapes}
    pictures = {}
    for what, modifier in (("mute", Qt.KeyboardModifier.NoModifier), ("solo", Qt.KeyboardModifier.ShiftModifier)):
        whole.window.activateWindow()
        sheet.setFocus()
        whole.until(sheet.hasFocus)
        QTest.keyPress(sheet, Qt.Key.Key_Q, modifier)
        assert whole.workspace.listening == what
        pictures[what] = whole.picture().astype(int)
        QTest.keyRelease(sheet, Qt.Key.Key_Q, modifier)
        assert whole.workspace.listening == ""
        np.testing.assert_array_equal(whole.picture(), plain)
    assert len({picture.tobytes() for picture in (plain, *pictures.values())}) == 3
    assert not whole.document.stages
    count = len(whole.document.tensor("enc.weight"))
    for what, left_out in (("mute", {channel}), ("solo", set(range(count)) - {channel})):
        whole.document.add_stage("enc", Ablate(), channels=ChannelList(channels=tuple(left_out)))
        np.testing.assert_array_equal(whole.picture(), pictures[what])
        whole.document.undo()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(whole.tensor(name), tensor)
    # Where it has just painted, the picture is what counts.
    whole.stroke((1.0, 1.0), (3.0, 3.0))
    whole.qtbot.wait(700)
    assert pointing.shown is None
    QTest.mouseMove(whole.viewport, whole.viewport.rect().center())
    whole.until(lambda: whole.workspace.pointed is None and pointing.shown is None)
