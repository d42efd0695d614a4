"""From the hand to the screen: a stroke's way, part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QPoint

from benchmarks.figures import quartiled
from benchmarks.ui.gaps import ENGINES, wait_for
from benchmarks.window import opened, press, release, spin, until
from studio.app import Studio
from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.runtime.live.session import LiveSession
from studio.ui.filters import FilterEditor
from studio.ui.viewport.drawer import Easel
from studio.ui.viewport.gl_front import GLFront
from studio.ui.viewport.raster import RasterSurface
from studio.ui.viewport.widget import Viewport

Span = tuple[str, float, float]

SIZE = 128
"""Of the picture for strokes."""

STROKES = 9


class Tracing:
    """Notes when the steps between the hand and the screen begin and end, whichever thread they are in."""

    STEPS = (
        (LiveSession, "order"),
        (Engine, "replace"),
        (Engine, "update"),
        (Engine, "run"),
        (DisplayBuffers, "show"),
        (GLFront, "_draw"),
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

DRAWN_BY_GPU = (("draw", ("GLFront._draw",)),)
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
            wait_for(studio, engine, SIZE)
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
            _, begun, ended = chain[part] = span
            moment = begun if part == "order" else ended
        return True

    until(complete)
    times = {part: span[2] - span[1] for part, span in chain.items()}
    times["draw"] += times.pop("paint", 0.0)
    # What is handed from thread to thread waits.
    times = {part: times[part] for part in times.keys() - {"order", "take"}}
    times |= {"document": put[2] - start, "in all": max(span[2] for span in chain.values()) - start}
    times["waiting"] = times["in all"] - sum(value for part, value in times.items() if part != "in all")
    return times
