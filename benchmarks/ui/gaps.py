"""How long the window's event loop is away while somebody works in it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from benchmarks.window import click, handle, move, opened, press, release, spin, until
from studio.app import Studio
from studio.runtime.live.report import EngineState, Progress
from studio.ui.filters import FilterEditor
from studio.ui.kit.number_controls import Number
from studio.ui.layers.panel import NetworkPanel
from studio.ui.viewport.widget import Viewport

ENGINES = ("torch", "gl", "gl-fragment")
SECONDS = 25.0
"""Of work in the window, for each engine."""

FRAME = 0.5
"""Seconds that the network is to take for a frame."""

STEP = 16
"""Milliseconds from one event of the hand to the next."""

TICK = 2
"""Milliseconds between two calls of the timer that listens for gaps."""

# The same timer in a process that does nothing else: what the machine alone is late by.
_ALONE = f"""
import sys, time
gaps, last = [], time.perf_counter()
end = last + float(sys.argv[1])
while last < end:
    time.sleep({TICK / 1000})
    now = time.perf_counter()
    gaps.append(now - last)
    last = now
print(" ".join(f"{{gap:.6f}}" for gap in gaps))
"""


class Listener:
    """Notes the seconds between the calls of a timer in the window's thread, and how many of them it worked itself."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.work: list[float] = []
        self._last = self._worked = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.gaps.append(now - self._last)
        self.work.append(worked - self._worked)
        self._last, self._worked = now, worked

    def start(self) -> None:
        """Listen from now on."""
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer.start(TICK)

    def stop(self) -> None:
        """Listen no more."""
        self._timer.stop()


def gaps(folder: Path) -> Iterator[list[str]]:
    """For each engine how long the window's event loop was away, beside a process that only listens."""
    whose = ("gap", "of it work", "a process alone")
    heads = [f"{each}: {part}" for each in whose for part in ("99 %", "longest")]
    yield ["engine", "size", "frame, ms: median", "gap, ms: median", *heads]
    for engine in ENGINES:
        with opened(str(folder)) as studio:
            size = _slow_down(studio, engine)
            listener, hand = Listener(), Hand(studio)
            spin(2.0)
            frames: list[tuple[int, float]] = []
            studio.telemetry.on(Progress, partial(_note, frames))
            alone = subprocess.Popen([sys.executable, "-c", _ALONE, str(SECONDS)], stdout=subprocess.PIPE, text=True)
            listener.start()
            hand.work(SECONDS)
            listener.stop()
            frame = np.median([*dict(frames).values()])
            others = [float(text) for text in alone.communicate()[0].split()]
            assert not _errors(studio), _errors(studio)
            yield [
                *(engine, str(size), f"{frame * 1e3:.0f}", f"{np.median(listener.gaps) * 1e3:.1f}"),
                *(text for each in (listener.gaps, listener.work, others) for text in _tail(each)),
            ]


def _note(into: list[tuple[int, float]], progress: Progress) -> None:
    into.append((progress.serial, progress.seconds))


def _tail(seconds: list[float]) -> Iterator[str]:
    yield from (f"{np.percentile(seconds, part) * 1e3:.1f}" for part in (99, 100))


def _slow_down(studio: Studio, engine: str) -> int:
    """Choose a size at which a frame takes about `FRAME` seconds."""
    studio.workspace.engine, size = engine, 128
    for _ in range(4):
        studio.workspace.size = str(size)
        wait_for(studio, engine, size)
        now = studio.telemetry[Progress].seconds
        if 0.8 <= now / FRAME <= 1.25:
            break
        size = max(32, round(size * (FRAME / now) ** 0.5 / 16) * 16)
    return size


def wait_for(studio: Studio, engine: str, size: int) -> None:
    """Until this engine has run three frames at this size."""
    ready = 0

    def is_ready() -> bool:
        nonlocal ready
        state, serial = studio.telemetry[EngineState], studio.telemetry[Progress].serial
        if not ready and state.name == engine and state.size is not None and max(state.size) == size:
            ready = serial + 3
        return 0 < ready <= serial

    until(is_ready, 180.0)


def _errors(studio: Studio) -> list[str]:
    return [message.text for message in studio.messages.log if message.kind == "error"]


class Hand:
    """Paints, drags a slider and selects layers, an event every `STEP` milliseconds."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._window = studio.window
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._events = self._all()
        self._timer.timeout.connect(partial(next, self._events))

    def work(self, seconds: float) -> None:
        """Go on for so long, then end what is under way."""
        self._timer.start(STEP)
        spin(seconds)
        self._timer.stop()

    def _all(self) -> Iterator[None]:
        while True:
            for layer in ("enc2", "dec1"):
                yield from self._choose(layer)
                yield from self._key(Qt.Key.Key_W)
                yield from self._stroke(self._window.context[Viewport])
                yield from self._stroke(self._window.context[FilterEditor].sheet)
                yield from self._slide()
            yield from self._key(Qt.Key.Key_O)
            for layer in ("enc1", "enc2_act", "dec1", "dec2"):
                yield from self._choose(layer)
                yield from self._rest(15)
            yield from self._key(Qt.Key.Key_L)
            yield from self._rest(40)

    def _rest(self, events: int) -> Iterator[None]:
        for _ in range(events):
            yield

    def _choose(self, layer: str) -> Iterator[None]:
        rows = self._window.context[NetworkPanel].list
        index = self._window.context[NetworkPanel].model.place(layer)
        rows.scrollTo(index)
        click(rows.viewport(), rows.visualRect(index).center())
        yield

    def _key(self, key: Qt.Key) -> Iterator[None]:
        QTest.keyClick(self._window, key)
        yield from self._rest(30)

    def _stroke(self, sheet: QWidget) -> Iterator[None]:
        width, height = sheet.width(), sheet.height()
        way = [
            QPoint(round(width * (0.3 + 0.4 * k / 50)), round(height * (0.5 + 0.1 * np.sin(k / 5)))) for k in range(50)
        ]
        press(sheet, way[0])
        for at in way:
            move(sheet, at)
            yield
        release(sheet, way[-1])
        yield

    def _slide(self) -> Iterator[None]:
        editor = self._window.context[FilterEditor]
        editor.panels.setCurrentIndex(2)
        editor.edits.choose("Gain")
        yield
        slider = next(each for each in editor.edits.form.controls.values() if isinstance(each, Number)).slider
        places = [0.5 + 0.2 * np.sin(k / 8) for k in range(60)]
        press(slider, handle(slider, slider.value() / slider.maximum()))
        for place in places:
            move(slider, handle(slider, place))
            yield
        release(slider, handle(slider, places[-1]))
        yield
