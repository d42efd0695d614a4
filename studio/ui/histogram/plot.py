"""A histogram, with others laid over it for comparison.

Everything is drawn between 0 and 1 along both axes, and the axis says what that means: values of any size, up to the
ends of float32, are then the same to what draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.engine.base import BINS, Stats
from studio.ui.histogram.numbers import Sample
from studio.ui.histogram.value_axis import Span, ValueAxis
from studio.ui.kit import theme
from studio.ui.kit.plots import StillPlot

BEFORE = "#7FB4FF"
ORIGINAL = "#C9CCD3"
_ROOM = 0.04
_ZERO_WIDE = 0.006


def span_of(shown: Sequence[Stats]) -> Span | None:
    """The values to draw, from the smallest to the largest of all, with some room; None where none is finite."""
    finite = [stats for stats in shown if not math.isnan(stats.minimum)]
    if not finite:
        return None
    low, high = min(stats.minimum for stats in finite), max(stats.maximum for stats in finite)
    room = _ROOM * (high - low) if high > low else abs(low) / 2 or 0.5
    return low - room, high + room


def settled(span: Span, before: Span | None) -> Span:
    """The span, or the one before it where that does as well, so that a live axis does not tremble."""
    if before is None:
        return span
    length, length_before = span[1] - span[0], before[1] - before[0]
    fits = before[0] <= span[0] + _ROOM * length and span[1] - _ROOM * length <= before[1]
    return before if fits and length > 0.6 * length_before else span


def outline(
    stats: Stats, span: Span, top: float, *, logarithmic: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges (n + 1) and heights (n) of the bars, both within 0..1.

    Args:
        stats: with a finite value.
        span: the values at 0 and 1 along the axis.
        top: the count that is drawn at full height.
        logarithmic: whether heights go by the logarithm of one more than the count.
    """
    if stats.minimum < stats.maximum:
        edges, counts = stats.edges, stats.histogram.astype(np.float64)
    else:
        half = 0.01 * (span[1] - span[0])
        edges = np.array([stats.minimum - half, stats.minimum + half])
        counts = np.array([stats.histogram.sum()], np.float64)
    heights = np.log1p(counts) / math.log1p(top) if logarithmic else counts / top
    return (edges - span[0]) / (span[1] - span[0]), heights


class _UnitCurve(pg.PlotCurveItem):  # type: ignore[misc] # pyqtgraph has no types
    """An outline within 0..1, which need not be searched for its ends each time it is drawn."""

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Span | None = None) -> Span:  # noqa: N802, N803 - pyqtgraph's names
        del ax, frac, orthoRange
        return 0.0, 1.0


class HistogramPlot(QWidget):
    """Bars of what is now, outlines of what was; a drag along it marks out a range.

    ``marked`` brings its ends, and comes without any when nothing is marked out any more.

    Attributes:
        is_made: whether there is what draws it; `make` makes that, or else the first that is shown.
    """

    marked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_made = False
        self._pressed: float | None = None
        self._span: Span | None = None
        self.marked_range: Span | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setMinimumHeight(60)

    def make(self) -> None:
        """Make what draws it, which takes longer than all else of the panel; a second call changes nothing."""
        if self.is_made:
            return
        self.is_made = True
        self._axis = ValueAxis()
        self._plot = StillPlot(self, background=theme.PANEL, axisItems={"bottom": self._axis}, enableMenu=False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.hideAxis("left")
        self._plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.getPlotItem().getViewBox().setRange(xRange=(0, 1), yRange=(0, 1.04), padding=0)
        self._zero = pg.InfiniteLine(0.0, pen=pg.mkPen(theme.LINE, width=1))
        self._plot.addItem(self._zero)
        self._now = self._curve(_pen(theme.ACCENT, 1.0), theme.ACCENT)
        self._original = self._curve(_pen(ORIGINAL, 1.0, Qt.PenStyle.DotLine))
        self._before = self._curve(_pen(BEFORE, 1.5))
        self._zeros = self._curve(_pen(theme.TEXT, 1.0), theme.TEXT)
        self._zero_text = pg.TextItem(color=theme.TEXT)
        self._zero_text.setVisible(False)
        self._plot.addItem(self._zero_text)
        self._message = pg.TextItem(anchor=(0.5, 0.5), color=theme.FAINT)
        self._message.setPos(0.5, 0.55)
        self._plot.addItem(self._message)
        self._region = pg.LinearRegionItem((0, 0), movable=False, brush=QColor(255, 255, 255, 46), pen=theme.TEXT)
        self._region.setVisible(False)
        self._plot.addItem(self._region)
        self._plot.viewport().installEventFilter(self)
        self._plot.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        layout = self.layout()
        assert layout is not None, "made with the widget"
        layout.addWidget(self._plot)

    @property
    def span(self) -> Span | None:
        """The values at the left and at the right end; None where nothing is drawn."""
        return self._span

    def mark(self, marked: Span | None) -> None:
        """Mark out another range of values, or none."""
        self.marked_range = marked
        if self.is_made:
            self._show_region()
        self.marked.emit(marked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A drag marks out a range, a click none."""
        del watched
        if not isinstance(event, QMouseEvent) or self._span is None:
            return False
        at = self._value_at(event.position().x())
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = at
            self.mark(None)
        elif event.type() == QEvent.Type.MouseMove and self._pressed is not None and at != self._pressed:
            self.mark((min(at, self._pressed), max(at, self._pressed)))
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._pressed = None
        return False

    def _value_at(self, x: float) -> float:
        assert self._span is not None, "something is drawn"
        low, high = self._span
        part = self._plot.getPlotItem().getViewBox().mapSceneToView(self._plot.mapToScene(round(x), 0)).x()
        return low + min(max(float(part), 0.0), 1.0) * (high - low)

    def _show_region(self) -> None:
        shown = self.marked_range is not None and self._span is not None
        self._region.setVisible(shown)
        if self.marked_range is not None and self._span is not None:
            low, high = self._span
            self._region.setRegion([(value - low) / (high - low) for value in self.marked_range])

    def show_message(self, text: str) -> None:
        """Nothing but a sentence."""
        self.make()
        self._span = None
        self._show_region()
        for curve in (self._now, self._before, self._original, self._zeros, self._zero_text):
            curve.setVisible(False)
        self._zero.setVisible(False)
        self._axis.setVisible(False)
        self._message.setText(text)
        self._message.setVisible(True)

    def show_stats(
        self,
        now: Stats,
        before: Stats | None = None,
        original: Stats | None = None,
        *,
        logarithmic: bool = False,
        sample: Sample | None = None,
    ) -> None:
        """Bars of what is now; outlines of the others where they differ. Heights count values by each one's bins.

        Where there is a sample of what is now, all but a hundredth of it is drawn, with zero apart.
        """
        self.make()
        if sample is not None and sample.values.size:
            self._show_sample(sample, now, (before, original), logarithmic=logarithmic)
            return
        self._zeros.setVisible(False)
        self._zero_text.setVisible(False)
        shown = [stats for stats in (now, before, original) if stats is not None]
        span = span_of(shown)
        if span is None:
            self.show_message("No finite value")
            return
        self._span = settled(span, self._span)
        top = float(max(_top(stats) for stats in shown))
        for curve, stats in ((self._now, now), (self._before, before), (self._original, original)):
            if stats is None or math.isnan(stats.minimum) or (stats is not now and is_same(now, stats)):
                curve.setVisible(False)
            else:
                curve.setData(*outline(stats, self._span, top, logarithmic=logarithmic))
                curve.setVisible(True)
        low, high = self._span
        self._zero.setVisible(low < 0 < high)
        self._zero.setValue(-low / (high - low))
        self._axis.set_span(self._span)
        self._show_region()
        self._axis.setVisible(True)
        self._message.setVisible(math.isnan(now.minimum))
        self._message.setText("No finite value")

    def _show_sample(
        self, sample: Sample, now: Stats, others: tuple[Stats | None, Stats | None], *, logarithmic: bool
    ) -> None:
        span = sample.span()
        assert span is not None
        low, high = self._span = settled(span, self._span)
        edges, counts = sample.bars((low, high))
        width, total = edges[1] - edges[0], sample.values.size
        drawn = [(self._now, edges, counts)]
        for curve, stats in zip((self._before, self._original), others, strict=True):
            is_other = stats is not None and stats.minimum < stats.maximum and not is_same(now, stats)
            curve.setVisible(is_other)
            if stats is not None and is_other:
                # As many values in as wide bins, so that heights are of one kind.
                share = total / max(1, int(stats.histogram.sum())) * width * BINS / (stats.maximum - stats.minimum)
                drawn.append((curve, stats.edges, stats.histogram * share))
        top = max(1.0, *(float(counts.max()) for _, _, counts in drawn))
        for curve, at, heights in drawn:
            curve.setData((at - low) / (high - low), _heights(heights, top, logarithmic))
            curve.setVisible(True)
        zero = -low / (high - low)
        self._zeros.setVisible(sample.has_zeros)
        self._zero_text.setVisible(sample.has_zeros)
        if sample.has_zeros:
            tall = min(1.0, float(_heights(np.array([sample.zeros * total]), top, logarithmic)[0]))
            self._zeros.setData(np.array([zero - _ZERO_WIDE, zero + _ZERO_WIDE]), np.array([tall]))
            self._zero_text.setText(f"zero {100 * sample.zeros:.0f} %")
            self._zero_text.setAnchor((0.0, 0.0) if zero < 0.5 else (1.0, 0.0))
            self._zero_text.setPos(zero + (_ZERO_WIDE if zero < 0.5 else -_ZERO_WIDE) * 2, 1.02)
        self._zero.setVisible(low < 0 < high)
        self._zero.setValue(zero)
        self._axis.set_span(self._span)
        self._show_region()
        self._axis.setVisible(True)
        self._message.setVisible(False)

    def curves(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Edges and heights of what is drawn now, by "now", "before" and "original"."""
        if not self.is_made:
            return {}
        named = {"now": self._now, "before": self._before, "original": self._original}
        return {name: curve.getData() for name, curve in named.items() if curve.isVisible()}

    def _curve(self, pen: QPen, fill: str = "") -> _UnitCurve:
        brush = None
        if fill:
            brush = QColor(fill)
            brush.setAlpha(90)
        curve = _UnitCurve(
            np.array([0.0, 1.0]),
            np.zeros(1),
            pen=pen,
            stepMode="center",
            fillLevel=0 if fill else None,
            brush=brush,
            skipFiniteCheck=True,
        )
        curve.setVisible(False)
        self._plot.addItem(curve)
        return curve


def _heights(counts: NDArray[np.float64], top: float, logarithmic: bool) -> NDArray[np.float64]:
    return np.log1p(counts) / math.log1p(top) if logarithmic else counts / top


def is_same(a: Stats, b: Stats) -> bool:
    """Whether one outline would lie on the other: but for values at the very edges of bins, all are the same."""
    if (a.minimum, a.maximum) != (b.minimum, b.maximum):
        return False
    return int(np.abs(a.histogram - b.histogram).sum()) <= 0.002 * int(a.histogram.sum())


def _top(stats: Stats) -> int:
    if stats.minimum < stats.maximum:
        return max(int(stats.histogram.max()), 1)
    return max(int(stats.histogram.sum()), 1)


def _pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour), width, style)
    pen.setCosmetic(True)
    return pen
