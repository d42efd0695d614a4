"""One histogram with its title and its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.engine.base import Stats
from studio.model.networks.shape import Array
from studio.ui.histogram.heat import HeatMap
from studio.ui.histogram.numbers import Sample, deviation, number_text, percentile
from studio.ui.histogram.plot import BEFORE, ORIGINAL, HistogramPlot
from studio.ui.histogram.range_bar import RangeBar
from studio.ui.kit import theme

_COLUMNS = 3
_ROOMY = 340
_EVERY = 250
_ESTIMATED = (
    "Minimum, maximum, mean and counts are exact, of the finite values.\n"
    "Percentiles, the standard deviation (std) and the share of zeros are of 40,000 values, evenly spaced:\n"
    "their ranks are right within half a hundredth. All but a hundredth of the values is drawn."
)
_LEGEND = "  ".join(
    f'<span style="color:{colour}">{mark}</span>&nbsp;<span style="color:{theme.FAINT}">{text}</span>'
    for colour, mark, text in ((theme.ACCENT, "■", "now"), (BEFORE, "—", "before"), (ORIGINAL, "···", "original"))
)


class Numbers(QWidget):
    """A grid of labelled numbers, drawn rather than made of labels, since it changes many times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stats: Stats | None = None
        self._sample: Sample | None = None
        self._cells: list[tuple[str, str, str]] = []
        self._resting = QTimer(self, singleShot=True, interval=_EVERY)
        self._resting.timeout.connect(self._renew)
        font = theme.smaller(self.font(), 0.9)
        self.setFont(font)
        self._line = QFontMetrics(font).height() + 3
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(_ESTIMATED)
        self.setAccessibleName("Numbers")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See Qt."""
        return QSize(240, 4 * self._line + 2)

    def show_stats(self, stats: Stats | None, sample: Sample | None = None) -> None:
        """Numbers of these statistics; nothing for None. They change only so often that they can be read."""
        is_other = (stats is None) != (self._stats is None) or (sample is None) != (self._sample is None)
        self._stats, self._sample = stats, sample
        if is_other or not self._resting.isActive():
            self._renew()

    def _renew(self) -> None:
        digits = 4 if self.width() >= _ROOMY else 3
        cells = [] if self._stats is None else _cells(self._stats, digits, self._sample)
        if cells != self._cells:
            self._cells = cells
            self._resting.start()
            self.setAccessibleDescription(self.text())
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: where there is room, numbers have another digit."""
        super().resizeEvent(event)
        self._renew()

    def text(self) -> str:
        """All of it in one line."""
        return ", ".join(f"{label} {value}" for label, value, _ in self._cells)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        del event
        painter = QPainter(self)
        gap = 14 if self.width() >= _ROOMY else 8
        width = (self.width() - gap * (_COLUMNS - 1)) / _COLUMNS
        for k, (label, value, colour) in enumerate(self._cells):
            row, column = divmod(k, _COLUMNS)
            cell = QRect(round(column * (width + gap)), row * self._line, round(width), self._line)
            painter.setPen(QColor(theme.FAINT))
            painter.drawText(cell, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
            painter.setPen(QColor(colour))
            painter.drawText(cell, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)


def _cells(stats: Stats, digits: int, sample: Sample | None = None) -> list[tuple[str, str, str]]:
    """Label, number, colour: each row lies symmetrically about its middle."""
    values = {
        "min": stats.minimum,
        "mean": stats.mean,
        "max": stats.maximum,
        "1 %": percentile(stats, 1, sample),
        "50 %": percentile(stats, 50, sample),
        "99 %": percentile(stats, 99, sample),
        "5 %": percentile(stats, 5, sample),
        "std": deviation(stats, sample),
        "95 %": percentile(stats, 95, sample),
    }
    cells = [(label, number_text(value, digits), theme.TEXT) for label, value in values.items()]
    for label, count in (("NaN", stats.nan), ("infinite", stats.infinite)):
        cells.append((label, f"{count:,}", theme.DANGER if count else theme.FAINT))
    if sample is not None:
        cells.append(("zero", f"{100 * sample.zeros:.1f} %", theme.TEXT if sample.zeros else theme.FAINT))
    return cells


class Title(QLabel):
    """A label that elides its text in the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(60)
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.setFont(font)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        del event
        painter = QPainter(self)
        painter.setPen(QColor(theme.TEXT))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)


@dataclass(frozen=True, eq=False)
class _Given:
    """What a chart shows."""

    name: str
    now: Stats
    before: Stats | None
    original: Stats | None
    logarithmic: bool
    sample: Sample | None

    def is_like(self, other: _Given) -> bool:
        """Whether the other would be drawn alike."""
        if (self.name, self.logarithmic, self.sample) != (other.name, other.logarithmic, other.sample):
            return False
        pairs = (self.now, other.now), (self.before, other.before), (self.original, other.original)
        return all(a is b or (a is not None and b is not None and _is_equal(a, b)) for a, b in pairs)


def _is_equal(a: Stats, b: Stats) -> bool:
    numbers = [(each.minimum, each.maximum, each.mean, each.nan, each.infinite) for each in (a, b)]
    return numbers[0] == numbers[1] and np.array_equal(a.histogram, b.histogram)


class Chart(QWidget):
    """What is now of one layer or tensor, and, where it is a tensor, what was.

    Args:
        what: what it shows of a layer: "activation", "tensor".
        compared: whether there is a before.
    """

    def __init__(self, what: str, *, compared: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self._given: _Given | None = None
        self._title = Title()
        self._title.setAccessibleName(what.capitalize())
        self.plot = HistogramPlot()
        self.plot.setAccessibleName(f"Histogram of the {what}")
        self.numbers = Numbers()
        self.bar = RangeBar("weights" if compared else "channels")
        self.heat = HeatMap()
        self.plot.marked.connect(self._mark)
        self.bar.closed.connect(lambda: self.plot.mark(None))
        self._top = QHBoxLayout()
        self._top.setSpacing(theme.SPACE // 2)
        self._top.addWidget(self._title, 1)
        if compared:
            legend = QLabel(_LEGEND)
            legend.setToolTip("Bars: now. Lines: before the last edit or the one under way, and as trained.")
            self._top.addWidget(legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        layout.setSpacing(2)
        layout.addLayout(self._top)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.heat, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.numbers)

    def add(self, widget: QWidget) -> None:
        """Put a control beside the title."""
        self._top.addWidget(widget)

    def show_channels(self, values: Array | None) -> None:
        """Show a histogram of each channel of (C, n) values in place of that of all; None goes back."""
        is_each = values is not None
        self.heat.setVisible(is_each)
        self.plot.setVisible(not is_each)
        if values is not None:
            self.heat.show_values(values)

    def _mark(self, marked: tuple[float, float] | None) -> None:
        if marked is None:
            self.bar.hide()
        else:
            self.bar.show_range(*marked)

    def show_message(self, name: str, text: str) -> None:
        """No histogram but a sentence."""
        self._given = None
        self._set_title(name)
        self.show_channels(None)
        self.plot.show_message(text)
        self.numbers.show_stats(None)

    def show_stats(
        self,
        name: str,
        now: Stats,
        before: Stats | None = None,
        original: Stats | None = None,
        *,
        logarithmic: bool = False,
        sample: Sample | None = None,
    ) -> None:
        """See `HistogramPlot.show_stats`; what is drawn already is not drawn again."""
        given = _Given(name, now, before, original, logarithmic, sample)
        if self._given is not None and self._given.is_like(given):
            return
        self._given = given
        self._set_title(name)
        self.plot.show_stats(now, before, original, logarithmic=logarithmic, sample=sample)
        self.numbers.show_stats(now, sample)

    def _set_title(self, name: str) -> None:
        if name != self._title.text():
            self._title.setText(name)
            self._title.setToolTip(f"{name}: the {self._what}'s values")
