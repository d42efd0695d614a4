"""A film's frames on one device and on all of the machine: ``python -m benchmarks.shared``.

Pictures lie in memory and frames go nowhere, so that neither decoding nor encoding is measured. Each frame is what the
first device alone makes, to a grey level.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import cast

import numpy as np

from benchmarks.networks import autoencoder_transposed
from studio.engine.devices import devices_of, open_on
from studio.io.sinks import Sink
from studio.model.picture import Picture
from studio.model.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.offline import render
from studio.runtime.render.shared import render_shared

RATE = 25
PAIRS = 3
CASES = (("gl", 512), ("gl", 1024), ("torch", 1024))


class Nowhere:
    """Takes frames, and keeps the first few."""

    def __init__(self) -> None:
        self.kept: list[Picture] = []

    def write(self, picture: Picture) -> None:
        """See `Sink.write`."""
        if len(self.kept) < 16:
            self.kept.append(picture)


def main() -> None:
    """Time every case; exit with status 1 where frames differ."""
    preset = Preset("autoencoder", autoencoder_transposed()[1], {})
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, autoencoder, transposed")
    print("| engine | size | devices | frames a second on one | on all | all / one (least to most) |")
    print("| --- | --- | --- | --- | --- | --- |")
    good = True
    for engine, size in CASES:
        names = devices_of(engine, "all")
        count = 2400 * 512 * 512 // (size * size)
        ratios, rates = [], []
        for _ in range(PAIRS):
            alone, first = _alone(preset, engine, names[0], size, count)
            shared, second = _shared(preset, engine, names, size, count)
            good &= all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(first, second, strict=True))
            ratios.append(shared / alone)
            rates.append((alone, shared))
        one, every = np.median(rates, axis=0)
        low, middle, high = np.percentile(ratios, [0, 50, 100])
        cells = (engine, f"{size}²", str(len(names)), f"{one:.1f}", f"{every:.1f}")
        print(f"| {' | '.join(cells)} | {middle:.2f} ({low:.2f} to {high:.2f}) |", flush=True)
    sys.exit(0 if good else 1)


def _pictures(size: int, count: int) -> Iterator[Picture]:
    rng = np.random.default_rng(0)
    few = [rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(8)]
    for number in range(count):
        yield few[number % len(few)]


def _open(preset: Preset, engine: str, device: str) -> tuple[Mover, Callable[[], None]]:
    running = open_on(preset.bent, engine, device)
    running.time_every = math.inf
    return Mover(preset, running, FrameRunner(running)), running.close


def _timed(counts: Iterator[int], count: int) -> float:
    """Frames a second, once the first eighth has warmed everything up."""
    warm = count // 8
    start = 0.0
    for number in counts:
        if number == warm:
            start = time.perf_counter()
    return (count - warm) / (time.perf_counter() - start)


def _alone(preset: Preset, engine: str, device: str, size: int, count: int) -> tuple[float, list[Picture]]:
    mover, close = _open(preset, engine, device)
    sink, numbers = Nowhere(), iter(range(count))

    def bend(picture: Picture) -> Picture:
        number = next(numbers)
        return cast("Picture", mover(picture, number / RATE, number))

    rate = _timed(render(_pictures(size, count), bend, cast("Sink", sink)), count)  # type: ignore[arg-type]
    close()
    return rate, sink.kept


def _shared(
    preset: Preset, engine: str, devices: tuple[str, ...], size: int, count: int
) -> tuple[float, list[Picture]]:
    sink = Nowhere()
    lanes = [partial(_open, preset, engine, device) for device in devices]
    rate = _timed(render_shared(_pictures(size, count), lanes, lambda n: n / RATE, cast("Sink", sink)), count)
    return rate, sink.kept


if __name__ == "__main__":
    main()
