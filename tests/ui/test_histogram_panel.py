"""The histogram panel: what it draws, what it compares with, what it asks the engine for, and what that costs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow
from pytestqt.qtbot import QtBot

from studio.engine.base import Stats
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device, open_device
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.workspace import ORIGINALS, Workspace
from studio.ops.activation import ReLU
from studio.ops.conv import Conv2d
from studio.runtime.live.document_sync import DocumentSync
from studio.runtime.live.report import LayerSamples, LayerStats, Report, Thumbnails
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.ui.histogram.before import StatsBefore
from studio.ui.histogram.numbers import Sample, deviation, measure, number_text, percentile
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.histogram.plot import HistogramPlot, outline, settled, span_of
from studio.ui.histogram.value_axis import tick_step, tick_text, ticks
from studio.ui.kit.events import Events
from studio.ui.layers.panel import NetworkPanel
from studio.ui.services.posting import Post

LARGEST = float(np.float32(3.4e38))


def network(name: str = "small", seed: int = 0) -> Network:
    conv = Conv2d(in_channels=3, out_channels=3, kernel_size=3, padding=1)
    nodes = (Node("a", conv, ("picture",)), Node("act", ReLU(), ("a",)), Node("b", conv, ("act",)))
    graph = Graph((Input("picture"),), nodes, "b")
    rng = np.random.default_rng(seed)
    return Network(name, graph, {k: rng.standard_normal(s).astype(np.float32) for k, s in graph.tensor_shapes.items()})


def values(seed: int, gain: float = 1.0) -> Array:
    return (np.random.default_rng(seed).standard_normal(5000) * gain).astype(np.float32)


class Bench:
    """A panel, and the engine's part played by hand."""

    def __init__(
        self, qtbot: QtBot, *, shown: bool = True, paused: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.qtbot = qtbot
        self.document = Document(Preset("small", network(), {}))
        self.workspace = Workspace(self.document)
        self.telemetry = Telemetry()
        self.asked = asked = list[tuple[str, ...]]()
        self.panel = HistogramPanel(
            self.document, self.workspace, self.telemetry, lambda _, names: asked.append(names), paused=paused
        )
        qtbot.addWidget(self.panel)
        self.panel.resize(280, 460)
        if shown:
            with qtbot.waitExposed(self.panel):
                self.panel.show()
            qtbot.waitUntil(lambda: self.panel.tensor.plot.is_made and not self.panel._making.isActive())

    def report(self, **stats: Stats) -> None:
        self.telemetry.take(
            Report([LayerStats(None, {name.replace("__", "."): found for name, found in stats.items()})])
        )
        self.settle()

    def settle(self) -> None:
        """Until all that was told is drawn, and the trained values are measured for the next drawing."""
        self.qtbot.waitUntil(lambda: not self.panel._is_measuring())
        # Timers go off in the order in which they are due, however late: this one behind the panel's rest.
        self.qtbot.wait(160)

    def paint(self, value: float = 3.0) -> None:
        self.document.apply("paint", "a.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32)))

    def heights(self, chart: str = "tensor", curve: str = "now") -> list[float]:
        return list(getattr(self.panel, chart).plot.curves()[curve][1])

    def drawn(self, chart: str = "tensor") -> set[str]:
        return set(getattr(self.panel, chart).plot.curves())

    def numbers(self, chart: str = "tensor") -> dict[str, str]:
        return {label: value for label, value, _ in getattr(self.panel, chart).numbers._cells}


def test_nobody_looks_at_the_events_of_a_plot_that_is_made(qtbot: QtBot) -> None:
    """They are thousands, each handed to Python: a third of the time that the window was away for it."""
    owner, seen = QObject(), list[QEvent.Type]()
    events = Events(owner)
    events.on((QEvent.Type.ChildAdded, QEvent.Type.Polish), lambda _, event: bool(seen.append(event.type())))
    events.begin()
    bench = Bench(qtbot, shown=False, paused=events.paused)
    seen.clear()
    bench.panel._make_plot()
    assert bench.panel.activation.plot.is_made
    assert seen == []
    QObject(owner)
    assert seen == [QEvent.Type.ChildAdded]


def test_each_plot_is_made_in_a_turn_of_its_own_behind_the_panels(qtbot: QtBot) -> None:
    """All at once they held the window up for a tenth of a second, just when the first picture had come."""
    bench = Bench(qtbot, shown=False)
    plots = bench.panel.activation.plot, bench.panel.tensor.plot
    turns = [0]
    made: dict[HistogramPlot, int] = {}
    for plot in plots:

        def make(plot: HistogramPlot = plot, before: Callable[[], None] = plot.make) -> None:
            if not plot.is_made:
                made[plot] = turns[0]
            before()

        plot.make = make  # type: ignore[method-assign]
    ticker = QTimer(bench.panel)
    ticker.timeout.connect(lambda: turns.__setitem__(0, turns[0] + 1))
    ticker.start(0)
    bench.telemetry.take(Report([LayerStats(None, {"a": measure(bench.document.tensor("a.weight"))})]))
    bench.panel.show()
    assert not made
    qtbot.waitUntil(lambda: bench.drawn("activation") == {"now"})
    assert list(made) == list(plots)
    assert 0 < made[plots[0]] < made[plots[1]] < turns[0]


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


# -- numbers ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.sampled_from([1, 5, 50, 95, 99]), st.sampled_from([1e-30, 1.0, 1e30]))
def test_percentiles_are_a_bin_off_at_most(seed: int, percent: float, gain: float) -> None:
    shown = values(seed, gain)
    stats = measure(shown)
    width = (stats.maximum - stats.minimum) / 64
    assert abs(percentile(stats, percent) - np.percentile(shown.astype(np.float64), percent)) <= 1.01 * width
    assert deviation(stats) == pytest.approx(float(shown.std(dtype=np.float64)), rel=0.05)


def test_percentiles_skip_empty_bins() -> None:
    stats = measure(np.array([0.0] * 90 + [100.0] * 10, np.float32))
    assert percentile(stats, 50) < 2
    assert percentile(stats, 95) > 98


def test_numbers_of_odd_tensors() -> None:
    constant, nothing = measure(np.full(9, 2.5, np.float32)), measure(np.full(9, np.nan, np.float32))
    assert (percentile(constant, 1), percentile(constant, 99), deviation(constant)) == (2.5, 2.5, 0.0)
    assert math.isnan(percentile(nothing, 50))
    assert math.isnan(deviation(nothing))
    assert math.isfinite(deviation(measure(np.array([-LARGEST, LARGEST], np.float32))))


def test_measure_is_as_the_engines_do_it() -> None:
    stats = measure(np.array([1, 2, 3, np.nan, np.inf, -np.inf, np.nan, np.nan], np.float32))
    assert (stats.minimum, stats.maximum, stats.mean, stats.nan, stats.infinite) == (1.0, 3.0, 2.0, 3, 2)
    assert (stats.histogram[0], stats.histogram[32], stats.histogram[-1], stats.histogram.sum()) == (1, 1, 1, 3)


def test_numbers_in_words() -> None:
    found = [number_text(v) for v in (0.0, -0.0123456, 123456.0, 3.4028e38, -1e-42, math.nan)]
    assert found == ["0", "−0.01235", "1.23e05", "3.4e38", "−1e−42", "–"]


# -- drawing ----------------------------------------------------------------------------------------------------------

_ENDS = st.floats(-LARGEST, LARGEST, width=32)


@given(_ENDS, _ENDS)
def test_everything_is_drawn_within_the_unit_square(a: float, b: float) -> None:
    stats = measure(np.array([a, b, a, a], np.float32))
    span = span_of([stats])
    assert span is not None
    for logarithmic in (False, True):
        edges, heights = outline(stats, span, float(stats.histogram.max()), logarithmic=logarithmic)
        assert len(edges) == len(heights) + 1
        assert np.isfinite(edges).all()
        assert edges.min() >= 0
        assert edges.max() <= 1
        assert heights.min() >= 0
        assert heights.max() == pytest.approx(1.0)


@given(_ENDS, _ENDS, st.integers(1, 12))
def test_ticks_are_few_round_and_distinct(a: float, b: float, count: int) -> None:
    span = span_of([measure(np.array([a, b], np.float32))])
    assert span is not None
    found, step = ticks(span, count), tick_step(span, count)
    assert len(found) <= count + 1
    assert all(span[0] - 1e-9 * step <= tick <= span[1] + 1e-9 * step for tick in found)
    if max(-span[0], span[1]) < 1e6 * step:
        assert len({tick_text(tick, step, max(-span[0], span[1])) for tick in found}) == len(found)


def test_the_axis_rests_while_values_stay() -> None:
    assert settled((-1.0, 1.0), (-1.02, 1.1)) == (-1.02, 1.1)
    assert settled((-2.0, 1.0), (-1.02, 1.1)) == (-2.0, 1.0)
    assert settled((-0.1, 0.1), (-1.0, 1.0)) == (-0.1, 0.1)


# -- the panel --------------------------------------------------------------------------------------------------------


def test_it_asks_for_what_is_selected_while_it_is_seen(qtbot: QtBot) -> None:
    bench = Bench(qtbot, shown=False)
    assert bench.asked == []
    with qtbot.waitExposed(bench.panel):
        bench.panel.show()
    bench.workspace.choose("act")
    bench.workspace.choose("b", "bias")
    bench.panel.hide()
    assert bench.asked[0] == ("a", "a.weight")
    assert ("act",) in bench.asked
    assert bench.asked[-2:] == [("b", "b.bias"), ()]


def test_values_come_in(bench: Bench) -> None:
    bench.settle()
    assert bench.drawn() == bench.drawn("activation") == set()
    bench.report(a=measure(values(0, 5.0)), a__weight=measure(values(1)))
    assert bench.drawn("activation") == {"now"}
    assert "now" in bench.drawn()
    assert bench.numbers("activation")["min"] == number_text(float(values(0, 5.0).min()), 3)
    assert bench.numbers()["max"] == number_text(float(values(1).max()), 3)
    curves = bench.panel.tensor.plot.curves().values()
    assert max(float(heights.max()) for _, heights in curves) == 1.0
    assert "Percentiles" in bench.panel.tensor.numbers.toolTip()


def test_other_layers_values_are_not_drawn(bench: Bench) -> None:
    bench.report(b=measure(values(0)), b__weight=measure(values(1)))
    assert bench.drawn() == set()
    bench.workspace.choose("b")
    bench.settle()
    assert "now" in bench.drawn()


def test_a_layer_without_tensors(bench: Bench) -> None:
    bench.workspace.choose("act")
    bench.report(act=measure(values(0)))
    assert bench.drawn("activation") == {"now"}
    assert bench.drawn() == set()
    assert bench.panel.tensor.plot._message.toPlainText() == "This layer has no tensors"


def test_before_is_what_it_was_when_the_edit_began(bench: Bench) -> None:
    first, during, after = (measure(values(0, gain)) for gain in (1.0, 2.0, 3.0))
    bench.report(a__weight=first)
    gesture = bench.document.begin("stroke")
    for value, stats in ((3.0, during), (4.0, after)):
        gesture.put("a.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32)))
        bench.report(a__weight=stats)
    gesture.commit()
    bench.settle()
    assert "before" in bench.drawn()
    span = bench.panel.tensor.plot.span
    assert span is not None
    edges, _ = bench.panel.tensor.plot.curves()["before"]
    assert span[0] + edges[0] * (span[1] - span[0]) == pytest.approx(first.minimum)
    bench.paint(7.0)
    bench.report(a__weight=measure(values(0, 4.0)))
    edges, _ = bench.panel.tensor.plot.curves()["before"]
    span = bench.panel.tensor.plot.span
    assert span is not None
    assert span[0] + edges[0] * (span[1] - span[0]) == pytest.approx(after.minimum)


def test_undo_brings_the_same_picture_back(bench: Bench) -> None:
    now = measure(bench.document.tensor("a.weight"))
    bench.report(a__weight=now)
    before = bench.heights()
    bench.paint(50.0)
    bench.report(a__weight=measure(bench.document.tensor("a.weight")))
    assert bench.heights() != before
    bench.document.undo()
    bench.report(a__weight=measure(bench.document.tensor("a.weight")))
    bench.workspace.choose("b")
    bench.settle()
    bench.workspace.choose("a")
    bench.settle()
    assert bench.numbers()["max"] == number_text(now.maximum, 3)


def test_trained_values_are_laid_over_bent_ones(bench: Bench) -> None:
    bench.report(a__weight=measure(bench.document.tensor("a.weight")))
    bench.report(a__weight=measure(bench.document.tensor("a.weight")))
    assert "original" not in bench.drawn()  # it would lie on what is now
    bench.paint(50.0)
    bench.report(a__weight=measure(bench.document.tensor("a.weight")))
    assert "original" in bench.drawn()


def test_edits_that_were_not_looked_at_leave_no_false_before(bench: Bench) -> None:
    before = StatsBefore(bench.document)
    before.watch("a.weight")
    before.take({"a.weight": measure(values(0))})
    before.watch("b.weight")
    bench.paint(3.0)
    assert before.before("a.weight") is not None
    before.watch("a.weight")
    bench.paint(4.0)  # of what paint(3.0) left nothing was reported
    assert before.before("a.weight") is None


def test_what_is_heard_of_the_originals_is_no_before(bench: Bench) -> None:
    bent, trained = measure(values(0, 2.0)), measure(values(0))
    bench.report(a__weight=bent)
    bench.workspace.comparison = ORIGINALS
    bench.report(a__weight=trained)
    bench.workspace.comparison = None
    bench.paint()
    assert bench.panel._before.before("a.weight") is bent


def test_log_shows_what_is_rare(bench: Bench) -> None:
    rare = np.concatenate([np.zeros(99_999), [1.0]]).astype(np.float32)
    bench.report(a=measure(rare))
    assert bench.panel.log.isChecked(), "what is rare is shown unless told otherwise"
    bench.panel.log.setChecked(False)
    assert bench.heights("activation")[-1] < 0.001
    bench.qtbot.mouseClick(bench.panel.log, Qt.MouseButton.LeftButton)
    assert bench.heights("activation")[-1] > 0.05
    bench.qtbot.keyClick(bench.panel.log, Qt.Key.Key_Space)
    assert bench.heights("activation")[-1] < 0.001


def test_freeze_keeps_what_is_drawn_even_in_log(bench: Bench) -> None:
    bench.report(a=measure(values(0)))
    frozen = bench.numbers("activation")
    bench.qtbot.mouseClick(bench.panel.freeze, Qt.MouseButton.LeftButton)
    bench.report(a=measure(values(0, 7.0)))
    bench.qtbot.mouseClick(bench.panel.log, Qt.MouseButton.LeftButton)
    bench.settle()
    assert bench.numbers("activation") == frozen
    bench.qtbot.mouseClick(bench.panel.freeze, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: bench.numbers("activation") != frozen)


@pytest.mark.parametrize(
    ("shown", "drawn"),
    [
        ([0.0] * 10, {"now"}),
        ([-7.0] * 10, {"now"}),
        ([1e38, -1e38, LARGEST], {"now"}),
        ([1e-42, 2e-42], {"now"}),
        ([np.nan] * 4, set()),
        ([np.inf, np.nan, 1.0, 2.0], {"now"}),
    ],
)
def test_odd_values_are_drawn_sanely(bench: Bench, shown: list[float], drawn: set[str]) -> None:
    stats = measure(np.array(shown, np.float32))
    bench.report(a=stats)
    bench.panel.grab()
    assert bench.drawn("activation") == drawn
    assert bench.numbers("activation")["NaN"] == str(stats.nan)
    assert bench.numbers("activation")["infinite"] == str(stats.infinite)
    assert bench.panel.activation.plot._message.isVisible() is (not drawn)


def test_another_network(bench: Bench) -> None:
    bench.report(a__weight=measure(values(0)))
    bench.paint()
    bench.document.load(Preset("other", network("other", 1), {}))
    bench.telemetry.follow(bench.document.graph)
    bench.settle()
    assert bench.drawn() == set()
    bench.report(a__weight=measure(values(1)))
    assert "before" not in bench.drawn()


def test_it_goes_on_while_its_dock_floats(qtbot: QtBot) -> None:
    bench = Bench(qtbot, shown=False)
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget("Histograms", window)
    dock.setWidget(bench.panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(800, 600)
    with qtbot.waitExposed(window):
        window.show()
    bench.report(a=measure(values(0)))
    for floating in (True, False, True):
        dock.setFloating(floating)
        bench.settle()
        assert bench.panel.isVisible()
        assert bench.asked[-1] == ("a", "a.weight")
        stats = measure(values(0, 10.0 if floating else 1.0))
        bench.report(a=stats)
        texts = {number_text(stats.maximum, digits) for digits in (3, 4)}  # a wide dock has room for four
        bench.qtbot.waitUntil(lambda wanted=texts: bench.numbers("activation")["max"] in wanted)
        image = bench.panel.activation.plot.grab().toImage()
        assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 2


def test_it_draws_15_times_a_second_at_most(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.report(a=measure(values(0)))
    drawn: list[object] = []
    show = bench.panel.activation.show_stats
    monkeypatch.setattr(bench.panel.activation, "show_stats", lambda *a, **k: (drawn.append(a[1]), show(*a, **k)))
    assert bench.panel._resting.interval() >= 1000 / 15
    bench.qtbot.waitUntil(lambda: not bench.panel._resting.isActive())
    drawn.clear()
    stats = [measure(values(k)) for k in range(1, 20)]
    # None of these turns the event loop: no time goes by for the panel.
    for each in stats:
        bench.telemetry.take(Report([LayerStats(None, {"a": each})]))
    assert drawn == stats[:1]
    bench.settle()
    assert drawn == [stats[0], stats[-1]], "what came while it rested is drawn once"
    bench.qtbot.waitUntil(lambda: bench.numbers("activation")["max"] == number_text(stats[-1].maximum, 3))


def test_an_update_costs_little(bench: Bench) -> None:
    stats = [measure(values(k)) for k in range(40)]
    bench.paint()
    costs = []
    for k in range(40):
        # Then it draws at once.
        bench.qtbot.waitUntil(lambda: not bench.panel._resting.isActive())
        start = time.thread_time()
        bench.telemetry.take(Report([LayerStats(None, {"a": stats[k], "a.weight": stats[-k]})]))
        QApplication.processEvents()
        costs.append(time.thread_time() - start)
    # 2 ms on a machine at rest. Where each of them were dear, every tenth would be, too.
    assert np.percentile(costs, 10) < 0.012


def test_hidden_it_draws_nothing(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.panel.hide()
    bench.report(a=measure(values(0)))
    assert bench.drawn("activation") == set()
    with qtbot.waitExposed(bench.panel):
        bench.panel.show()
    bench.settle()
    assert bench.drawn("activation") == {"now"}


@pytest.mark.gl
def test_an_edit_is_seen_in_the_panels_of_a_running_engine(qtbot: QtBot, gl_device: Device, tmp_path: Path) -> None:
    del gl_device  # skips where there is no OpenGL
    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "still.png"), picture)
    devices: list[Device] = []

    def opened() -> DisplayBuffers:
        devices.append(open_device())
        return DisplayBuffers(devices[0])

    post, telemetry = Post(), Telemetry()
    live = LiveSession(opened, lambda report: post(lambda: telemetry.take(report)), lambda: devices[0].close())
    live.start()
    document = Document(Preset("small", network(), {}))
    workspace = Workspace(document)
    link = DocumentSync(document, workspace, live)
    panel, layers = (
        HistogramPanel(document, workspace, telemetry, live.watch),
        NetworkPanel(document, workspace, telemetry),
    )
    try:
        for widget in (panel, layers):
            qtbot.addWidget(widget)
            widget.resize(400, 500)
            widget.show()
        live.play(str(tmp_path / "still.png"))

        def largest() -> str:
            return next((value for label, value, _ in panel.tensor.numbers._cells if label == "max"), "")

        before = document.tensor("a.weight").copy()
        qtbot.waitUntil(lambda: largest() == number_text(float(before.max())))
        qtbot.waitUntil(lambda: len(telemetry[Thumbnails].pictures) == 3 and "ms" in layers._totals.text())
        values_before = panel._telemetry[LayerStats].stats["a"]
        document.apply("paint", "a.weight", Patch(Rect(0, 0, 3, 3), np.full((3, 3), 77.0, np.float32)))
        qtbot.waitUntil(lambda: largest() == "77")
        assert {"now", "before"} <= set(panel.tensor.plot.curves())
        qtbot.waitUntil(lambda: telemetry[LayerStats].stats["a"].maximum > 10 * values_before.maximum)
        document.undo()
        qtbot.waitUntil(lambda: largest() == number_text(float(before.max())))
        qtbot.waitUntil(lambda: telemetry[LayerStats].stats["a"].maximum == values_before.maximum)
        assert np.array_equal(telemetry[LayerStats].stats["a"].histogram, values_before.histogram)
    finally:
        live.close()
    del link


# -- samples ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", [1.0, 30.0])
def test_percentiles_of_what_a_relu_makes_are_right(bench: Bench, tail: float) -> None:
    rng = np.random.default_rng(5)
    made = np.maximum(rng.standard_normal((16, 50, 50)) - 0.25, 0).astype(np.float32)
    made[:, :2] *= tail
    bench.telemetry.take(Report([LayerSamples(None, {"a": made})]))
    bench.report(a=measure(made))
    numbers = bench.numbers("activation")
    assert [numbers[f"{percent} %"] for percent in (1, 5, 50)] == ["0", "0", "0"]
    assert abs(float(numbers["zero"].split()[0]) - 100 * (made == 0).mean()) < 1
    sample = Sample(made)
    ranked = np.sort(made.ravel())
    for percent in (1, 5, 50, 75, 95, 99):
        value = percentile(measure(made), percent, sample)
        low, high = np.searchsorted(ranked, [value - 1e-6, value + 1e-6]) / ranked.size
        assert low - 0.01 <= percent / 100 <= high + 0.01, percent


def test_zero_has_a_bar_of_its_own_and_the_rest_fills_the_chart(bench: Bench) -> None:
    rng = np.random.default_rng(5)
    made = np.maximum(rng.standard_normal((4, 60, 60)), 0).astype(np.float32)
    made[0, 0, 0] = 1e4
    bench.telemetry.take(Report([LayerSamples(None, {"a": made})]))
    bench.report(a=measure(made))
    plot = bench.panel.activation.plot
    assert plot._zeros.isVisible()
    assert plot._zero_text.toPlainText() == f"zero {100 * (made == 0).mean():.0f} %"
    assert plot.span is not None
    assert plot.span[1] < 5, "one value of ten thousand does not make all others a line"
    heights = plot.curves()["now"][1]
    assert (heights > 0.2).mean() > 0.8


def test_a_map_that_is_all_zero_is_drawn() -> None:
    sample = Sample(np.zeros((3, 4, 4), np.float32))
    assert sample.span() == (-0.5, 0.5)
    assert sample.quantile(0.5) == 0
    assert Sample(np.full(3, np.nan, np.float32)).span() is None


@pytest.mark.parametrize("count", [1, 2, 3, 100, 1000])
def test_quantiles_of_a_sample_are_numpys(count: int) -> None:
    values = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    sample = Sample(values)
    for share in (0.0, 0.005, 0.01, 0.5, 0.77, 0.99, 1.0):
        assert sample.quantile(share) == pytest.approx(float(np.quantile(values.astype(np.float64), share)), abs=1e-12)
