"""The network panel: what rows say, what clicks and keys do, and what a report costs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from networks import pix2pix
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QColor, QHelpEvent, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QMenu, QPushButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from studio.edits import make_edit
from studio.engine.base import Stats
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Shape
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.ops import operator
from studio.ops.activation import ReLU
from studio.ops.conv import Conv2d
from studio.runtime.live.health import judge
from studio.runtime.live.report import LayerShapes, LayerTimes, LayerWarnings, Report, Thumbnails
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.layers.network_actions import LayerActions
from studio.ui.layers.network_rows import Row, kind_of
from studio.ui.layers.network_text import bytes_text, count_text, is_broken, operator_text, seconds_text
from studio.ui.layers.panel import NetworkPanel

LONG = "decoder.blocks.12.residual_branch.attention_free.pointwise_convolution_final"
AMBER, RED = (QColor(colour).getRgb()[:3] for colour in (theme.WARNING, theme.DANGER))


def chain(length: int, name: str = "chain") -> Network:
    """So many layers in a row: convolutions and ReLUs by turns."""
    nodes, last = [], "picture"
    for k in range(length):
        op = ReLU() if k % 2 else Conv2d(in_channels=3, out_channels=3, kernel_size=3, padding=1)
        nodes.append(Node(f"layer{k}", op, (last,)))
        last = f"layer{k}"
    return made(Graph((Input("picture"),), tuple(nodes), last), name)


def made(graph: Graph, name: str = "made") -> Network:
    rng = np.random.default_rng(0)
    tensors = {key: rng.standard_normal(shape).astype(np.float32) for key, shape in graph.tensor_shapes.items()}
    return Network(name, graph, tensors)


class Bench:
    """A panel with all that it hangs on."""

    def __init__(self, qtbot: QtBot, network: Network, width: int = 320, height: int = 500) -> None:
        self.document = Document(Preset(network.name, network, {}))
        self.workspace = Workspace(self.document)
        self.telemetry = Telemetry()
        self.panel = NetworkPanel(self.document, self.workspace, self.telemetry)
        self.qtbot = qtbot
        qtbot.addWidget(self.panel)
        self.panel.resize(width, height)
        with qtbot.waitExposed(self.panel):
            self.panel.show()
        self.list = self.panel.list

    def rect(self, name: str) -> QRect:
        index = self.panel.model.place(name)
        assert index.isValid()
        self.list.scrollTo(index)
        return self.list.visualRect(index)

    def click(self, name: str, button: str = "", *, double: bool = False) -> None:
        rect = self.rect(name)
        at = self.list.delegate.places(rect).buttons[button].center() if button else rect.center()
        self.qtbot.mouseClick(self.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
        if double:
            self.qtbot.mouseDClick(self.list.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def key(self, key: Qt.Key) -> None:
        self.qtbot.keyClick(self.list, key)

    def colours(self, rect: QRect) -> set[tuple[int, int, int]]:
        picture = self.list.viewport().grab(rect).toImage().convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
        pixels = lines[:, : 3 * picture.width()].reshape(-1, 3)
        return {(int(r), int(g), int(b)) for r, g, b in pixels}

    def bend(self, tensor: str) -> None:
        self.document.apply("bend", tensor, Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot, chain(6))


def test_rows_are_inputs_and_layers_in_running_order(bench: Bench) -> None:
    assert [row.name for row in bench.panel.model.rows] == ["picture", *(f"layer{k}" for k in range(6))]
    assert bench.panel.model.rows[1].text == "Conv2d 3→3, 3×3"
    assert bench.panel.model.rows[1].parameters == 3 * 3 * 9 + 3


def test_a_click_selects(bench: Bench) -> None:
    bench.click("layer3")
    assert bench.workspace.layer == "layer3"
    assert bench.workspace.view == View()
    bench.click("picture")
    assert bench.workspace.layer == "layer3"


def test_a_double_click_and_enter_show_the_activation(bench: Bench) -> None:
    bench.click("layer2", double=True)
    assert (bench.workspace.layer, bench.workspace.view) == ("layer2", View("layer", "layer2"))
    bench.key(Qt.Key.Key_Down)
    bench.key(Qt.Key.Key_Return)
    assert bench.workspace.view == View("layer", "layer3")
    bench.click("picture", double=True)
    assert bench.workspace.view == View("split")


def test_arrow_keys_select(bench: Bench) -> None:
    bench.click("layer2")
    bench.key(Qt.Key.Key_Down)
    assert bench.workspace.layer == "layer3"
    bench.key(Qt.Key.Key_Up)
    bench.key(Qt.Key.Key_Up)
    assert bench.workspace.layer == "layer1"


def test_the_bypass_button_and_key_are_undone(bench: Bench) -> None:
    bench.workspace.choose("layer0")
    bench.click("layer2", "bypass")
    assert bench.document.bypassed == {"layer2"}
    assert bench.workspace.layer == "layer0"  # a button does not select
    bench.click("layer2")
    bench.key(Qt.Key.Key_B)
    assert bench.document.bypassed == frozenset()
    bench.document.undo()
    assert bench.document.bypassed == {"layer2"}


def test_solo_is_switched_on_and_off(bench: Bench) -> None:
    bench.click("layer2", "solo")
    assert bench.workspace.comparison == "layer2"
    bench.click("layer4", "solo")
    assert bench.workspace.comparison == "layer4"
    bench.click("layer4")
    bench.key(Qt.Key.Key_S)
    assert bench.workspace.comparison is None


def test_the_filters_button_shows_filters(bench: Bench) -> None:
    bench.click("layer4", "filters")
    assert (bench.workspace.layer, bench.workspace.tensor, bench.workspace.stage) == ("layer4", "layer4.weight", True)
    bench.click("layer3")
    bench.key(Qt.Key.Key_F)  # a ReLU has none
    assert bench.workspace.layer == "layer3"
    bench.key(Qt.Key.Key_Return)
    assert (bench.workspace.view, bench.workspace.stage) == (View("layer", "layer3"), False)


def test_an_input_can_be_neither_bypassed_nor_soloed(bench: Bench) -> None:
    bench.list.setFocus()
    bench.list.setCurrentIndex(bench.panel.model.place("picture"))
    for key in (Qt.Key.Key_B, Qt.Key.Key_S, Qt.Key.Key_F):
        bench.key(key)
    assert bench.document.bypassed == frozenset()
    assert bench.workspace.comparison is None
    assert bench.workspace.view == View()


def test_own_keys_come_before_the_window_s_shortcuts(bench: Bench) -> None:
    for key, wanted in ((Qt.Key.Key_B, True), (Qt.Key.Key_Q, False)):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        QApplication.sendEvent(bench.list, event)
        assert event.isAccepted() is wanted


def test_the_context_menu_does_it_all(bench: Bench) -> None:
    def choose(text: str) -> None:
        menu = next(m for m in bench.list.findChildren(QMenu) if m.isVisible())
        next(action for action in menu.actions() if action.text().startswith(text)).trigger()
        menu.close()

    for text in ("Show activation", "Show filters", "Bypass", "Solo"):
        bench.click("layer2")
        bench.key(Qt.Key.Key_Menu)
        at = bench.rect("layer2").center()
        QApplication.sendEvent(bench.list.viewport(), _menu_event(bench, at))
        choose(text)
        if text == "Show activation":
            assert bench.workspace.view == View("layer", "layer2")
    assert (bench.workspace.tensor, bench.workspace.stage) == ("layer2.weight", True)
    assert bench.document.bypassed == {"layer2"}
    assert bench.workspace.comparison == "layer2"


def test_the_context_menu_bends_the_layer_by_the_command_of_another_room(bench: Bench, qtbot: QtBot) -> None:
    window, layers = QWidget(), []
    qtbot.addWidget(window)
    actions = LayerActions(bench.document, bench.workspace)
    assert not [each for each in actions.menu(QWidget(window), "layer2").actions() if "bend" in each.text().lower()[:8]]
    command = QAction("Add bend…", window, objectName="bend.add")
    command.triggered.connect(lambda: layers.append(bench.workspace.layer))
    menu = actions.menu(QWidget(window), "layer2")
    next(action for action in menu.actions() if action.text() == "Add bend…").trigger()
    assert layers == ["layer2"]


def _menu_event(bench: Bench, at: QPoint) -> QEvent:
    from PySide6.QtGui import QContextMenuEvent

    return QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, bench.list.viewport().mapToGlobal(at))


def test_selecting_elsewhere_brings_the_row_into_view(qtbot: QtBot) -> None:
    bench = Bench(qtbot, chain(60))
    bench.workspace.choose("layer50")
    assert bench.list.currentIndex().data() == "layer50"
    first, last = bench.list.visible_rows()
    assert first <= bench.list.currentIndex().row() <= last


def test_find_leaves_what_has_the_text(bench: Bench) -> None:
    field = bench.panel.findChild(QLineEdit)
    assert field is not None
    bench.qtbot.keyClicks(field, "relu")
    assert [row.name for row in bench.panel.model.rows] == ["layer1", "layer3", "layer5"]
    bench.click("layer3")
    assert bench.workspace.layer == "layer3"
    bench.qtbot.keyClicks(field, "zzz")
    assert bench.panel.model.rows == ()
    assert not bench.list.isVisible()
    field.clear()
    assert len(bench.panel.model.rows) == 7
    assert bench.list.isVisible()


def test_warnings_are_drawn_red_or_amber_and_told(bench: Bench) -> None:
    rect = bench.rect("layer2")
    at = bench.list.delegate.places(rect)
    assert not {AMBER, RED} & bench.colours(at.warning)
    bench.telemetry.take(
        Report([LayerWarnings(None, {"layer2": "all values are zero", "layer4": "3 values are not a number"})])
    )
    assert AMBER in bench.colours(at.warning)
    assert RED in bench.colours(bench.list.delegate.places(bench.rect("layer4")).warning)
    row = bench.panel.model.rows[3]
    assert bench.list.delegate.tip_at(rect, at.warning.center(), row) == "layer2: all values are zero"
    bench.telemetry.take(Report([LayerWarnings(None, {"layer2": ""})]))
    assert not {AMBER, RED} & bench.colours(bench.list.delegate.places(bench.rect("layer2")).warning)


def test_the_broken_banner_selects_its_layer(qtbot: QtBot) -> None:
    bench = Bench(qtbot, chain(60))
    field = bench.panel.findChild(QLineEdit)
    assert field is not None
    field.setText("layer1")
    button = next(b for b in bench.panel.findChildren(QPushButton))
    assert not button.isVisible()
    bench.telemetry.take(Report([LayerWarnings(None, {}, "layer41")]))
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bench.workspace.layer == "layer41"
    assert bench.list.currentIndex().data() == "layer41"
    bench.telemetry.take(Report([LayerWarnings()]))
    assert not button.isVisible()


def test_a_thumbnail_is_drawn(bench: Bench) -> None:
    rect = bench.list.delegate.places(bench.rect("layer1")).thumbnail
    green = (12, 200, 34)
    assert green not in bench.colours(rect)
    picture = np.full((72, 96, 3), green, np.uint8)
    bench.telemetry.take(Report([Thumbnails(None, {"layer1": picture})]))
    assert green in bench.colours(rect)
    bench.document.set_bypassed("layer1", True)
    assert green not in bench.colours(rect)  # faint while bypassed


def test_a_bent_layer_has_a_dot(bench: Bench) -> None:
    accent = (255, 150, 50)
    bench.workspace.choose("layer4")
    rect = bench.list.delegate.places(bench.rect("layer2")).text
    assert accent not in bench.colours(rect)
    bench.bend("layer2.weight")
    bench.qtbot.waitUntil(lambda: accent in bench.colours(rect))
    bench.document.undo()
    bench.qtbot.waitUntil(lambda: accent not in bench.colours(rect))
    # An edit that is kept live bends it as well, as long as it works.
    edit = bench.document.add_edit("layer2.weight", make_edit("Negate", {}))
    bench.qtbot.waitUntil(lambda: accent in bench.colours(rect))
    bench.document.change_edit(edit.id, on=False)
    bench.qtbot.waitUntil(lambda: accent not in bench.colours(rect))


def test_tool_tips_say_everything(bench: Bench) -> None:
    bench.telemetry.take(
        Report([LayerShapes(None, {"layer0": Shape(3, 64, 48)}), LayerTimes(None, {"layer0": 0.002, "layer1": 0.006})])
    )
    tip = bench.panel.model.tip(bench.panel.model.rows[1])
    for part in ("layer0", "Conv2d 3→3", "padding 1×1 px", "reads picture", "3×64×48", "84 parameters", "2.00 ms, 25%"):
        assert part in tip
    rect = bench.rect("layer0")
    at = bench.list.delegate.places(rect).buttons["bypass"].center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, bench.list.viewport().mapToGlobal(at))
    QApplication.sendEvent(bench.list.viewport(), event)
    assert "(B)" in QToolTip.text()


def test_totals(bench: Bench) -> None:
    assert bench.panel._totals.text() == "6 layers · 252 parameters"
    bench.telemetry.take(Report([LayerTimes(None, {f"layer{k}": 0.001 for k in range(6)})]))
    assert bench.panel._totals.text() == "6 layers · 252 parameters · 6.00 ms"


def test_long_names_are_elided_in_the_middle(qtbot: QtBot) -> None:
    op = Conv2d(in_channels=3, out_channels=3, kernel_size=1)
    bench = Bench(qtbot, made(Graph((Input("picture"),), (Node(LONG, op, ("picture",)),), LONG)), width=280)
    assert bench.panel.width() == 280
    assert bench.list.horizontalScrollBar().maximum() == 0
    assert LONG in bench.panel.model.tip(bench.panel.model.rows[1])


def test_another_network_and_back(bench: Bench) -> None:
    bench.telemetry.take(Report([LayerWarnings(None, {}, "layer5")]))
    other = chain(3, "other")
    bench.document.load(Preset("other", other, {}))
    assert len(bench.panel.model.rows) == 4
    assert not bench.panel._banner.isVisible()  # it has no such layer
    bench.document.undo()
    assert len(bench.panel.model.rows) == 7


@pytest.mark.parametrize(
    ("name", "params", "text", "kind"),
    [
        ("Conv2d", {"in_channels": 64, "out_channels": 128, "kernel_size": 4, "stride": 2, "padding": 1},
         "Conv2d 64→128, 4×4, stride 2", "filters"),
        ("Conv2d", {"in_channels": 4, "out_channels": 8, "kernel_size": (3, 5), "stride": (2, 1), "groups": 4},
         "Conv2d 4→8, 3×5, stride 2×1, groups 4", "filters"),
        ("Linear", {"in_features": 10, "out_features": 20}, "Linear 10→20", "filters"),
        ("FractionalConv2d", {"in_channels": 3, "out_channels": 4, "kernel_size": 4},
         "FractionalConv2d 3→4, 4×4, ×2", "filters"),
        ("BatchNorm2d", {"num_features": 64}, "BatchNorm2d 64", "norm"),
        ("InstanceNorm2d", {"num_features": 8}, "InstanceNorm2d 8", "norm"),
        ("LeakyReLU", {"negative_slope": 0.2}, "LeakyReLU 0.2", "activation"),
        ("Affine", {"scale": 2.0, "shift": 1.0}, "Affine scale 2, shift 1", "activation"),
        ("Concat", {}, "Concat", "join"),
        ("MaxPool2d", {"kernel_size": 2, "stride": 2}, "MaxPool2d, 2×2", "shape"),
        ("Upsample", {"scale_factor": 2, "mode": "bilinear"}, "Upsample ×2, bilinear", "shape"),
        ("PixelShuffle", {"upscale_factor": 3}, "PixelShuffle ×3", "shape"),
    ],
)  # fmt: skip
def test_operators_in_words(name: str, params: dict[str, object], text: str, kind: str) -> None:
    op = operator(name).model_validate(params)
    assert operator_text(op) == text
    assert kind_of(op) == kind


def test_numbers_in_words() -> None:
    assert [count_text(n) for n in (0, 999, 1000, 54_414_531)] == ["0", "999", "1 k", "54.4 M"]
    assert [seconds_text(s) for s in (0.00001, 0.00231, 0.0231, 1.5)] == ["0.01 ms", "2.31 ms", "23 ms", "1.50 s"]
    assert [bytes_text(n) for n in (0, 500, 5000, 3_565_158)] == ["0 bytes", "500 bytes", "4 kB", "3.4 MB"]


@pytest.mark.parametrize(
    ("nan", "infinite", "top", "red"), [(3, 0, 1.0, True), (0, 3, 1.0, True), (0, 0, 0.0, False), (2, 2, 0.0, True)]
)
def test_red_is_what_is_not_finite(nan: int, infinite: int, top: float, red: bool) -> None:
    warning = judge(Node("a", ReLU(), ("b",)), Stats(0.0, top, top / 2, nan, infinite, np.ones(64, np.int64)))
    assert warning
    assert is_broken(warning) is red


def test_300_layers_at_30_reports_a_second_cost_little(qtbot: QtBot) -> None:
    bench = Bench(qtbot, chain(300), width=420, height=1000)
    shapes = {f"layer{k}": Shape(3, 64, 64) for k in range(300)}
    rng = np.random.default_rng(0)
    costs = []
    for turn in range(60):
        bench.list.verticalScrollBar().setValue(turn * 40)
        QApplication.processEvents()
        names = [f"layer{k}" for k in range(turn, 300, 30)]
        thumbnails = {name: rng.integers(0, 255, (72, 96, 3), np.uint8) for name in names}
        times = {name: float(rng.random()) * 1e-3 for name in shapes}
        warnings = dict.fromkeys(names, "all values are zero")
        report = Report(
            [
                LayerShapes(None, shapes),
                LayerTimes(None, times),
                Thumbnails(None, thumbnails),
                LayerWarnings(None, warnings),
            ]
        )
        start = time.thread_time()
        bench.telemetry.take(report)
        QApplication.processEvents()
        costs.append(time.thread_time() - start)
    # Where each of them were dear, every tenth would be, too.
    assert np.percentile(costs, 10) < 0.01


def test_only_rows_in_view_are_drawn(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(qtbot, chain(300))
    drawn: list[str] = []
    delegate = bench.list.delegate
    paint = delegate._paint_thumbnail

    def counting(painter: QPainter, rect: QRect, row: Row) -> None:
        drawn.append(row.name)
        paint(painter, rect, row)

    monkeypatch.setattr(delegate, "_paint_thumbnail", counting)

    def is_painted() -> bool:
        """Nothing is left to be drawn of the window as it came."""
        before = len(drawn)
        qtbot.wait(50)
        return before == len(drawn)

    qtbot.waitUntil(is_painted)
    drawn.clear()
    picture = np.zeros((72, 96, 3), np.uint8)
    bench.telemetry.take(Report([Thumbnails(None, {"layer2": picture, "layer250": picture})]))
    qtbot.waitUntil(lambda: bool(drawn))
    qtbot.wait(50)
    assert drawn == ["layer2"]


def test_a_real_network_fits_at_280_pixels(qtbot: QtBot) -> None:
    bench = Bench(qtbot, pix2pix()[0], width=280)
    assert bench.panel.minimumSizeHint().width() <= 280
    assert len(bench.panel.model.rows) == len(bench.document.graph.nodes) + 1


def test_a_window_s_shortcut_gives_way_while_the_list_has_the_keyboard(qtbot: QtBot) -> None:
    bench = Bench(qtbot, chain(6))
    window, fired = QMainWindow(), []
    qtbot.addWidget(window)
    window.setCentralWidget(bench.panel)
    action = QAction("Paint", window)
    action.setShortcut("B")
    action.triggered.connect(lambda: fired.append("B"))
    window.addAction(action)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    bench.click("layer2")
    bench.key(Qt.Key.Key_B)
    assert bench.document.bypassed == {"layer2"}
    assert fired == []
    window.setFocus()
    bench.list.clearFocus()
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert fired == ["B"]
