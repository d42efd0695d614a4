"""A film's frames on one device and on all of the machine: ``python -m benchmarks.shared [PAIRS [CASE ...]]``.

A case is an engine, a size and, for a preset that moves, a word: ``gl:1024`` or ``gl:1024:moving``. Pictures lie in
memory and frames go nowhere, so that neither decoding nor encoding is measured. Each frame is what the first device
alone makes, to a grey level.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from benchmarks.networks import autoencoder_transposed
from studio.cli.bending import parse_bend, with_stages
from studio.cli.moving import with_movement
from studio.engine.devices import devices_of, open_on
from studio.model.modulator import NOTHING
from studio.model.picture import DeepPicture, Picture
from studio.model.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.offline import render
from studio.runtime.render.shared import Lanes, render_shared

RATE = 25
PAIRS = 3
FRAMES = 6000
"""Of 512², in a film; of others as many as have so many pixels."""

CASES = ("gl:512", "gl:1024", "torch:1024", "torch-tf32:1024", "gl:1024:moving", "torch:1024:moving")
BEND, MOVE = "enc2:Rotate,angle=10@random=0.5,seed=1", "/bend/1/angle=lfo,rate=0.5,depth=0.3"


class Nowhere:
    """Takes frames, and keeps the first few."""

    def __init__(self) -> None:
        self.kept: list[DeepPicture] = []

    def write(self, picture: DeepPicture) -> None:
        """See `Taker.write`."""
        if len(self.kept) < 16:
            self.kept.append(picture.copy())


class Alone:
    """The first device by itself."""

    def __init__(self, preset: Preset, engine: str, device: str) -> None:
        self._engine = open_on(preset.bent, engine, device)
        self._engine.time_every = math.inf
        self.feeder = FrameRunner(self._engine)
        self._mover = Mover(preset, self._engine, self.feeder)

    def run(self, size: int, count: int) -> tuple[float, list[DeepPicture]]:
        """Frames a second, and the first few."""
        sink, numbers = Nowhere(), iter(range(count))
        self._mover.begin()

        def bend(picture: DeepPicture) -> DeepPicture:
            number = next(numbers)
            return self._mover(picture, number / RATE, number)

        return _timed(render(_pictures(size, count), bend, sink), count), sink.kept

    def close(self) -> None:
        """Let go of the device."""
        self._engine.close()


def main() -> None:
    """Time every case; exit with status 1 where frames differ."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    still = Preset("autoencoder", autoencoder_transposed()[1], {})
    moving = with_movement(with_stages(still, (parse_bend(BEND),)), (MOVE,), "")
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, autoencoder, transposed; moving: {BEND}, {MOVE}")
    print("| case | devices | frames a second on one | on all | all / one (least to most) | levels apart |")
    print("| --- | --- | --- | --- | --- | --- |")
    good = True
    for case in sys.argv[2:] or CASES:
        engine, size, *moves = case.split(":")
        apart = _measure(case, moving if moves else still, engine, int(size), pairs)
        good &= apart <= 1
    sys.exit(0 if good else 1)


def _measure(case: str, preset: Preset, engine: str, size: int, pairs: int) -> int:
    """Print the case's row; the grey levels by which frames differ, at most."""
    names = devices_of(engine, "all")
    count = FRAMES * 512 * 512 // (size * size)
    ratios, rates, apart = [], [], 0
    alone = Alone(preset, engine, names[0])
    for _ in range(pairs):
        one, first = alone.run(size, count)
        sink = Nowhere()
        lanes = Lanes(preset, engine, names, alone.feeder, lambda _: NOTHING)
        every = _timed(render_shared(_pictures(size, count), lanes, lambda number: number / RATE, sink), count)
        assert len(first) == len(sink.kept) == 16
        apart = max(apart, *(int(np.abs(a.astype(int) - b).max()) for a, b in zip(first, sink.kept, strict=True)))
        ratios.append(every / one)
        rates.append((one, every))
    alone.close()
    one, every = np.median(rates, axis=0)
    low, middle, high = np.percentile(ratios, [0, 50, 100])
    cells = (case, str(len(names)), f"{one:.1f}", f"{every:.1f}", f"{middle:.2f} ({low:.2f} to {high:.2f})", str(apart))
    print(f"| {' | '.join(cells)} |", flush=True)
    return apart


def _pictures(size: int, count: int) -> Iterator[Picture]:
    rng = np.random.default_rng(0)
    few = [rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(8)]
    for number in range(count):
        yield few[number % len(few)]


def _timed(counts: Iterator[int], count: int) -> float:
    """Frames a second, once the first third has warmed everything up."""
    warm = count // 3
    start = 0.0
    for number in counts:
        if number == warm:
            start = time.perf_counter()
    return (count - warm) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
