"""The window's frames a second against the bare network's on all cores: ``python -m benchmarks.playing``.

In turns, each in a process of its own: first the bare network, on one picture in memory, then the window with its film,
which brings a tenth more pictures than the bare network takes: enough never to be what limits, and no more, because
decoding takes its part of the cores.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

SIZES = (256, 512)
PRESET = "violet-strokes"
TURNS = 3
SETTLES, SECONDS = 12.0, 10.0
FILM = 25.0
"""Pictures a second of the built-in film at its own pace."""

ROOM = 1.1
"""Pictures that the film brings for each frame of the bare network."""


def main() -> None:
    """Print the table."""
    import numpy as np

    from benchmarks.figures import quartiled
    from benchmarks.window import display

    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}")
    print("| size | window, frames a second | its CPU, ms a frame | bare, all cores | its CPU | window / bare |")
    print("| --- | --- | --- | --- | --- | --- |")
    with display():
        for size in SIZES:
            turns = []
            for _ in range(TURNS):
                bare = _run("bare", size)
                turns.append((*_run("window", size, ROOM * bare[0] / FILM), *bare))
            ours, our_cpu, bare_rate, bare_cpu = (np.array(each) for each in zip(*turns, strict=True))
            cells = quartiled(ours, 1), quartiled(our_cpu, 1), quartiled(bare_rate, 1), quartiled(bare_cpu, 1)
            print(f"| {size}² | {' | '.join(cells)} | {quartiled(ours / bare_rate)} |", flush=True)


def _run(side: str, size: int, pace: float = 1.0) -> tuple[float, float]:
    """Frames a second, and milliseconds of all cores together for one of them."""
    command = [sys.executable, "-m", "benchmarks.playing", side, str(size), str(pace)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate, cpu = (float(each) for each in printed.split()[-2:])
    return rate, cpu


def _window(size: int, pace: float) -> Iterator[tuple[float, float]]:
    from benchmarks.window import application, opened, spin, until
    from studio.runtime.live.report import Progress

    app = application()
    with opened(PRESET) as studio:
        until(lambda: studio.telemetry[Progress].serial)
        studio.workspace.engine, studio.workspace.size = "torch", str(size)
        studio.parts.live.set_speed(pace)
        spin(SETTLES)
        began, first, used = time.perf_counter(), studio.telemetry[Progress].serial, time.process_time()
        spin(SECONDS)
        frames = studio.telemetry[Progress].serial - first
        yield frames / (time.perf_counter() - began), (time.process_time() - used) / max(1, frames) * 1000
    app.shutdown()


def _bare(size: int, pace: float) -> Iterator[tuple[float, float]]:
    del pace
    import numpy as np
    import torch

    from studio.engine.torch.engine import TorchEngine
    from studio.io.opening import find_and_open

    torch.set_num_threads(os.cpu_count() or 1)
    preset, _ = find_and_open(PRESET)
    engine = TorchEngine(preset.network, "cpu")
    picture = np.random.default_rng(0).uniform(0, 1, (3, size, size)).astype(np.float32)
    for _ in range(5):
        engine.run({"input": picture})
    began, runs, used = time.perf_counter(), 0, time.process_time()
    while (seconds := time.perf_counter() - began) < SECONDS:
        engine.run({"input": picture})
        engine.output()
        runs += 1
    yield runs / seconds, (time.process_time() - used) / runs * 1000


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measured = next({"window": _window, "bare": _bare}[sys.argv[1]](int(sys.argv[2]), float(sys.argv[3])))
        print(*measured)
        sys.stdout.flush()
        # Once it is told, nothing need be put away.
        os._exit(0)
    else:
        main()
