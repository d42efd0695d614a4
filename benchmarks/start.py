"""From the start of the program to its window and its first picture, against an empty window that imports PyTorch.

Run by `python -m benchmarks.start`. Both sides find their modules compiled, as those of an installed program are: what
is compiled goes into a folder of the benchmark's own, so that it does not matter whether Python may write elsewhere.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

# Nothing of the studio here: what this module imports, the empty window's program would pay for.

RUNS = 9


def main() -> None:
    """Print the table."""
    from benchmarks.window import display

    with display():
        for row in rows():
            print(f"| {' | '.join(row)} |", flush=True)


def rows() -> Iterator[list[str]]:
    """Seconds of each, in turn, every one in a process of its own; medians and quartiles, the ratio run by run."""
    import numpy as np

    from benchmarks.figures import quartiled

    yield ["seconds until", "studio", "empty window, PyTorch", "ratio"]
    yield ["---"] * 4
    with tempfile.TemporaryDirectory() as compiled:
        for side in ("studio", "empty"):  # reads the files in, and compiles them
            _run(side, compiled)
        runs = [(_run("studio", compiled), _run("empty", compiled)) for _ in range(RUNS)]
    for number, name in enumerate(("the window", "the first picture")):
        ours, theirs = (np.array([run[side][number] for run in runs]) for side in (0, 1))
        yield [name, *map(quartiled, (ours, theirs, ours / theirs))]


def _run(side: str, compiled: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.start", side, str(time.monotonic())]
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = compiled
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=settings).stdout
    return [float(seconds) for seconds in printed.split()[-2:]]


def _studio(begun: float) -> None:
    # As `studio open` does.
    gc.disable()
    from benchmarks.window import application, opened, until
    from studio.runtime.live.report import Progress

    app = application()
    with opened("violet-strokes") as studio:
        # It is active, so it has been drawn.
        window = time.monotonic() - begun
        until(lambda: studio.telemetry[Progress].serial)
        print(window, time.monotonic() - begun)
    app.shutdown()


def _empty(begun: float) -> None:
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication(["empty"])
    window = QMainWindow()
    window.show()
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    seconds = time.monotonic() - begun
    import torch

    torch.zeros(1)
    print(seconds, time.monotonic() - begun)
    app.shutdown()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"studio": _studio, "empty": _empty}[sys.argv[1]](float(sys.argv[2]))
    else:
        main()
