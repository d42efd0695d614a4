"""What the window holds in memory: ``python -m benchmarks.memory [idle|use] [SECONDS]``, by default ten minutes each.

In use, another preset, size or engine is chosen every two seconds, and strokes are painted. The figures of use leave
undo aside, which is told apart: it is bounded and the person's own.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.window import application, display, opened, spin, until
from studio.app import Studio
from studio.model.edit import Patch
from studio.model.layout import Rect
from studio.runtime.live.report import Progress
from studio.runtime.services import memory

EVERY = 10.0
"""Seconds between two lines."""

SETTLED = 120.0
"""Seconds after which memory is to stay where it is."""

STEP = 2.0
SIZES = ("128", "256", "192", "320x192")
ENGINES = ("torch", "gl", "gl-fragment")
PRESETS = ("violet-strokes", "negative-space")


def resident() -> float:
    """MB of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Run what was asked for."""
    names = [word for word in sys.argv[1:] if not word.isdigit()] or ["idle", "use"]
    seconds = next((float(word) for word in sys.argv[1:] if word.isdigit()), 600.0)
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}")
    memory.bound()
    with display():
        app = application()
        for name in names:
            with opened(PRESETS[0], "demo", (1280, 800)) as studio:
                curve = list(_curve(studio, seconds, in_use=name == "use"))
            settled = [held for at, held in curve if at >= min(SETTLED, seconds / 5)]
            ratio = max(settled) / settled[0]
            print(f"{name}: {settled[0]:.0f} MB settled, {max(settled):.0f} MB at most: {ratio:.2f} times", flush=True)
        app.shutdown()


def _curve(studio: Studio, seconds: float, *, in_use: bool) -> Iterator[tuple[float, float]]:
    until(lambda: studio.telemetry[Progress].serial)
    studio.workspace.engine = "torch"
    began, told, number = time.monotonic(), 0.0, itertools.count()
    while (now := time.monotonic() - began) < seconds:
        if now >= told:
            told += EVERY
            undo, held = studio.document.history.nbytes / 1e6, resident()
            fps = studio.telemetry[Progress].fps
            print(f"{now:6.0f} s  {held:7.0f} MB, {undo:5.0f} of them undo, {fps:.0f} fps", flush=True)
            yield now, held - undo
        if in_use:
            _do_something(studio, next(number))
        spin(STEP)


def _do_something(studio: Studio, number: int) -> None:
    workspace, turn = studio.workspace, number % 4
    if turn == 0:
        workspace.size = SIZES[number // 4 % len(SIZES)]
    elif turn == 1:
        studio.parts.opener.open(studio.parts.library.shipped / PRESETS[number // 4 % len(PRESETS)])
    elif turn == 2:
        workspace.engine = ENGINES[number // 4 % len(ENGINES)]
    elif workspace.tensor is not None:
        gesture = studio.document.begin("Paint")
        for dab in range(20):
            rect = Rect(0, 0, 1 + dab % 3, 1 + dab % 3)
            gesture.put(workspace.tensor, Patch(rect, np.full((rect.height, rect.width), dab, np.float32)))
        gesture.commit()


if __name__ == "__main__":
    main()
