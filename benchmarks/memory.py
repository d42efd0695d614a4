"""What the window holds in memory: ``python -m benchmarks.memory [idle|use] [SECONDS]``, by default ten minutes each.

In use, something is done every two seconds: another preset of all that ship, another size or engine, a stroke, a model
that is imported. The figures of use leave undo aside, which is told apart: it is bounded and the person's own.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.window import application, display, opened, spin, until
from studio.app import Studio
from studio.io.exporters import export_preset
from studio.io.opening import find_and_open
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect, sheet_size
from studio.runtime.live.report import Progress
from studio.runtime.services import memory
from studio.ui.importing import opening_of

EVERY = 10.0
"""Seconds between two lines."""

SETTLED = 120.0
"""Seconds after which memory is to stay where it is."""

STEP = 2.0
SIZES = ("128", "256", "192", "320x192")
ENGINES = ("torch", "gl", "gl-fragment")
BEGINS_WITH, IMPORTED = "violet-strokes", "style-ink"


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
            with opened(BEGINS_WITH, "demo", (1280, 800)) as studio, tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / "model.pt"
                export_preset(find_and_open(IMPORTED)[0], model)
                curve = list(_curve(studio, seconds, model if name == "use" else None))
            settled = [held for at, held in curve if at >= min(SETTLED, seconds / 5)]
            ratio = max(settled) / settled[0]
            print(f"{name}: {settled[0]:.0f} MB settled, {max(settled):.0f} MB at most: {ratio:.2f} times", flush=True)
        app.shutdown()


def _curve(studio: Studio, seconds: float, model: Path | None) -> Iterator[tuple[float, float]]:
    """Seconds and MB without undo; in use, where there is a model to import, else untouched."""
    until(lambda: studio.telemetry[Progress].serial)
    studio.workspace.engine = "torch"
    began, told, turns = time.monotonic(), 0.0, None if model is None else _turns(studio, model)
    while (now := time.monotonic() - began) < seconds:
        if now >= told:
            told += EVERY
            undo, held = studio.document.history.nbytes / 1e6, resident()
            fps = studio.telemetry[Progress].fps
            print(f"{now:6.0f} s  {held:7.0f} MB, {undo:5.0f} of them undo, {fps:.0f} fps", flush=True)
            yield now, held - undo
        if turns is not None:
            next(turns)
        spin(STEP)


def _turns(studio: Studio, model: Path) -> Iterator[None]:
    """Do one thing after another, for ever."""
    workspace, files = studio.workspace, opening_of(studio.window.context)
    presets = itertools.cycle(sorted(studio.parts.library.shipped.iterdir()))
    for size, engine in itertools.cycle(itertools.product(SIZES, ENGINES)):
        workspace.size = size
        yield
        studio.parts.opener.open(next(presets))
        yield
        workspace.engine = engine
        yield
        _paint(studio)
        yield
        files.open(model)
        yield
        if files.importing.dialog is not None:
            files.importing.dialog.button.click()
        yield


def _paint(studio: Studio) -> None:
    tensor = studio.workspace.tensor
    if tensor is not None:
        height, width = sheet_size(studio.document.tensor(tensor).shape)
        gesture = studio.document.begin("Paint")
        for dab in range(20):
            rect = Rect(0, 0, min(1 + dab % 3, height), min(1 + dab % 3, width))
            gesture.put(tensor, Patch(rect, np.full((rect.height, rect.width), dab, np.float32)))
        gesture.commit()


if __name__ == "__main__":
    main()
