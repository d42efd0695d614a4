"""The graph view: the layout of skips and branches, and clicks, keys and the wheel on real boxes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from helpers import least_seconds
from hypothesis import given
from hypothesis import strategies as st
from networks import autoencoder, pix2pix
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QToolButton, QToolTip
from pytestqt.qtbot import QtBot

from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.ops import operator
from studio.ops.activation import ReLU
from studio.ops.combine import Concat
from studio.ops.conv import Conv2d
from studio.runtime.live.report import LayerWarnings, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.layers.graph_items import HEIGHT, Geometry
from studio.ui.layers.graph_layout import lay_out
from studio.ui.layers.graph_view import GraphView

AMBER, RED, ACCENT = (QColor(each).getRgb()[:3] for each in (theme.WARNING, theme.DANGER, theme.ACCENT))


def made(graph: Graph, name: str = "made") -> Network:
    return Network(name, graph, {key: np.zeros(shape, np.float32) for key, shape in graph.tensor_shapes.items()})


def branching(edges: list[tuple[int, int]], count: int) -> Graph:
    """Layer k reads the one before it and those that the edges (from, to) add; channels do not matter here."""
    nodes = []
    for k in range(count):
        reads = list(dict.fromkeys(["in" if k == 0 else f"n{k - 1}", *(f"n{a}" for a, b in edges if b == k and a < k)]))
        nodes.append(Node(f"n{k}", Concat() if len(reads) > 1 else ReLU(), tuple(reads)))
    return Graph((Input("in"),), tuple(nodes), f"n{count - 1}")


def super_resolution() -> Graph:
    """A long way and a short one round it."""
    add = operator("Add")()
    nodes = [Node("a", ReLU(), ("in",)), Node("b", ReLU(), ("a",)), Node("c", ReLU(), ("b",))]
    return Graph((Input("in"),), (*nodes, Node("short", ReLU(), ("in",)), Node("sum", add, ("c", "short"))), "sum")


# -- layout -----------------------------------------------------------------------------------------------------------


def test_a_u_net_goes_straight_down_with_nested_skips() -> None:
    graph = pix2pix()[0].graph
    layout = lay_out(graph)
    names = ["input", *(node.name for node in graph.nodes)]
    assert [layout.places[name] for name in names] == [(row, 0) for row in range(len(names))]
    skips = {link.target: link.lane for link in layout.links if link.lane is not None}
    assert skips == {f"up{k}_join": 8 - k for k in range(8, 1, -1)}  # the innermost is the nearest
    assert layout.lanes == {0: 7}


def test_an_autoencoder_needs_no_lanes() -> None:
    for kind in ("transposed", "fractional"):
        layout = lay_out(autoencoder(kind)[0].graph)
        assert {column for _, column in layout.places.values()} == {0}
        assert layout.lanes == {}


def test_a_branch_stands_beside_the_longest_way() -> None:
    layout = lay_out(super_resolution())
    assert [layout.places[name] for name in ("in", "a", "b", "c", "sum")] == [(row, 0) for row in range(5)]
    assert layout.places["short"] == (1, 1)


def test_residual_blocks_share_a_lane() -> None:
    layout = lay_out(branching([(0, 3), (3, 6), (6, 9)], 11))
    assert layout.lanes == {0: 1}


def test_a_late_input_stands_above_its_reader() -> None:
    graph = branching([], 6)
    join = Node("join", Concat(), ("n5", "mask"))
    layout = lay_out(Graph((*graph.inputs, Input("mask", 1)), (*graph.nodes, join), "join"))
    assert layout.places["mask"][0] == layout.places["join"][0] - 1
    assert layout.places["mask"][1] == 1


_EDGES = st.lists(st.tuples(st.integers(0, 14), st.integers(1, 15)), max_size=14)


@given(_EDGES, st.lists(st.tuples(st.integers(0, 14), st.integers(1, 4), st.integers(0, 14)), max_size=5))
def test_any_graph_is_laid_out_without_overlaps(
    edges: list[tuple[int, int]], chains: list[tuple[int, int, int]]
) -> None:
    graph = branching(edges, 16)
    nodes = list(graph.nodes)
    ends = []
    for k, (start, length, _) in enumerate(chains):
        names = [f"c{k}_{j}" for j in range(length)]
        nodes += [Node(n, ReLU(), (r,)) for n, r in zip(names, [f"n{start}", *names[:-1]], strict=True)]
        ends.append(names[-1])
    if ends:
        nodes.append(Node("end", Concat(), ("n15", *ends)))
    graph = Graph(graph.inputs, tuple(nodes), nodes[-1].name if ends else "n15")
    layout = lay_out(graph)
    geometry = Geometry(layout)
    boxes = [geometry.box(name) for name in layout.places]
    assert len(set(layout.places.values())) == len(graph.nodes) + 1
    assert not any(a.intersects(b) for a, b in combinations(boxes, 2))
    assert {(link.source, link.target) for link in layout.links} == {(r, n.name) for n in graph.nodes for r in n.inputs}
    for link in layout.links:
        assert layout.places[link.source][0] < layout.places[link.target][0]
        path = geometry.path(link)
        own = {link.source, link.target}
        others = [geometry.box(name) for name in layout.places if name not in own]
        at_one_column = layout.places[link.source][1] == layout.places[link.target][1]
        if at_one_column:
            points = [path.pointAtPercent(t / 40) for t in range(41)]
            assert not any(box.contains(point) for box in others for point in points)


# -- the view ---------------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, qtbot: QtBot, network: Network) -> None:
        self.qtbot = qtbot
        self.document = Document(Preset(network.name, network, {}))
        self.workspace = Workspace(self.document)
        self.telemetry = Telemetry()
        self.view = GraphView(self.document, self.workspace, self.telemetry)
        qtbot.addWidget(self.view)
        self.view.resize(420, 600)
        with qtbot.waitExposed(self.view):
            self.view.show()
        qtbot.wait(30)

    def at(self, name: str) -> QPoint:
        box = self.view._boxes[name]
        self.view.ensureVisible(box.sceneBoundingRect(), 30, 60)
        return self.view.mapFromScene(box.sceneBoundingRect().center())

    def click(self, name: str, *, double: bool = False) -> None:
        at = self.at(name)
        self.qtbot.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        if double:
            self.qtbot.mouseDClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def colours(self, name: str) -> set[tuple[int, int, int]]:
        self.at(name)
        box: QRectF = self.view._boxes[name].sceneBoundingRect()
        rect = self.view.mapFromScene(box).boundingRect()
        picture = self.view.viewport().grab(rect).toImage().convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
        return {tuple(map(int, pixel)) for pixel in lines[:, : 3 * picture.width()].reshape(-1, 3)}

    def wheel(self, at: QPoint, notches: int) -> None:
        place = QPointF(at)
        event = QWheelEvent(
            place,
            QPointF(self.view.viewport().mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.view.viewport(), event)


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot, made(pix2pix()[0].graph))


def test_clicks_select_and_double_clicks_view(bench: Bench) -> None:
    bench.click("down3")
    assert bench.workspace.layer == "down3"
    assert bench.workspace.view == View()
    bench.click("up2_join", double=True)
    assert (bench.workspace.layer, bench.workspace.view) == ("up2_join", View("layer", "up2_join"))
    bench.click("input")
    assert bench.workspace.layer == "up2_join"


def test_the_selected_layer_and_its_edges_are_lit(bench: Bench) -> None:
    bench.click("down1")
    lit = {(edge.link.source, edge.link.target) for edge in bench.view._edges if edge.lit}
    assert lit == {("input", "down1"), ("down1", "down2_act"), ("down1", "up2_join")}
    assert ACCENT in bench.colours("down1")
    assert ACCENT not in bench.colours("down3")


def test_keys(bench: Bench) -> None:
    bench.click("down2")
    for key, layer in ((Qt.Key.Key_Down, "down2_norm"), (Qt.Key.Key_Up, "down2"), (Qt.Key.Key_Up, "down2_act")):
        bench.qtbot.keyClick(bench.view, key)
        assert bench.workspace.layer == layer
    bench.click("down2")
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_B)
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_S)
    assert bench.document.bypassed == {"down2"}
    assert bench.workspace.comparison == "down2"
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_Return)
    assert bench.workspace.view == View("layer", "down2")
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_F)
    assert (bench.workspace.tensor, bench.workspace.stage) == ("down2.weight", True)
    before = bench.view.zoom
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_Plus)
    assert bench.view.zoom > before
    bench.qtbot.keyClick(bench.view, Qt.Key.Key_0)
    assert bench.view.zoom < before


def test_selecting_elsewhere_brings_the_box_into_view(bench: Bench) -> None:
    bench.workspace.choose("up1")
    box = bench.view.mapFromScene(bench.view._boxes["up1"].sceneBoundingRect()).boundingRect()
    assert bench.view.viewport().rect().contains(box)


def test_the_wheel_zooms_about_the_pointer(bench: Bench) -> None:
    at = bench.at("down3")
    before, zoom = bench.view.mapToScene(at), bench.view.zoom
    bench.wheel(at, 2)
    assert bench.view.zoom == pytest.approx(zoom * 1.25**2)
    moved = bench.view.mapToScene(at) - before
    # Bars stop at the scene's ends, which across is soon.
    assert abs(moved.y()) <= 2
    for _ in range(60):
        bench.wheel(at, 3)
    assert bench.view.zoom <= 3.01
    for _ in range(90):
        bench.wheel(at, -3)
    assert bench.view.zoom >= 0.049


def test_a_drag_moves_the_graph_and_selects_nothing(bench: Bench) -> None:
    at, layer = bench.at("down3"), bench.workspace.layer
    port = bench.view.viewport()
    before = bench.view.mapToScene(at).y()
    bench.qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=at)
    for step in range(1, 11):
        bench.qtbot.mouseMove(port, at - QPoint(0, 15 * step))
    bench.qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=at - QPoint(0, 150))
    assert bench.view.mapToScene(at).y() - before == pytest.approx(150 / bench.view.zoom, abs=3)
    assert bench.workspace.layer == layer


def test_the_buttons_and_the_legend_stay_where_they_are_while_the_graph_moves(bench: Bench) -> None:
    port = bench.view.viewport()
    overlays = [*port.findChildren(QToolButton), *port.findChildren(QLabel)]
    before = [overlay.geometry() for overlay in overlays]
    assert len(overlays) == 4
    assert all(port.rect().contains(place) for place in before)
    top = bench.view.verticalScrollBar().value()
    bench.workspace.choose("up1")
    assert bench.view.verticalScrollBar().value() != top
    assert [overlay.geometry() for overlay in overlays] == before
    bench.wheel(bench.at("up1"), 3)
    assert [overlay.geometry() for overlay in overlays] == before


def test_fit_shows_everything(bench: Bench) -> None:
    button = next(b for b in bench.view.findChildren(QToolButton) if b.accessibleName() == "Fit")
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    port = bench.view.viewport().rect()
    for box in bench.view._boxes.values():
        assert port.contains(bench.view.mapFromScene(box.sceneBoundingRect()).boundingRect())


def test_bent_bypassed_and_warned_layers_look_so(bench: Bench) -> None:
    bench.workspace.choose("up1")
    plain = bench.colours("down2")
    bench.telemetry.take(
        Report([LayerWarnings(None, {"down2": "all values are zero", "down3": "2 values are infinite"})])
    )
    assert AMBER in bench.colours("down2") - plain
    assert RED in bench.colours("down3")
    bench.document.set_bypassed("down4", True)
    assert bench.colours("down4") != bench.colours("down5")
    bench.document.apply("paint", "down1.weight", Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))
    bench.qtbot.waitUntil(lambda: ACCENT in bench.colours("down1"))


def test_the_context_menu_and_tool_tips(bench: Bench) -> None:
    at = bench.at("down3")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, bench.view.viewport().mapToGlobal(at))
    QApplication.sendEvent(bench.view.viewport(), event)
    menu = next(m for m in bench.view.findChildren(QMenu) if m.isVisible())
    next(action for action in menu.actions() if action.text().startswith("Bypass")).trigger()
    menu.close()
    assert bench.document.bypassed == {"down3"}
    QApplication.sendEvent(
        bench.view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, bench.view.viewport().mapToGlobal(at))
    )
    assert "Conv2d 128→256" in QToolTip.text()
    assert "Filters" in QToolTip.text()


def test_another_network(bench: Bench) -> None:
    bench.document.load(Preset("other", made(super_resolution(), "other"), {}))
    assert set(bench.view._boxes) == {"in", "a", "b", "c", "short", "sum"}
    bench.document.undo()
    assert "down1" in bench.view._boxes


def test_200_layers_are_built_quickly(qtbot: QtBot) -> None:
    nodes, last = [], "picture"
    for k in range(100):
        conv = Conv2d(in_channels=3, out_channels=3, kernel_size=3, padding=1)
        nodes += [Node(f"conv{k}", conv, (last,)), Node(f"act{k}", ReLU(), (f"conv{k}",))]
        nodes.append(Node(f"add{k}", operator("Add")(), (last, f"act{k}")))
        last = f"add{k}"
    network = made(Graph((Input("picture"),), tuple(nodes), last))
    document = Document(Preset("deep", network, {}))
    workspace, telemetry = Workspace(document), Telemetry()
    GraphView(document, workspace, telemetry)  # fonts and icons are loaded once
    views: list[GraphView] = []
    seconds = least_seconds(lambda: views.append(GraphView(document, workspace, telemetry)), times=4)
    for view in views:
        qtbot.addWidget(view)
    assert seconds < 0.2
    assert len(view._boxes) == 301
    assert view._boxes["add99"].y() > 300 * HEIGHT
