"""The window while it is worked in: ``python -m benchmarks.ui [gaps] [latency] [rerun]``, all three by default.

Opens the real window, on a display of its own where there is none, and works in it with mouse and key events.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from benchmarks.figures import quartiled
from benchmarks.networks import autoencoder_transposed
from benchmarks.window import application, click, display, handle, move, opened, press, release, spin, until
from studio.app import Studio
from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.engine.gl.display_buffers import DisplayBuffers
from studio.io.networks import save_network
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.session import LiveSession
from studio.ui.filters import FilterEditor
from studio.ui.layers.panel import NetworkPanel
from studio.ui.viewport.drawer import Easel
from studio.ui.viewport.opengl import OpenGLSurface
from studio.ui.viewport.raster import RasterSurface
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

SIZE = 128
"""Of the picture for strokes."""

STROKES = 9
PAIRS = 9

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


def main() -> None:
    """Run what was asked for."""
    asked = sys.argv[1:] or ["gaps", "latency", "rerun"]
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, OpenGL: {_renderer()}")
    with display(), tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "network"
        save_network(autoencoder_transposed()[1], folder)
        app = application()
        for name, rows in {"gaps": gaps, "latency": latencies, "rerun": reruns}.items():
            if name in asked:
                print()
                for number, row in enumerate(rows(folder)):
                    print(f"| {' | '.join(row)} |", flush=True)
                    if not number:
                        print("| --- " * len(row) + "|")
        app.shutdown()


def _renderer() -> str:
    """Asked in a process of its own: Qt makes no context current where another loader's is."""
    ask = "from studio.engine.choose import probe_gl; print(probe_gl().renderer or 'none')"
    return subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


# -- gaps of the event loop -------------------------------------------------------------------------------------------


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
        if self._last:
            self.gaps.append(now - self._last)
            self.work.append(worked - self._worked)
        self._last, self._worked = now, worked

    def start(self) -> None:
        """Listen from now on."""
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
            studio.telemetry.on(Progress, lambda p, into=frames: into.append((p.serial, p.seconds)))
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


def _tail(seconds: list[float]) -> Iterator[str]:
    yield from (f"{np.percentile(seconds, part) * 1e3:.1f}" for part in (99, 100))


def _slow_down(studio: Studio, engine: str) -> int:
    """Choose a size at which a frame takes about `FRAME` seconds."""
    studio.workspace.engine, size = engine, 128
    for _ in range(4):
        studio.workspace.size = str(size)
        _wait_for(studio, engine, size)
        now = studio.telemetry[Progress].seconds
        if 0.8 <= now / FRAME <= 1.25:
            break
        size = max(32, round(size * (FRAME / now) ** 0.5 / 16) * 16)
    return size


def _wait_for(studio: Studio, engine: str, size: int) -> None:
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
        self._timer.timeout.connect(lambda: next(self._events))
        self._events = self._all()

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
        editor.panels.setCurrentWidget(editor.panels.widget(2))
        editor.edits.choose("Gain")
        yield
        slider = next(iter(editor.edits.form.controls.values())).slider
        places = [0.5 + 0.2 * np.sin(k / 8) for k in range(60)]
        press(slider, handle(slider, slider.value() / slider.maximum()))
        for place in places:
            move(slider, handle(slider, place))
            yield
        release(slider, handle(slider, places[-1]))
        yield


# -- from the hand to the screen --------------------------------------------------------------------------------------

Span = tuple[str, float, float]


class Tracing:
    """Notes when the steps between the hand and the screen begin and end, whichever thread they are in."""

    STEPS = (
        (LiveSession, "order"),
        (Engine, "replace"),
        (Engine, "update"),
        (Engine, "run"),
        (DisplayBuffers, "show"),
        (OpenGLSurface, "_draw"),
        (RasterSurface, "_order"),
        (Easel, "draw"),
        (Viewport, "answered"),
        (Viewport, "decorate"),
    )

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._kept: list[tuple[type, str, Callable[..., object]]] = []

    def __enter__(self) -> Tracing:
        for kind, name in self.STEPS:
            self._wrap(kind, name)
        return self

    def __exit__(self, *_: object) -> None:
        for kind, name, kept in self._kept:
            setattr(kind, name, kept)

    def _wrap(self, kind: type, name: str) -> None:
        inherited = getattr(kind, name)

        def timed(*arguments: object, **named: object) -> object:
            start = time.perf_counter()
            result = inherited(*arguments, **named)
            self.spans.append((f"{kind.__name__}.{name}", start, time.perf_counter()))
            return result

        self._kept.append((kind, name, inherited))
        setattr(kind, name, timed)

    def after(self, names: tuple[str, ...], moment: float) -> Span | None:
        """The first of these that began at that moment or later."""
        found = [span for span in list(self.spans) if span[0] in names and span[1] >= moment]
        return min(found, key=lambda span: span[1], default=None)


PARTS = ("document", "waiting", "upload", "rerun", "show", "draw", "in all")
CHAIN = (
    ("upload", ("Engine.replace",)),
    ("rerun", ("Engine.update", "Engine.run")),
    ("show", ("DisplayBuffers.show",)),
)
"""From the document to the screen; what comes then depends on what the viewport is drawn on."""

DRAWN_BY_GPU = (("draw", ("OpenGLSurface._draw",)),)
DRAWN_IN_SOFTWARE = (
    ("order", ("RasterSurface._order",)),
    ("draw", ("Easel.draw",)),
    ("take", ("Viewport.answered",)),
    ("paint", ("Viewport.decorate",)),
)


def latencies(folder: Path) -> Iterator[list[str]]:
    """From a press on the filter sheet to the picture that shows it, part by part."""
    del folder
    yield ["engine", "picture", *(f"{part}, ms" for part in PARTS)]
    for engine in ENGINES:
        with opened("violet-strokes") as studio:
            studio.workspace.engine, studio.workspace.size = engine, str(SIZE)
            _wait_for(studio, engine, SIZE)
            for held in (True, False):
                studio.workspace.held = held
                studio.workspace.choose("dec1")
                spin(1.5)
                with Tracing() as tracing:
                    found = [_dab(studio, tracing, number) for number in range(STROKES)]
                yield [
                    *(engine, "held" if held else "playing"),
                    *(quartiled([each[part] * 1e3 for each in found], 1) for part in PARTS),
                ]


def _dab(studio: Studio, tracing: Tracing, number: int) -> dict[str, float]:
    """One press of the brush on the filter sheet, and when what became of it."""
    sheet = studio.window.context[FilterEditor].sheet
    spin(0.11 + 0.017 * (number % 7))
    tracing.spans.clear()
    at = QPoint(sheet.width() // 2 + 3 * number, sheet.height() // 2)
    start = time.perf_counter()
    press(sheet, at)
    put = tracing.after(("LiveSession.order",), start)
    assert put is not None, "the press painted nothing"
    release(sheet, at)
    chain: dict[str, Span] = {}
    in_software = isinstance(studio.window.context[Viewport].surface, RasterSurface)

    def complete() -> bool:
        moment = put[2]
        for part, names in CHAIN + (DRAWN_IN_SOFTWARE if in_software else DRAWN_BY_GPU):
            span = tracing.after(names, moment)
            if span is None:
                return False
            # Another thread may have begun to draw before the one that ordered it goes on.
            chain[part], moment = span, span[1 if part == "order" else 2]
        return True

    until(complete)
    times = {part: span[2] - span[1] for part, span in chain.items()}
    times["draw"] += times.pop("paint", 0.0)
    # What is handed from thread to thread waits.
    times = {part: times[part] for part in times.keys() - {"order", "take"}}
    times |= {"document": put[2] - start, "in all": max(span[2] for span in chain.values()) - start}
    times["waiting"] = times["in all"] - sum(value for part, value in times.items() if part != "in all")
    return times


# -- running again from a layer ---------------------------------------------------------------------------------------


def reruns(folder: Path) -> Iterator[list[str]]:
    """An edit of the last layer with weights and the rerun it asks for, against a full run of the same picture."""
    del folder
    yield ["engine", "edited", "full run", "rerun", "rerun / full (quartiles)", "share of its layers' time"]
    network = autoencoder_transposed()[1]
    picture = np.random.default_rng(0).uniform(0, 1, (3, 256, 256)).astype(np.float32)
    for name in ENGINES:
        engine, _ = open_engine(network, name)
        for layer in ("dec1", "dec2"):
            tensor = engine.tensor(f"{layer}.weight")
            pairs = []
            for _ in range(PAIRS + 2):
                full = _timed(partial(engine.run, {"input": picture}), engine)
                engine.set_tensor(f"{layer}.weight", tensor)
                pairs.append((full, _timed(engine.update, engine)))
            pairs = pairs[2:]
            engine.run({"input": picture})
            times = engine.times()
            reached = engine.graph.downstream({layer})
            share = sum(seconds for each, seconds in times.items() if each in reached) / sum(times.values())
            yield [
                *(name, layer),
                *(f"{np.median([pair[k] for pair in pairs]) * 1e3:.1f} ms" for k in (0, 1)),
                quartiled([after / before for before, after in pairs], 3),
                f"{share:.2f}",
            ]
        engine.close()


def _timed(run: Callable[[], object], engine: Engine) -> float:
    """Seconds until the device is done, which reading one value waits for."""
    start = time.perf_counter()
    run()
    engine.sample(engine.graph.output, 1, (1, 1), (1, 1))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
