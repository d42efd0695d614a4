"""A lesson from zero in the window, while the picture plays and a hand paints.

    python -m benchmarks.learning_window

Opens the real window, makes *File > New network*'s autoencoder by its dialog, and teaches it the demo film by a panel:
64×64, 16 pictures a step, Adam at 1e-3. Meanwhile the film plays at the window's usual size, and a hand draws strokes
on filter sheets with mouse events, by the brush as it is at first: a stroke of 0.8 s over six kernels in every 4 s, in
each layer in turn. It adds 0.1 to weights of which most are smaller, and Adam takes a hundred steps to take that back.
A line tells what the first step at every whole decibel took, and the last ones how quick the picture and the window's
event loop were, and how long its thread worked between two turns of it, which a busy machine does not lengthen.

    --seconds 90     how long it learns at most; it stops at --until
    --until 28       decibels
    --engine auto    of the window
    --still          without the hand
    --new autoencoder,seed=1         the network, as `studio train new:` takes it
    --size 64        of the crops
    --batch 16       crops a step
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.ui.gaps import STEP, Listener
from benchmarks.window import application, click, display, move, opened, press, release, spin, until
from studio.app import Studio
from studio.learn.networks import NEW, NewNetwork, parse_new
from studio.model.networks.layout import sheet_size
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.report import Progress
from studio.ui.filters import FilterEditor
from studio.ui.learning.new_network import NewNetworkDialog
from studio.ui.learning.panel import LearningPanel

SIZE, BATCH, RATE = 64, 16, 1e-3
EVENTS, REST = 50, 200
"""Of a stroke, and of the time until the next; 16 ms apart."""

LENGTH = 24
"""Weights along a stroke: six kernels."""

MEAN = 20
"""Steps over which the second figure of a decibel is a mean."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="A lesson from zero in the window.")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--until", type=float, default=28.0)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--still", action="store_true")
    parser.add_argument("--new", default="autoencoder,seed=1")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--batch", type=int, default=BATCH)
    asked = parser.parse_args()
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}")
    with display():
        app = application()
        with opened("autoencoder-transposed") as studio:
            lesson = Lesson(studio, asked.engine, parse_new(asked.new), size=asked.size, batch=asked.batch)
            lesson.learn(asked.seconds, asked.until, by_hand=not asked.still)
        app.shutdown()


@dataclass
class Noted:
    """What a lesson came to: seconds since it was asked for, and decibels, step by step."""

    seconds: list[float] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)

    def first(self, wanted: float, mean: int = 1) -> int | None:
        """The number of the first step at which the mean of so many is as good; None where none is."""
        if len(self.psnr) < mean:
            return None
        means = np.convolve(self.psnr, np.full(mean, 1 / mean), "valid")
        found = np.flatnonzero(means >= wanted)
        return int(found[0]) + mean if len(found) else None


class Lesson:
    """A window with a new network in it, its lesson, and a hand."""

    def __init__(self, studio: Studio, engine: str, new: NewNetwork, *, size: int, batch: int) -> None:
        self.studio, context = studio, studio.window.context
        self.session, self.panel, self.editor = context[LearningSession], context[LearningPanel], context[FilterEditor]
        self.noted, self.frames = Noted(), set[int]()
        studio.workspace.engine = engine
        spin(3.0)
        self._make(new)
        studio.window.docks["learning"].raise_()
        controls = self.panel.lesson.form.controls
        for name, value in (("size", size), ("batch", batch), ("rate", RATE)):
            controls[name].show_value(value)
        spin(2.0)

    def _make(self, new: NewNetwork) -> None:
        """File > New network, by its dialog."""
        name = self.studio.document.network.name

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            assert isinstance(dialog, NewNetworkDialog)
            dialog.kind.setCurrentIndex(dialog.kind.findData(next(name for name in NEW if isinstance(new, NEW[name]))))
            form = dialog.forms[dialog.kind.currentData()]
            for key, value in new.model_dump().items():
                form.controls[key].show_value(value)
            click(dialog.make)

        QTimer.singleShot(300, answer)
        self.studio.window.actions_["learn.new"].trigger()
        until(lambda: self.studio.document.network.name != name)

    def learn(self, seconds: float, wanted: float, *, by_hand: bool) -> None:
        """From the click on Learn on; prints what it came to."""
        listener, hand = Listener(), QTimer()
        hand.setTimerType(Qt.TimerType.PreciseTimer)
        events = self._strokes()
        hand.timeout.connect(lambda: next(events))
        self.session.changed.connect(self._note)
        self.studio.telemetry.on(Progress, lambda p: self.frames.add(p.serial))
        self._began = time.perf_counter()
        click(self.panel.learn)
        listener.start()
        if by_hand:
            hand.start(STEP)
        until(lambda: self._has_come(wanted) or time.perf_counter() - self._began > seconds, seconds + 60)
        took = time.perf_counter() - self._began
        hand.stop()
        listener.stop()
        self.session.pause()
        self._tell(wanted, took, listener)

    def _has_come(self, wanted: float) -> bool:
        return self.noted.first(wanted, MEAN) is not None

    def _note(self, what: str) -> None:
        if what != "steps":
            return
        now = time.perf_counter() - self._began
        for psnr in self.session.curves.psnr[len(self.noted.psnr) :]:
            self.noted.seconds.append(now)
            self.noted.psnr.append(psnr)

    def _strokes(self) -> Iterator[None]:
        """A stroke over the sheet of one layer after the other, and a rest."""
        rng, document = np.random.default_rng(1), self.studio.document
        layers = [name.rpartition(".")[0] for name, tensor in document.network.tensors.items() if tensor.ndim == 4]
        while True:
            for layer in reversed(layers):
                self.studio.workspace.choose(layer, "weight")
                yield
                sheet = self.editor.sheet
                height, width = sheet_size(document.tensor(f"{layer}.weight").shape)
                y, x = rng.uniform(2, height - 2), rng.uniform(0, width - min(LENGTH, width))
                reach = min(LENGTH, width)
                way = [sheet.at(y, x + reach * k / EVENTS).toPoint() for k in range(EVENTS)]
                press(sheet, way[0])
                for at in way:
                    move(sheet, at)
                    yield
                release(sheet, way[-1])
                for _ in range(REST):
                    yield

    def _tell(self, wanted: float, took: float, listener: Listener) -> None:
        noted, engine = self.noted, self.studio.workspace.engine
        print(f"Engine {engine}, {len(noted.psnr)} steps in {took:.1f} s, {self._labels()} strokes")
        print("| dB | first step: step | s | mean of 20: step | s |")
        print("| --- | --- | --- | --- | --- |")
        for decibels in range(16, int(wanted) + 1):
            cells = []
            for mean in (1, MEAN):
                step = noted.first(decibels, mean)
                cells += ["", ""] if step is None else [str(step), f"{noted.seconds[step - 1]:.1f}"]
            print(f"| {decibels} | {' | '.join(cells)} |")
        print(f"Pictures a second: {len(self.frames) / took:.1f}")
        for what, seconds in (("Gaps of the event loop", listener.gaps), ("Work in its thread", listener.work)):
            tail = np.percentile(seconds, [50, 99, 100]) * 1e3
            print(f"{what}, ms: median {tail[0]:.1f}, 99 % {tail[1]:.1f}, longest {tail[2]:.1f}")

    def _labels(self) -> int:
        return sum(label != "Learn" for label in self.studio.document.history.labels)


if __name__ == "__main__":
    main()
