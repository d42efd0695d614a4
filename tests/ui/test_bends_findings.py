"""What matters and what looks alike, in the panel of bends: by mouse and keys, each move one undo."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import on_torch, picture, tiny_network
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_bends_panel import LEFT, Desk
from whole_window import WholeWindow

from studio.bends import registry
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.model.bends.clusters import CLUSTERS
from studio.model.bends.stage import AllChannels, ChannelList, Cluster
from studio.model.filters.edit import Selection
from studio.model.networks.layout import kernel_grid
from studio.model.views.view import View
from studio.runtime.live.channel_study import (
    ChannelStudy,
    Clusters,
    Impacts,
    Norms,
    StudyClusters,
    StudyImpact,
    StudyNorms,
)
from studio.runtime.live.feature import Frame
from studio.runtime.live.report import Part, Report
from studio.ui.bends.channels import ChannelsEditor
from studio.ui.bends.dice import drawn_by_effect, throw
from studio.ui.bends.findings import BY_EFFECT, BY_NORM
from studio.ui.bends.panel import BendsPanel
from studio.ui.services.controllers import Controllers

STRONGEST, BY_NORMS, CLUSTER = 4, 5, 6
IMPACT = np.linspace(0, 1, 64, dtype=np.float32)[::-1].copy()


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot)
    made.panel.put(registry()["Multiply"])
    return made


def editor(desk: Desk) -> ChannelsEditor:
    [card] = desk.panel.cards.values()
    return card.channels


def tell(desk: Desk, part: Part) -> None:
    desk.telemetry.take(Report((part,)))


def pick(desk: Desk, kind: int) -> None:
    editor(desk).kind.setCurrentIndex(kind)
    editor(desk).kind.activated.emit(kind)


def ordered(desk: Desk, kind: type[StudyImpact] | type[StudyNorms] | type[StudyClusters]) -> list[str]:
    return [order.layer for order in desk.orders if isinstance(order, kind)]


def impacts(desk: Desk, values: np.ndarray, layer: str = "enc2", measuring: str = "") -> Impacts:
    return Impacts(desk.document.graph, {layer: values}, measuring)


def channels(desk: Desk) -> object:
    return desk.document.stages[0].channels


def test_the_strongest_are_measured_and_then_filled_in_as_one_undo(desk: Desk, qtbot: QtBot) -> None:
    before = len(desk.document.history.labels)
    pick(desk, STRONGEST)
    assert ordered(desk, StudyImpact) == ["enc2"]
    assert channels(desk) == AllChannels()
    half = IMPACT.copy()
    half[10:] = np.nan
    tell(desk, impacts(desk, half, measuring="enc2"))
    assert channels(desk) == AllChannels()
    # Another hand's change takes nothing away from who waits.
    desk.document.change_stage(desk.document.stages[0].id, amount=0.5)
    tell(desk, impacts(desk, IMPACT))
    assert channels(desk) == ChannelList(channels=tuple(range(8)), name=BY_EFFECT)
    assert len(desk.document.history.labels) == before + 2
    assert editor(desk).kind.currentIndex() == STRONGEST
    [card] = desk.panel.cards.values()
    assert card.where.whole == "strongest 8"
    # What comes later changes nothing unasked.
    tell(desk, impacts(desk, IMPACT[::-1].copy()))
    assert channels(desk) == ChannelList(channels=tuple(range(8)), name=BY_EFFECT)

    spin = editor(desk).strongest.count
    spin.selectAll()
    qtbot.keyClicks(spin, "3")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert channels(desk) == ChannelList(channels=(61, 62, 63), name=BY_EFFECT)
    assert len(desk.document.history.labels) == before + 3
    desk.document.undo()
    assert spin.value() == 8
    desk.document.undo()
    assert channels(desk) == AllChannels()
    assert editor(desk).kind.currentIndex() == 0


def test_the_strongest_by_norm_are_those_of_the_picture_that_runs_when_they_are_asked_for(
    desk: Desk, qtbot: QtBot
) -> None:
    pick(desk, BY_NORMS)
    assert ordered(desk, StudyNorms) == ["enc2"]
    assert channels(desk) == AllChannels()
    tell(desk, Norms(desk.document.graph, {"enc2": IMPACT}))
    assert channels(desk) == ChannelList(channels=tuple(range(8)), name=BY_NORM)
    assert editor(desk).kind.currentIndex() == BY_NORMS
    [card] = desk.panel.cards.values()
    assert card.where.whole == "strongest 8"
    spin = editor(desk).by_norm.count
    spin.selectAll()
    qtbot.keyClicks(spin, "3")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert ordered(desk, StudyNorms) == ["enc2", "enc2"]
    # What was measured is of an earlier picture.
    assert channels(desk) == ChannelList(channels=tuple(range(8)), name=BY_NORM)
    tell(desk, Norms(desk.document.graph, {"enc2": IMPACT[::-1].copy()}))
    assert channels(desk) == ChannelList(channels=(61, 62, 63), name=BY_NORM)
    desk.document.undo()
    assert spin.value() == 8
    # One that cannot be measured keeps nobody waiting.
    pick(desk, BY_NORMS)
    tell(desk, Norms(desk.document.graph, measuring="enc2"))
    tell(desk, Norms(desk.document.graph))
    assert not editor(desk).by_norm.waits
    assert channels(desk) == ChannelList(channels=tuple(range(8)), name=BY_NORM)


def test_clusters_are_found_chosen_and_found_anew(desk: Desk, qtbot: QtBot) -> None:
    before = len(desk.document.history.labels)
    pick(desk, CLUSTER)
    assert ordered(desk, StudyClusters) == ["enc2"]
    assert not editor(desk).cluster.list.isVisible()
    pictures = (np.zeros((8, 6, 3), np.uint8),) * 2

    def found(*groups: tuple[int, ...]) -> Clusters:
        made = tuple(Cluster("enc2", f"cluster {k}", group) for k, group in enumerate(groups, 1))
        return Clusters(desk.document.graph, {"enc2": made}, {"enc2": pictures})

    tell(desk, found((1, 2, 5), (0, 3)))
    assert channels(desk) == ChannelList(channels=(1, 2, 5), name="cluster 1")
    assert len(desk.document.history.labels) == before + 1
    box = editor(desk).cluster.list
    assert [box.itemText(row) for row in range(box.count())] == ["cluster 1 (3)", "cluster 2 (2)", "Find anew"]
    assert not box.itemIcon(0).isNull()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert channels(desk) == ChannelList(channels=(0, 3), name="cluster 2")
    assert len(desk.document.history.labels) == before + 2
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert ordered(desk, StudyClusters) == ["enc2", "enc2"]
    assert channels(desk) == ChannelList(channels=(0, 3), name="cluster 2")
    tell(desk, found((7, 8), (9,)))
    assert channels(desk) == ChannelList(channels=(7, 8), name="cluster 1")
    desk.document.undo()
    # It is none of those that are known now, but keeps its name.
    assert editor(desk).kind.currentIndex() == 3
    [card] = desk.panel.cards.values()
    assert card.where.whole == "cluster 2"
    editor(desk).list.setFocus()
    editor(desk).list.clear()
    qtbot.keyClicks(editor(desk).list, "0, 4")
    qtbot.keyClick(editor(desk).list, Qt.Key.Key_Return)
    assert channels(desk) == ChannelList(channels=(0, 4)), "what was changed by hand is no cluster any more"


def test_how_many_clusters_there_are_is_chosen_or_proposed(desk: Desk, qtbot: QtBot) -> None:
    asked = lambda: [(order.layer, order.count) for order in desk.orders if isinstance(order, StudyClusters)]  # noqa: E731
    pick(desk, CLUSTER)
    count = editor(desk).cluster.count
    assert (count.text(), asked()) == ("auto", [("enc2", None)])

    def found(many: int, told: int | None) -> Clusters:
        made = tuple(Cluster("enc2", f"cluster {k + 1}", (k, many + k)) for k in range(many))
        pictures = (np.zeros((8, 6, 3), np.uint8),) * many
        return Clusters(desk.document.graph, {"enc2": made}, {"enc2": pictures}, counts={"enc2": told})

    tell(desk, found(2, None))
    assert channels(desk) == ChannelList(channels=(0, 2), name="cluster 1")
    before = len(desk.document.history.labels)
    count.setFocus()
    count.selectAll()
    qtbot.keyClicks(count, "5")
    qtbot.keyClick(count, Qt.Key.Key_Return)
    assert asked()[1:] == [("enc2", 5)]
    # Others that were still on their way are not those that were asked for.
    tell(desk, found(3, None))
    assert channels(desk) == ChannelList(channels=(0, 2), name="cluster 1")
    tell(desk, found(5, 5))
    assert channels(desk) == ChannelList(channels=(0, 5), name="cluster 1")
    assert editor(desk).cluster.list.count() == 6
    assert len(desk.document.history.labels) == before + 1
    # Down to the end is auto again.
    qtbot.keyClick(count, Qt.Key.Key_Down)
    assert asked()[2:] == [("enc2", 4)]
    count.setValue(count.minimum())
    assert (count.text(), asked()[3:]) == ("auto", [("enc2", None)])


def test_a_card_is_no_wider_than_the_panel_whatever_is_chosen(desk: Desk, qtbot: QtBot) -> None:
    tell(desk, impacts(desk, IMPACT))
    for kind in range(BY_NORMS + 1):
        pick(desk, kind)
        qtbot.wait(5)
        [card] = desk.panel.cards.values()
        assert card.geometry().right() < desk.panel.width()


def test_another_layer_stops_it_and_nobody_waits(desk: Desk) -> None:
    desk.panel.all.click()
    pick(desk, STRONGEST)
    desk.workspace.choose("enc1")
    assert ordered(desk, StudyImpact) == ["enc2", ""]
    assert ordered(desk, StudyClusters)[-1] == ""
    assert editor(desk).kind.currentIndex() == 0
    tell(desk, impacts(desk, IMPACT))
    assert channels(desk) == AllChannels()


@pytest.mark.parametrize("kind", [STRONGEST, CLUSTER])
def test_nobody_waits_for_what_was_stopped_or_has_failed(desk: Desk, kind: int) -> None:
    graph = desk.document.graph
    under_way = Impacts(graph, measuring="enc2") if kind == STRONGEST else Clusters(graph, looking="enc2")
    other = Impacts(graph, measuring="enc1") if kind == STRONGEST else Clusters(graph, looking="enc1")
    pick(desk, kind)
    # It was on its way before the order was carried out.
    tell(desk, other)
    assert editor(desk).kind.currentIndex() == kind
    tell(desk, under_way)
    assert editor(desk).kind.currentIndex() == kind
    tell(desk, other)
    assert editor(desk).kind.currentIndex() == 0
    assert channels(desk) == AllChannels()


def test_bars_show_what_matters_and_the_button_measures_and_stops(desk: Desk, qtbot: QtBot) -> None:
    bars = desk.panel.impact
    assert not bars.bars.isVisible()
    qtbot.mouseClick(bars.measure, LEFT)
    assert ordered(desk, StudyImpact) == ["enc2"]
    half = IMPACT.copy()
    half[16:] = np.nan
    tell(desk, impacts(desk, half, measuring="enc2"))
    assert bars.label.text() == "Effect of 16 of 64 channels"
    assert bars.measure.text() == "Stop"
    qtbot.mouseClick(bars.measure, LEFT)
    assert ordered(desk, StudyImpact) == ["enc2", ""]
    tell(desk, impacts(desk, IMPACT))
    assert bars.measure.text() == "Measure"
    assert bars.bars.isVisible()
    np.testing.assert_allclose(bars.bars.heights(), IMPACT)
    assert bars.bars.accessibleDescription() == "Strongest: 0, 1, 2, 3, 4"
    image = bars.bars.grab().toImage()
    high = image.height()
    left, right = image.pixelColor(1, high // 2), image.pixelColor(image.width() - 2, high // 2)
    assert left != right
    desk.workspace.choose("enc1")
    assert not bars.bars.isVisible()
    desk.workspace.choose("enc2")
    assert bars.bars.isVisible()


def test_the_dice_prefer_channels_that_matter(desk: Desk) -> None:
    few = np.zeros(64, np.float32)
    few[[3, 9, 27]] = 1.0, np.inf, 0.5
    for seed in range(30):
        drawn = drawn_by_effect(few, 3 / 64, random.Random(seed))
        assert drawn.channels == (3, 9, 27)
    counts = np.zeros(64)
    for seed in range(400):
        counts[list(drawn_by_effect(IMPACT, 0.1, random.Random(seed)).channels)] += 1
    assert counts[:16].sum() > 4 * counts[-16:].sum()
    tell(desk, impacts(desk, few))
    before = len(desk.document.history.labels)
    for _ in range(12):
        desk.panel.dice.click()
    assert len(desk.document.history.labels) == before + 12
    lists = [s.channels for s in desk.document.stages[1:] if isinstance(s.channels, ChannelList)]
    assert lists
    assert all({3, 9, 27} <= set(each.channels) for each in lists)
    throw(desk.document, "enc1", 0)
    assert not isinstance(desk.document.stages[-1].channels, ChannelList), "of this layer nothing is known"


def test_what_the_panel_orders_is_measured_by_what_runs(desk: Desk) -> None:
    """The whole way: a choice, its orders, the running network, its reports, the channels of the stage."""
    engine = on_torch(desk.document.network)
    engine.set_stages(desk.document.stages)
    now = [0.0]
    study = ChannelStudy(lambda: now[0])
    study.opened(engine, desk.document.graph)
    rng = np.random.default_rng(0)
    pick(desk, STRONGEST)
    for order in desk.orders:
        study.handlers()[type(order)](order)
    for serial in range(400):
        if isinstance(channels(desk), ChannelList):
            break
        if serial < 2:
            engine.run({engine.graph.inputs[0].name: rng.standard_normal((3, 32, 32)).astype(np.float32)})
        now[0] += 1.0
        study.rest(Frame(engine, View(), {}, True, serial))
        desk.telemetry.take(Report(study.parts()))
    found = channels(desk)
    assert isinstance(found, ChannelList)
    assert len(found.channels) == 8
    known = desk.telemetry[Impacts].of["enc2"]
    assert known[list(found.channels)].min() >= np.delete(known, found.channels).max()


@pytest.mark.gl
def test_in_the_window_channels_are_found_while_the_picture_runs(
    qtbot: QtBot, gl_app: QApplication, tmp_path: Path
) -> None:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), picture(24, 32))
    whole = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    try:
        whole.workspace.choose("enc")
        panel = whole.window.context[BendsPanel]
        panel.put(registry()["Invert"])
        [card] = panel.cards.values()
        for kind, name in ((STRONGEST, BY_EFFECT), (BY_NORMS, BY_NORM), (CLUSTER, "cluster 1")):
            before = len(whole.document.history.labels)
            card.channels.kind.setCurrentIndex(kind)
            card.channels.kind.activated.emit(kind)
            whole.until(lambda name=name: getattr(whole.document.stages[0].channels, "name", "") == name)
            assert len(whole.document.history.labels) == before + 1
        # How many clusters are looked for has an address, as every control of a panel.
        whole.context[Controllers].hub.names.set("/panel/bends/1/how_many_clusters", 3)
        whole.until(lambda: whole.told[Clusters].counts.get("enc") == 3)
        assert len(whole.told[Clusters].found["enc"]) == 3
        whole.until(lambda: not card.channels.cluster.waits)
        while len(whole.document.history.labels) > before + 1:
            whole.document.undo()
        for _ in range(3):
            whole.document.undo()
        assert whole.document.stages[0].channels == AllChannels()
        whole.command("bend.throw")
        assert len(whole.document.stages) == 2
        assert not whole.said
    finally:
        whole.close()


def test_channels_are_kept_as_a_cluster_chosen_again_and_kept_no_more(desk: Desk) -> None:
    desk.document.change_stage(1, channels=ChannelList(channels=(3, 5, 9)))
    assert not editor(desk).keep.isHidden()
    editor(desk).name_cluster(" sky ")
    assert desk.document.section(CLUSTERS) == (Cluster("enc2", "sky", (3, 5, 9)),)
    assert channels(desk) == ChannelList(channels=(3, 5, 9), name="sky")
    assert editor(desk).kind.currentIndex() == CLUSTER
    assert editor(desk).keep.isHidden()
    desk.document.change_stage(1, channels=AllChannels())
    pick(desk, CLUSTER)
    assert channels(desk) == ChannelList(channels=(3, 5, 9), name="sky"), "nothing had to be found for it"
    assert not ordered(desk, StudyClusters)
    desk.document.undo()
    desk.document.undo()
    desk.document.undo()
    desk.document.undo()
    assert desk.document.section(CLUSTERS) == ()
    for _ in range(4):
        desk.document.redo()
    editor(desk).forget_kept.click()
    assert desk.document.section(CLUSTERS) == ()
    assert channels(desk) == ChannelList(channels=(3, 5, 9), name="sky"), "the stage goes on"
    with pytest.raises(StudioError, match="cannot name a cluster"):
        editor(desk).name_cluster("12")


def test_kept_clusters_stand_before_those_that_are_found(desk: Desk) -> None:
    desk.document.set_section(CLUSTERS, (Cluster("enc2", "sky", (1, 2)), Cluster("dec1", "sea", (0,))), "kept")
    found = (Cluster("enc2", "cluster 1", (7,)), Cluster("enc2", "cluster 2", (8,)))
    pictures = tuple(np.zeros((4, 4, 3), np.uint8) for _ in found)
    tell(desk, Clusters(desk.document.graph, {"enc2": found}, {"enc2": pictures}))
    pick(desk, CLUSTER)
    listed = editor(desk).cluster.list
    assert [listed.itemText(k) for k in range(listed.count())] == [
        "sky (2)", "cluster 1 (1)", "cluster 2 (1)", "Find anew",
    ]  # fmt: skip
    listed.setCurrentIndex(2)
    listed.activated.emit(2)
    assert channels(desk) == ChannelList(channels=(8,), name="cluster 2")
    listed.setCurrentIndex(3)
    listed.activated.emit(3)
    assert ordered(desk, StudyClusters)[-1] == "enc2"
    other = (Cluster("enc2", "cluster 1", (4,)),)
    tell(desk, Clusters(desk.document.graph, {"enc2": other}, {"enc2": pictures[:1]}))
    assert channels(desk) == ChannelList(channels=(4,), name="cluster 1")


def test_the_filters_of_a_stage_are_selected(desk: Desk) -> None:
    desk.document.change_stage(1, channels=ChannelList(channels=(3, 5)))
    [card] = desk.panel.cards.values()
    next(action for action in card.menu().actions() if action.text() == "Select its filters").trigger()
    selection = desk.workspace.selection
    assert selection is not None
    assert list(np.flatnonzero(selection.mask.any(axis=1))) == [3, 5]


def test_a_stage_bends_the_filters_that_are_selected(desk: Desk) -> None:
    [card] = desk.panel.cards.values()

    def take() -> None:
        next(action for action in card.menu().actions() if action.text() == "Bend the selected filters").trigger()

    take()
    assert desk.said == ["Select some filters of enc2 first; their channels are bent then."]
    assert channels(desk) == AllChannels()
    desk.workspace.choose("enc2", "weight")
    mask = np.zeros(kernel_grid(desk.document.graph.node("enc2").op.tensor_shapes()["weight"])[:2], bool)
    mask[3, :4] = mask[7, 2] = True
    desk.workspace.select(Selection(mask))
    before = len(desk.document.history.labels)
    take()
    assert channels(desk) == ChannelList(channels=(3, 7))
    assert len(desk.document.history.labels) == before + 1
    desk.document.undo()
    assert channels(desk) == AllChannels()
