"""Loss over the steps: as it is, smoothed, by part, on a linear or a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.learn.lesson_numbers import LOSS_WORDS
from studio.runtime.learning.record import Curves
from studio.ui.kit import theme
from studio.ui.kit.plots import StillPlot

_PARTS = (
    *("#7FB4FF", "#9BE28F", "#E59BE8", "#FFD166", "#8FE0E0", "#FF8A8A", "#C8B6FF", "#D9D9D9", "#B8E04A", "#E8B08F"),
)
"""A colour for each of the losses, and one for a critic's own."""
_HEIGHT, _LATER = 150, 60
"""Of the plot, and milliseconds until it is made where nothing is drawn sooner."""

_WIDTH = 0.05
_MOST = 400
"""Points of a line, and twice as many of one that is not smooth: Qt draws thousands in longer than a picture takes."""


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A running mean over a twentieth of the steps, each value with those before it."""
    window = max(1, round(_WIDTH * len(values)))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    last = np.arange(1, len(values) + 1)
    first = np.maximum(0, last - window)
    return np.asarray((sums[last] - sums[first]) / (last - first))


def reaching(
    steps: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As many points as can be told apart: of some side by side the least and the largest, each in its place."""
    if len(values) <= 2 * _MOST:
        return steps, values
    edges = np.linspace(0, len(values), _MOST + 1).round().astype(int)
    places = []
    for first, end in pairwise(edges):
        part = values[first:end]
        places += sorted({first + int(part.argmin()), first + int(part.argmax())})
    return steps[places], values[places]


class CurvesView(QWidget):
    """A small plot with a few switches."""

    def __init__(self) -> None:
        super().__init__()
        self._place = QWidget()
        self._place.setFixedHeight(_HEIGHT)
        self.log, self.parts, self.psnr = (switch(text, tip) for text, tip in _SWITCHES)
        self.log.setChecked(True)
        switches = QHBoxLayout()
        switches.setSpacing(theme.SPACE // 2)
        for button in (self.log, self.parts, self.psnr):
            switches.addWidget(button)
            button.toggled.connect(lambda _: self._draw())
        switches.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self._place)
        column.addLayout(switches)
        self.key = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.key.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.key.hide()
        column.addWidget(self.key)
        self._curves = Curves()
        self._lines: dict[str, pg.PlotDataItem] = {}
        self._axis: tuple[bool, str] | None = None
        self._column = column
        later = QTimer(self, interval=_LATER, singleShot=True)
        later.timeout.connect(lambda: self.plot)
        later.start()

    @cached_property
    def plot(self) -> pg.PlotWidget:
        """Made in a turn of its own, or when something is drawn: it takes a third of the panel's time."""
        made = plot_widget("Loss over the steps", _HEIGHT)
        self._column.replaceWidget(self._place, made)
        self._place.deleteLater()
        return made

    def show_curves(self, curves: Curves) -> None:
        """Draw these."""
        self._curves = curves
        if self.isVisible():
            self._draw()

    def _draw(self) -> None:
        curves, decibels = self._curves, self.psnr.isChecked()
        self._scale(self.log.isChecked() and not decibels, "dB" if decibels else "")
        steps = np.array(curves.steps, float)
        drawn: dict[str, _Line] = {}
        named: list[str] = []
        if curves.steps:
            whole = finite(curves.psnr if decibels else curves.total)
            few = np.linspace(0, len(steps) - 1, min(len(steps), _MOST)).round().astype(int)
            drawn[""] = _Line(*reaching(steps, whole), theme.LINE)
            if self.parts.isChecked() and not decibels:
                for (name, words), colour in zip(_NAMED.items(), _PARTS, strict=True):
                    if name in curves.parts:
                        drawn[f"part {name}"] = _Line(steps[few], _part(curves.parts[name])[few], colour)
                        named.append(f'<span style="color: {colour}">{words}</span>')
            drawn["smoothed"] = _Line(steps[few], smoothed(whole)[few], theme.ACCENT, width=2)
        self._show(drawn)
        # Qt lays a text out anew when it is told, even what it knows.
        if (key := " · ".join(named)) != self.key.text():
            self.key.setText(key)
        self.key.setVisible(bool(named))

    def _scale(self, is_logarithmic: bool, unit: str) -> None:
        """Of the axis of losses. pyqtgraph lays the whole plot out anew when it is told, even what it knows."""
        if self._axis != (is_logarithmic, unit):
            self._axis = is_logarithmic, unit
            self.plot.setLogMode(y=is_logarithmic)
            self.plot.setLabel("left", unit)

    def _show(self, drawn: dict[str, _Line]) -> None:
        """Lines that are there already get other points: new ones cost many times as much."""
        for name in self._lines.keys() - drawn.keys():
            self.plot.removeItem(self._lines.pop(name))
        for order, (name, line) in enumerate(drawn.items()):
            if name not in self._lines:
                self._lines[name] = self.plot.plot(pen=pg.mkPen(line.colour, width=line.width), connect="finite")
            self._lines[name].setZValue(order)
            self._lines[name].setData(line.steps, line.values)


@dataclass(frozen=True)
class _Line:
    steps: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: str
    width: int = 1


def _part(values: list[float]) -> NDArray[np.float64]:
    """One loss, smoothed over the steps that had it."""
    there = ~np.isnan(values)
    drawn = np.full(len(values), np.nan)
    drawn[there] = smoothed(finite(np.array(values)[there].tolist()))
    return drawn


_NAMED = LOSS_WORDS | {"critic": "What the critic gets wrong"}

_SWITCHES = (
    ("Log", "Draw losses by their logarithm"),
    ("Parts", "Draw every loss by itself, too"),
    ("PSNR", "Draw how near what is made comes to what is wanted, in decibels"),
)


class FewWords(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of which a logarithm's ticks have words at 1, 2 and 5 alone: the others would lie over each other.

    Where not two of these are in sight, some even values between have words.
    """

    _is_even = False

    def logTickValues(  # noqa: N802 - pyqtgraph's name
        self, least: float, most: float, size: float, ticks: list[tuple[float, list[float]]]
    ) -> list[tuple[float | None, list[float]]]:
        """Where ticks stand, by their level."""
        found: list[tuple[float | None, list[float]]] = super().logTickValues(least, most, size, ticks)
        self._is_even = sum(has_words(value) for _, level in found for value in level) < 2
        if not self._is_even:
            return found
        return [(None, np.log10(between(10**least, 10**most)).tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - pyqtgraph's name
        """What stands beside each tick."""
        found: list[str] = super().tickStrings(values, scale, spacing)
        if not self.logMode:
            return found
        if self._is_even:
            return [f"{10**value * scale:.4g}" for value in values]
        return [text if has_words(value) else "" for text, value in zip(found, values, strict=True)]


def has_words(logarithm: float) -> bool:
    """Whether it is that of 1, 2 or 5, at any place."""
    leading = 10 ** (logarithm - np.floor(logarithm))
    return any(abs(leading - digit) < 1e-6 for digit in (1, 2, 5, 10))


def between(least: float, most: float) -> NDArray[np.float64]:
    """Three to seven values between two others, apart by one, two or five of a decimal place; none where none is."""
    reach = most - least
    if not 0 < reach < np.inf:
        return np.empty(0)
    place = 10 ** np.floor(np.log10(reach))
    step = next(part * place for part in (2, 1, 0.5, 0.2) if reach / (part * place) >= 3)
    return np.asarray(np.arange(np.ceil(least / step), np.floor(most / step) + 1) * step)


def plot_widget(name: str, height: int) -> pg.PlotWidget:
    """An empty plot in the window's colours, which the mouse leaves alone."""
    plot = StillPlot(background=theme.GROUND, enableMenu=False, axisItems={"left": FewWords("left")})
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setFixedHeight(height)
    plot.setAccessibleName(name)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(theme.LINE)
        axis.setTextPen(theme.FAINT)
    plot.getAxis("left").setWidth(48)
    return plot


def switch(text: str, tip: str) -> QPushButton:
    """A small button that stays pressed."""
    button = QPushButton(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def finite(values: list[float]) -> NDArray[np.float64]:
    """Values that can be drawn, by their logarithm too."""
    found = np.nan_to_num(np.array(values, np.float64), nan=0.0, posinf=100.0, neginf=0.0)
    return np.asarray(np.maximum(found, 1e-12))
