"""From the start of the program to its window and its first picture, against an empty window that imports PyTorch.

Run by `python -m benchmarks.start`.
"""

from __future__ import annotations

import gc
import subprocess
import sys
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
    for side in ("studio", "empty"):  # reads the files in
        _run(side)
    runs = [(_run("studio"), _run("empty")) for _ in range(RUNS)]
    for number, name in enumerate(("the window", "the first picture")):
        ours, theirs = (np.array([run[side][number] for run in runs]) for side in (0, 1))
        yield [name, *map(quartiled, (ours, theirs, ours / theirs))]


def _run(side: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.start", side, str(time.monotonic())]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
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
