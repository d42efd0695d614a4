"""The history panel: rows, the present place, and clicks that travel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.ops.conv import Conv2d
from studio.ui.history.panel import HistoryPanel
from studio.ui.services.milestones import Milestones


def network(seed: int = 0) -> Network:
    graph = Graph(
        (Input("picture"),), (Node("a", Conv2d(in_channels=3, out_channels=3, kernel_size=3), ("picture",)),), "a"
    )
    rng = np.random.default_rng(seed)
    return Network("small", graph, {k: rng.random(s, np.float32) for k, s in graph.tensor_shapes.items()})


def paint(document: Document, value: float) -> None:
    document.apply(f"Paint {value:g}", "a.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), value, np.float32)))


@pytest.fixture
def document() -> Document:
    return Document(Preset("small", network(), {}))


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> HistoryPanel:
    panel = HistoryPanel(document, Milestones(document, lambda _: None, lambda call: call()))
    qtbot.addWidget(panel)
    panel.resize(280, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def rows(panel: HistoryPanel) -> list[str]:
    return [panel.model.index(k).data() for k in range(panel.model.rowCount())]


def click(qtbot: QtBot, panel: HistoryPanel, row: int) -> None:
    at = panel.list.visualRect(panel.model.index(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_items_are_listed_and_the_present_one_is_current(panel: HistoryPanel, document: Document) -> None:
    assert rows(panel) == ["As opened"]
    for value in (5.0, 6.0, 7.0):
        paint(document, value)
    assert rows(panel) == ["As opened", "Paint 5", "Paint 6", "Paint 7"]
    assert panel.list.currentIndex().row() == 3
    document.undo()
    assert panel.list.currentIndex().row() == 2


def test_a_click_travels_both_ways_bit_for_bit(qtbot: QtBot, panel: HistoryPanel, document: Document) -> None:
    states = [document.tensor("a.weight").tobytes()]
    for value in (5.0, 6.0, 7.0):
        paint(document, value)
        states.append(document.tensor("a.weight").tobytes())
    for row in (0, 2, 1, 3):
        click(qtbot, panel, row)
        assert document.history.position == row
        assert document.tensor("a.weight").tobytes() == states[row]


def test_enter_travels(qtbot: QtBot, panel: HistoryPanel, document: Document) -> None:
    paint(document, 5.0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert document.history.position == 0


def test_undone_items_are_faint(panel: HistoryPanel, document: Document) -> None:
    paint(document, 5.0)
    item = panel.model.index(1)
    before = item.data(Qt.ItemDataRole.ForegroundRole)
    document.undo()
    item = panel.model.index(1)
    assert item.data(Qt.ItemDataRole.ForegroundRole).lightness() < before.lightness()
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == "Paint 5, row 0, column 0, undone"


def test_the_foot_says_what_is_held(panel: HistoryPanel, document: Document) -> None:
    foot = panel.findChild(QLabel)
    assert foot is not None
    assert foot.text() == "0 items · 0 bytes"
    paint(document, 5.0)
    assert foot.text() == "1 item · 32 bytes"


def test_bypass_and_loading_are_items_too(qtbot: QtBot, panel: HistoryPanel, document: Document) -> None:
    document.set_bypassed("a", True)
    document.load(Preset("other", network(1), {}))
    assert rows(panel) == ["As opened", "Bypass a", "Open other"]
    click(qtbot, panel, 0)
    assert document.bypassed == frozenset()
    assert document.name == "small"


def test_the_first_row_says_what_is_forgotten(qtbot: QtBot) -> None:
    document = Document(Preset("small", network(), {}), limit=40)
    panel = HistoryPanel(document, Milestones(document, lambda _: None, lambda call: call()))
    qtbot.addWidget(panel)
    paint(document, 5.0)
    assert rows(panel)[0] == "As opened"
    paint(document, 6.0)
    assert rows(panel) == ["Earliest that is kept", "Paint 6"]


def test_a_long_history_lists_what_is_near_and_reaches_all_of_it(
    qtbot: QtBot, panel: HistoryPanel, document: Document
) -> None:
    for number in range(700):
        paint(document, float(number + 1))
    assert panel.model.rowCount() == 201
    assert rows(panel)[0] == "500 earlier"
    assert rows(panel)[-1] == "Paint 700"
    click(qtbot, panel, 0)
    assert document.history.position == 500
    assert panel.list.currentIndex().data() == "Paint 500"
    assert rows(panel)[0] == "400 earlier"
    while document.history.position:
        before = document.history.position
        click(qtbot, panel, 0)
        assert document.history.position < before
    assert rows(panel)[0] == "As opened"
    assert panel.list.currentIndex().row() == 0
    document.go(700)
    assert panel.list.currentIndex().data() == "Paint 700"
