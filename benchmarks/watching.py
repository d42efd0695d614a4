"""What is noted of a window while it works: what is called and for how long, pictures seen, gaps of the event loop."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ui.gaps import Listener
from benchmarks.window import spin
from studio.app import Studio
from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.calls import Calls
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.runtime.live.channel_study import ChannelStudy
from studio.runtime.live.layer_monitor import LayerMonitor
from studio.runtime.live.proofs import Bench
from studio.runtime.live.render_loop import RenderLoop
from studio.runtime.live.tuning import Tuning
from studio.ui.viewport.gl_context import RenderContext
from studio.ui.viewport.gl_front import GLFront

LATE = 0.1
"""Seconds of a gap that is told of by itself, with what ran meanwhile."""

GAPS = "gaps: 99 %, ms", "longest, ms", "those over 100 ms"
Row = list[str]


class Spans:
    """Notes what is called of the studio, and for how long, whichever thread calls it; to be made before a window."""

    STEPS: tuple[tuple[type, str], ...] = (
        (Engine, "run"),
        (DisplayBuffers, "copy"),
        (DisplayBuffers, "publish"),
        (LayerMonitor, "rest"),
        (ChannelStudy, "rest"),
        (Tuning, "rest"),
        (RenderLoop, "_report"),
        (GLFront, "begin"),
        (GLFront, "paint"),
        (RenderContext, "open"),
        (DisplayBuffers, "open_engine"),
        (RenderLoop, "_turn"),
        (Bench, "__init__"),
        (Bench, "picture"),
        (Device, "compute"),
        (Device, "fragment"),
    )

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        for owner, name in self.STEPS:
            self._wrap(owner, name)

    def _wrap(self, owner: type, name: str) -> None:
        inherited = getattr(owner, name)
        label = f"{owner.__name__}.{name}"

        def timed(*arguments: object, **named: object) -> object:
            start = time.perf_counter()
            try:
                return inherited(*arguments, **named)
            finally:
                shader = next((f" {each.files[-1]}" for each in arguments if isinstance(each, Source)), "")
                self.spans[label].append((start, time.perf_counter(), shader))

        setattr(owner, name, timed)

    def of(self, owner: type, name: str, since: float = 0.0) -> list[tuple[float, float]]:
        """When it was called and came back, of calls that ended after that."""
        return [(start, end) for start, end, _ in list(self.spans[f"{owner.__name__}.{name}"]) if end >= since]

    def longest(self, start: float, end: float) -> str:
        """What took longest there, of what lasted 20 ms at least."""
        found = [
            (min(until, end) - max(since, start), f"{name}{shader}")
            for name, spans in list(self.spans.items())
            for since, until, shader in list(spans)
            if since < end and until > start
        ]
        found = sorted((each for each in found if each[0] > 0.02), reverse=True)[:3]
        return ", ".join(f"{name} {seconds * 1e3:.0f}" for seconds, name in found)


class Seen:
    """Counts the pictures that are drawn: each once, when the window first takes it for its front."""

    def __init__(self) -> None:
        self.times: list[float] = []
        last, front = -1, DisplayBuffers.front

        def noted(screen: DisplayBuffers) -> object:
            nonlocal last
            found = front(screen)
            if found and found[0].serial != last:
                last = found[0].serial
                self.times.append(time.perf_counter())
            return found

        DisplayBuffers.front = noted  # type: ignore[assignment, method-assign]

    def rate(self, since: float) -> str:
        """Pictures a second from then to now."""
        return f"{sum(at >= since for at in self.times) / (time.perf_counter() - since):.0f}"


class Shaders:
    """Counts compute shaders by where they were compiled; to be made before a window."""

    def __init__(self) -> None:
        self._taken, self._refused, self._own = count(), count(), count()
        take, relink = Calls.take_binary, Calls.relink

        def noted(calls: Calls, *asked: Any) -> bool:
            taken = take(calls, *asked)
            next(self._taken if taken else self._refused)
            return taken

        def compiled(calls: Calls, *asked: Any) -> bool:
            next(self._own)
            return relink(calls, *asked)

        Calls.take_binary, Calls.relink = noted, compiled  # type: ignore[assignment, method-assign]

    def told(self) -> str:
        """How many there were so far."""
        taken, refused, own = (next(copy(each)) for each in (self._taken, self._refused, self._own))
        return f"{taken} taken of other processes, {refused} refused, {own} compiled in this one"


class Watch:
    """The gaps of the event loop from now on.

    Args:
        spans: what is told to have run in those that are too long.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._listener = Listener()
        self._listener.start()
        self.began, self._worked = time.perf_counter(), time.thread_time()

    def told(self) -> Row:
        """The 99th percentile, the longest, and what ran in those that were too long."""
        self._listener.stop()
        # What has kept the loop until now counts as well.
        gaps = [*self._listener.gaps, time.perf_counter() - self.began - sum(self._listener.gaps)]
        works = [*self._listener.work, time.thread_time() - self._worked - sum(self._listener.work)]
        at = self.began + np.cumsum(gaps)
        late = [
            f"{gap * 1e3:.0f} (work {work * 1e3:.0f}; {self._spans.longest(end - gap, end) or 'none of these'})"
            for gap, work, end in zip(gaps, works, at, strict=True)
            if gap > LATE
        ]
        return [*(f"{np.percentile(gaps, part) * 1e3:.1f}" for part in (99, 100)), "; ".join(late)]


@contextmanager
def hurried(studio: Studio) -> Iterator[None]:
    """Let the source bring a new picture, decoded and sized already, whenever the network asks for one."""
    player, numbers = studio.live.player, count(10**9)
    newest = player.newest

    def again() -> object:
        found = newest()
        return None if found is None else found._replace(number=next(numbers))

    player.newest = again  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        del player.newest


def take(studio: Studio, folder: Path | None, name: str) -> None:
    """A picture of the window as it is on the screen, which a widget's own grab is not where OpenGL draws."""
    if folder is not None:
        spin(0.3)
        folder.mkdir(parents=True, exist_ok=True)
        place = studio.window.frameGeometry()
        grabbed = studio.window.screen().grabWindow(0, place.x(), place.y(), place.width(), place.height())
        grabbed.save(str(folder / f"{name}.png"))
