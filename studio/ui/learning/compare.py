"""Which upsampling learns better: both autoencoders at the same lesson, side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.learn.networks import Autoencoder, Upsampling
from studio.learn.prepare import Asked
from studio.model.declared.param import Declared, param, seed
from studio.model.networks.network import Network
from studio.runtime.learning.comparison import Comparison, Run
from studio.ui.kit import theme
from studio.ui.kit.fitting import fit, scrolled_body
from studio.ui.kit.forms import Form
from studio.ui.learning.curves import finite, plot_widget, smoothed, switch
from studio.ui.learning.lesson_form import PLAYING
from studio.ui.learning.pictures import pixmap

UPSAMPLINGS: tuple[Upsampling, ...] = ("transposed", "fractional")
_COLOURS = (theme.ACCENT, "#7FB4FF")
_SIDE = 168
_DRAW_EVERY = 250
_STATES = {"off": "Learn", "preparing": "Preparing…", "learning": "Pause", "paused": "Go on"}
_ABOUT = (
    "Two autoencoders with as many weights learn the same crops in the same order, one step of each in turn. The first "
    "doubles the picture by transposed convolution, the second by a convolution on fractional stride."
)


class BothNumbers(Declared):
    """The numbers of the lesson, and of both networks."""

    width: int = param(64, lo=1, hi=256, doc="Channels of their outer layers; the inner ones have four times as many")
    size: int = param(64, lo=16, hi=256, unit="px", doc="Side of the crops that they learn from")
    batch: int = param(16, lo=1, hi=64, doc="Crops a step")
    rate: float = param(0.001, lo=0.0, hi=1.0, doc="How far a step of Adam goes")
    seed: int = seed("What their weights begin with, and what crops follow from")


class CompareWindow(QDialog):
    """Asks for the numbers, and shows both curves in one plot and both pictures beside the one that is wanted.

    Args:
        parent: over which it lies.
        comparison: lets them learn.
        playing: says which source plays.
        keep: opens a network in the window.
        report: told a sentence where something does not fit.
    """

    def __init__(
        self,
        parent: QWidget,
        comparison: Comparison,
        playing: Callable[[], str],
        keep: Callable[[Network], object],
        report: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._comparison, self._playing, self._keep, self._report = comparison, playing, keep, report
        self.setWindowTitle("Which upsampling learns better?")
        self.source = QComboBox(editable=True)
        self.source.addItems(["demo", PLAYING])
        self.source.setAccessibleName("Learn from")
        self.form: Form[BothNumbers] = Form(BothNumbers)
        self.learn = QPushButton("Learn")
        self.learn.setObjectName("primary")
        self.learn.clicked.connect(self.toggle)
        self.end = QPushButton("End")
        self.end.clicked.connect(lambda: comparison.end())
        self.plot = plot_widget("Both networks over the steps", 200)
        self.loss = switch("Loss", "Draw the loss, by its logarithm, instead of decibels")
        self.loss.toggled.connect(lambda _: self._draw())
        self.wanted, self.pictures = QLabel(), [QLabel() for _ in UPSAMPLINGS]
        self.words = [QLabel(wordWrap=True) for _ in UPSAMPLINGS]
        self.keeps = [QPushButton("Open this one") for _ in UPSAMPLINGS]
        self.said = QLabel(wordWrap=True)
        self._lay_out()
        self._timer = QTimer(self, interval=_DRAW_EVERY)
        self._timer.timeout.connect(self._draw_if_stale)
        self._is_stale = True
        comparison.changed.connect(self._listen)
        self._show_state()

    def _lay_out(self) -> None:
        about = QLabel(_ABOUT, wordWrap=True)
        about.setStyleSheet(f"color: {theme.FAINT};")
        buttons = QHBoxLayout()
        for button in (self.learn, self.end):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.loss)
        both = QGridLayout()
        both.setSpacing(theme.SPACE)
        for place, (picture, name) in enumerate(
            ((self.wanted, "wanted"), *zip(self.pictures, UPSAMPLINGS, strict=True))
        ):
            picture.setFixedSize(_SIDE, _SIDE)
            picture.setStyleSheet(f"background: {theme.GROUND};")
            picture.setAccessibleName(f"The last crop, {name}")
            both.addWidget(picture, 0, place)
        for place, (name, colour) in enumerate(zip(UPSAMPLINGS, _COLOURS, strict=True)):
            words, keep = self.words[place], self.keeps[place]
            words.setStyleSheet(f"color: {colour};")
            words.setMinimumHeight(3 * words.fontMetrics().lineSpacing())
            words.setText(name)
            keep.setToolTip("Open it in the window, to bend it or to teach it further; undo takes this back")
            keep.setAccessibleName(f"Open the {name} one")
            keep.clicked.connect(partial(self._open, place))
            both.addWidget(words, 1, place + 1)
            both.addWidget(keep, 2, place + 1)
        both.addWidget(QLabel("wanted"), 1, 0)
        source = QHBoxLayout()
        label = QLabel("Learn from")
        label.setBuddy(self.source)
        source.addWidget(label)
        source.addWidget(self.source, 1)
        self.said.setStyleSheet(f"color: {theme.WARNING};")
        column = scrolled_body(QVBoxLayout(self))
        column.setSpacing(theme.SPACE)
        column.addWidget(about)
        column.addLayout(source)
        for part in (self.form, self.said, self.plot):
            column.addWidget(part)
        column.addLayout(buttons)
        column.addLayout(both)
        fit(self)

    # -- what is done -------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Begin, pause, or go on."""
        state = self._comparison.state
        if state == "learning":
            self._comparison.pause()
        elif state != "off":
            self._comparison.go_on()
        else:
            self._begin()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """What is not seen need not learn."""
        self._comparison.pause()
        super().closeEvent(event)

    def _begin(self) -> None:
        try:
            numbers, source = self.form.record(), self.source.currentText().strip()
            made = [
                (name, Autoencoder(width=numbers.width, upsampling=name, seed=numbers.seed).make())
                for name in UPSAMPLINGS
            ]
        except StudioError as error:
            self._report(str(error))
            return
        asked = Asked(
            source=self._playing() if source == PLAYING else source,
            size=numbers.size,
            batch=numbers.batch,
            rate=numbers.rate,
            seed=numbers.seed,
        )
        self._comparison.begin(made, asked)

    def _open(self, place: int, _clicked: bool = False) -> None:
        runs = self._comparison.runs
        if place < len(runs):
            self._comparison.pause()
            self._keep(runs[place].network)

    # -- what is seen -------------------------------------------------------------------------------------------------

    def _listen(self, what: str) -> None:
        self._is_stale = True
        if what == "state":
            self._show_state()

    def _show_state(self) -> None:
        state = self._comparison.state
        self.learn.setText(_STATES[state])
        had_it = self.focusWidget() is self.end
        self.end.setEnabled(state != "off")
        for part in (self.source, self.form):
            part.setEnabled(state == "off")
        if had_it and state == "off":
            self.learn.setFocus()
        for button in self.keeps:
            button.setEnabled(bool(self._comparison.runs))
        self.said.setText(self._comparison.problem)
        self.said.setVisible(bool(self._comparison.problem))
        self._timer.start()

    def _draw_if_stale(self) -> None:
        if self._is_stale:
            self._draw()
        elif self._comparison.state != "learning":
            self._timer.stop()

    def _draw(self) -> None:
        self._is_stale = False
        self.plot.clear()
        by_loss = self.loss.isChecked()
        self.plot.setLogMode(y=by_loss)
        self.plot.setLabel("left", "loss" if by_loss else "dB")
        for place, run in enumerate(self._comparison.runs):
            if run.curves.steps:
                self._draw_curve(run, by_loss, _COLOURS[place])
            self.words[place].setText(said_of(run))
            if run.pictures is not None:
                *_, made, wanted = run.pictures
                self.pictures[place].setPixmap(pixmap(made, _SIDE))
                self.wanted.setPixmap(pixmap(wanted, _SIDE))

    def _draw_curve(self, run: Run, by_loss: bool, colour: str) -> None:
        steps: Any = np.array(run.curves.steps, float)
        values = finite(run.curves.total if by_loss else run.curves.psnr)
        faint = pg.mkColor(colour)
        faint.setAlpha(70)
        self.plot.plot(steps, values, pen=pg.mkPen(faint, width=1))
        self.plot.plot(steps, smoothed(values), pen=pg.mkPen(colour, width=2))


def said_of(run: Run) -> str:
    """How far a network has come, in a line."""
    if run.last is None:
        return run.name
    recent = run.curves.psnr[-20:]
    each = 1000 * run.seconds / run.last.number
    return (
        f"{run.name}: {sum(recent) / len(recent):.2f} dB after {run.last.number} steps · {each:.0f} ms a step, "
        f"{run.seconds:.0f} s"
    )
