"""The window on a GPU against the engine alone: ``python -m benchmarks.gpu_window [PART ...] [--pictures FOLDER]``.

Parts are ``start``, ``frames``, ``hands``, ``moving``, ``learning``, ``output`` and ``auto``; all of them by default.
``start`` opens each preset with nothing known, and again with what the first found; ``auto`` waits with nothing known
until `gl` and `torch` have been measured beside what plays. Each case has a process of its own, which
opens the real window on the display that there is (without one, on one that nobody sees, which draws in software), with
all its panels, and tells of every gap of the event loop. A frame is timed as fast as the window can, with pictures that
are there already, against the engine alone before and after it.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import gpu_alone
from benchmarks.gpu_alone import SIZES
from benchmarks.ui.gaps import Hand
from benchmarks.watching import GAPS, Row, Seen, Shaders, Spans, Watch, hurried, take
from benchmarks.window import application, display, opened, spin, until
from studio.app import Studio
from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.engine.measured import cache_path
from studio.engine.remembered import remembered
from studio.runtime.live.channel_study import ChannelStudy
from studio.runtime.live.layer_monitor import LayerMonitor
from studio.runtime.live.render_loop import RenderLoop
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.tuning import TuningState
from studio.ui.learning.panel import LearningPanel
from studio.ui.viewport.gl_front import GLFront
from studio.ui.viewport.projection import Projection

PRESETS = "violet-strokes", "negative-space"
MOVING = ("slow-weather", 256), ("slow-weather", 1024), ("landscapes", 256)
"""A preset that moves, on a still, and a generator; at which size."""

LEARNING = ("violet-strokes", 512), ("slow-weather", 256)
"""What learns while its film plays, and while a still moves; at which size."""

WATCHED = float(os.environ.get("WATCHED", "5"))
"""Seconds for which each state of the window is watched."""

SETTLES = 4.0
"""Seconds after which what is known to be faster is asked for, and runs where it is compiled already."""


def main() -> None:
    """Run what was asked for, each case in a process of its own."""
    parser = argparse.ArgumentParser(description="The window on a GPU against the engine alone.")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--case", type=int)
    parser.add_argument("--ready")
    asked = parser.parse_args()
    if asked.ready:
        ready(asked.ready)
    elif asked.case is not None:
        _run(asked.parts[0], asked.case, asked.pictures)
    else:
        print(
            f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True
        )
        pictures = ["--pictures", str(asked.pictures)] if asked.pictures else []
        with tempfile.TemporaryDirectory() as home:
            for part in asked.parts or PARTS:
                for case in range(PARTS[part][0]):
                    # What was tuned before on this machine would hide what tuning costs.
                    fresh = {"start": f"start-{case // 2}", "auto": f"auto-{case}"}
                    cache = Path(home) / fresh.get(part, "cache")
                    command = [sys.executable, "-m", "benchmarks.gpu_window", part, "--case", str(case), *pictures]
                    subprocess.run(command, check=False, env={**os.environ, "XDG_CACHE_HOME": str(cache)})


def _run(part: str, case: int, folder: Path | None) -> None:
    with display():
        app = application()
        rows = PARTS[part][1](case, folder, Spans(), Seen())
        head = next(rows)
        if not case:
            print(f"\n{part}: | {' | '.join(head)} |", flush=True)
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)
        app.shutdown()


def ready(what: str) -> None:
    """Open the window and go through all sizes: what is faster is compiled then, and runs from the next start on."""
    with display():
        app = application()
        with opened(what) as studio:
            for size in SIZES:
                _work_at(studio, size)
                spin(SETTLES)
                # On a machine that was just started this takes longer than all else.
                until(lambda: _is_compiled(studio))
        app.shutdown()


def _is_compiled(studio: Studio) -> bool:
    return studio._compiler is None or not studio._compiler.is_at_work


# -- the parts --------------------------------------------------------------------------------------------------------


def start(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """From the window, or a new size, to the picture, and while layers are tuned; then again, with what is known."""
    times = "to the engine, s", "then to the picture, s"
    yield ["preset", "started", "size", *times, *GAPS, "while tuning:", *GAPS, "layers left"]
    what, lines = PRESETS[case // 2], list[Row]()
    started = ("first", "again")[case % 2]
    head, shaders = (what, started), Shaders()

    def shown(studio: Studio) -> None:
        watch = Watch(spans)
        until(lambda: seen.times)
        engine = spans.of(DisplayBuffers, "open_engine")[0][1]
        times = f"{engine - watch.began:.2f}", f"{seen.times[0] - engine:.2f}"
        spin(0.3)
        lines.append([*head, studio.workspace.size, *times, *watch.told(), "", *_while_tuning(studio, spans)])

    with opened(what, on_shown=shown) as studio:
        take(studio, folder, f"start-{what}-{started}")
        for size in SIZES[1:]:
            watch = Watch(spans)
            first = _work_at(studio, size)
            spin(0.3)
            lines.append([*head, str(size), "", f"{first:.2f}", *watch.told(), "", *_while_tuning(studio, spans)])
    yield from lines
    compiled = [end - start for start, end in spans.of(Device, "compute")]
    waits = f"{max(compiled, default=0) * 1e3:.0f} ms, {sum(compiled):.1f} s in all"
    yield [*head, f"frames waited for compute shaders: at most {waits}; {shaders.told()}"]


def _while_tuning(studio: Studio, spans: Spans) -> Row:
    watch = Watch(spans)
    spin(WATCHED)
    state = studio.telemetry[TuningState]
    return [*watch.told(), str(state.total - state.done)]


def _work_at(studio: Studio, size: int) -> float:
    """Go to this size; seconds until its first picture is told of."""
    begun = time.perf_counter()
    studio.workspace.size = str(size)
    until(lambda: max(studio.telemetry[EngineState].size or (0,)) == size)
    return time.perf_counter() - begun


HURRIED: tuple[tuple[type, str], ...] = (
    (Engine, "run"),
    (DisplayBuffers, "copy"),
    (DisplayBuffers, "publish"),
    (LayerMonitor, "rest"),
    (ChannelStudy, "rest"),
    (RenderLoop, "_report"),
)


def frames(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """A frame in the window, panels open, as it plays and as fast as it can, against the engine alone."""
    yield [
        *("preset", "size", "first picture, s", *GAPS, "playing: told, ms", "fps", "seen a second"),
        *("hurried: ms a frame", "told, ms", "alone, ms", "over alone", *GAPS, "ms a frame in"),
        *(f"{owner.__name__}.{name}" for owner, name in HURRIED),
    ]
    # It is tuned to the end, and the window finds what came of it, compiled by one that was open before.
    what, shaders = PRESETS[case], Shaders()
    lines, before = [], gpu_alone.asked(what)
    subprocess.run([sys.executable, "-m", "benchmarks.gpu_window", "--ready", what], check=True, capture_output=True)
    with opened(what) as studio:
        for size in SIZES:
            watch = Watch(spans)
            first = _work_at(studio, size)
            spin(SETTLES)
            begun = time.perf_counter()
            spin(WATCHED)
            progress = studio.telemetry[Progress]
            line = [what, str(size), f"{first:.2f}", *watch.told()]
            line += [f"{progress.seconds * 1e3:.2f}", f"{progress.fps:.0f}", seen.rate(begun)]
            take(studio, folder, f"{what}-{size}")
            lines.append((line, *_hurry(studio, spans)))
    after = gpu_alone.asked(what)
    for size, (line, seconds, told, rest) in zip(SIZES, lines, strict=True):
        bare = min(before[str(size)], after[str(size)])
        over = [f"{seconds * 1e3:.3f}", f"{told * 1e3:.3f}", f"{bare * 1e3:.3f}", f"{seconds / bare:.2f}"]
        yield [*line, *over, *rest]
    yield [what, shaders.told()]


def _hurry(studio: Studio, spans: Spans) -> tuple[float, float, Row]:
    """Seconds a frame as fast as the window can, what it tells of them, its gaps, and what a frame is made of."""
    with hurried(studio):
        spin(1.0)
        watch, serial = Watch(spans), studio.telemetry[Progress].serial
        spin(WATCHED)
        progress, end = studio.telemetry[Progress], time.perf_counter()
        gaps = watch.told()
    number = max(1, progress.serial - serial)
    parts = [sum(end - start for start, end in spans.of(owner, name, watch.began)) / number for owner, name in HURRIED]
    return (end - watch.began) / number, progress.seconds, [*gaps, "", *(f"{part * 1e3:.3f}" for part in parts)]


def _told(studio: Studio, spans: Spans, seen: Seen, watch: Watch) -> Row:
    """How quick the window has been since."""
    progress, now = studio.telemetry[Progress], time.perf_counter()
    paints = spans.of(GLFront, "paint", watch.began)
    painted = f"{len(paints) / (now - watch.began):.0f}, {np.mean([b - a for a, b in paints] or [0]) * 1e3:.1f} ms each"
    return [f"{progress.seconds * 1e3:.2f}", f"{progress.fps:.0f}", seen.rate(watch.began), painted, *watch.told()]


TOLD = "frame, ms", "fps", "seen a second", "painted a second", *GAPS


def hands(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """Strokes, sliders and layers being selected."""
    yield ["preset", "size", *TOLD]
    size = (SIZES[0], SIZES[-1])[case]
    with opened(PRESETS[0]) as studio:
        _work_at(studio, size)
        spin(SETTLES)
        hand, watch = Hand(studio), Watch(spans)
        hand.work(3 * WATCHED)
        yield [PRESETS[0], str(size), *_told(studio, spans, seen, watch)]
        take(studio, folder, f"hands-{size}")


def learning(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """While the network learns, beside the same without: of a film, and of a still that moves."""
    yield ["preset", "state", "steps a second", *TOLD]
    what, size = LEARNING[case]
    with _still() as still, opened(what, still if case else "demo") as studio:
        studio.workspace.size = str(size)
        spin(SETTLES)
        watch = Watch(spans)
        spin(WATCHED)
        yield [f"{what}, {size}²", "plays", "", *_told(studio, spans, seen, watch)]
        session, panel, watch = studio.parts.learning, studio.window.context[LearningPanel], Watch(spans)
        studio.window.docks["learning"].raise_()
        panel.toggle()
        until(lambda: session.step > 3 or session.problem)
        yield ["", session.problem or "beginning", "", *_told(studio, spans, seen, watch)]
        watch, step = Watch(spans), session.step
        spin(2 * WATCHED)
        rate = (session.step - step) / (time.perf_counter() - watch.began)
        yield ["", session.problem or "learning", f"{rate:.0f}", *_told(studio, spans, seen, watch)]
        take(studio, folder, f"learning-{what}")
        session.end()
        until(lambda: session.rests)


@contextmanager
def _still() -> Iterator[str]:
    """The path of a picture."""
    from PIL import Image

    with tempfile.NamedTemporaryFile(suffix=".png") as still:
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)).save(still, "png")
        yield still.name


def moving(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """Pictures a second of a still that is bent by what moves, and of a generator."""
    yield ["preset", "source", *TOLD]
    what, size = MOVING[case]
    with _still() as still, opened(what, "latent" if what == "landscapes" else still) as studio:
        studio.workspace.size = str(size)
        spin(SETTLES)
        watch = Watch(spans)
        spin(WATCHED)
        name = "latent" if what == "landscapes" else f"a still at {size}"
        yield [what, name, *_told(studio, spans, seen, watch)]
        take(studio, folder, f"moving-{what}-{size}")


def output(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """With the output window beside it."""
    del case
    yield ["preset", *TOLD]
    with opened(PRESETS[1], size=(1100, 760)) as studio:
        spin(SETTLES)
        studio.window.context[Projection].toggle_output()
        window = studio.window.context[Projection].output
        assert window is not None
        window.setGeometry(1120, 40, 480, 480)
        watch = Watch(spans)
        spin(WATCHED)
        yield [PRESETS[1], *_told(studio, spans, seen, watch)]
        if folder is not None:
            studio.window.screen().grabWindow(0).save(str(folder / "output.png"))


def auto(case: int, folder: Path | None, spans: Spans, seen: Seen) -> Iterator[Row]:
    """Until `gl` and `torch` have been measured beside the window, by its process; what is kept, and what is said."""
    del folder
    yield ["preset", "state", "for, s", *TOLD, "ms a frame, kept", "engine", "because"]
    what = PRESETS[case]
    with opened(what) as studio:
        told, weighing = studio.telemetry, studio._weighing

        def waited(state: str, reached: Callable[[], object]) -> Row:
            watch = Watch(spans)
            until(reached, 900.0)
            took, row = time.perf_counter() - watch.began, _told(studio, spans, seen, watch)
            kept = [figures for card in remembered(cache_path()).values() for figures in card.values()]
            of = ", ".join(f"{name} {seconds * 1e3:.3f}" for each in kept for name, seconds in each.items())
            engine = told[EngineState]
            return [what, state, f"{took:.0f}", *row, of, engine.name, engine.reason]

        yield waited("until it rests", lambda: weighing._under_way)
        yield waited("measured beside it", lambda: not (told[EngineState].unmeasured and weighing._under_way))
        end = time.monotonic() + WATCHED
        yield waited("afterwards", lambda: time.monotonic() > end)


Part = Callable[[int, Path | None, Spans, Seen], Iterator[Row]]
PARTS: dict[str, tuple[int, Part]] = {
    "start": (2 * len(PRESETS), start),
    "frames": (len(PRESETS), frames),
    "hands": (2, hands),
    "moving": (len(MOVING), moving),
    "learning": (len(LEARNING), learning),
    "output": (1, output),
    "auto": (len(PRESETS), auto),
}
"""How many cases each has."""


if __name__ == "__main__":
    main()
