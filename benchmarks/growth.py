"""How time and memory grow: ``python -m benchmarks.growth [WHAT …]``, by default everything, with exponents.

Each row takes more of one thing and times what must deal with it, in processor time of one thread, each count in a
process of its own, whose memory at the end, less what it had before, is told too. An exponent is the slope of time, or
of memory, over count, both as logarithms, over the upper half of the row. Nothing is to be worse than linear but what
the arithmetic itself is (channels count twice in a convolution); what does not touch the thing is to stay at 0.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from benchmarks.memory import resident
from benchmarks.networks import autoencoder_transposed
from studio import paths
from studio.bends import registry
from studio.control.move import move
from studio.engine.torch.engine import TorchEngine
from studio.io.opening import find_and_open
from studio.io.presets import list_presets
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.modulator import NOTHING
from studio.model.movement.route import ROUTES, Routes
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.ops import operator
from studio.runtime.render.mover import matrix_of

RUNS, STEPS = 5, 20
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """What there is more of, what is timed, how many of it there are, and what makes the work for a count."""

    what: str
    timed: str
    counts: Sequence[int]
    make: Callable[[int], Work]


def main() -> None:
    """Print the rows that were asked for, all by default."""
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, engine torch")
    print("| what grows | what is timed | counts | ms | exponent | MB | exponent |\n" + "| --- " * 7 + "|")
    for number, row in enumerate(ROWS):
        if sys.argv[1:] and row.what not in sys.argv[1:]:
            continue
        found = [_measured(number, count) for count in row.counts]
        times, memory = ([each[k] for each in found] for k in (0, 1))
        cells = (row.what, row.timed, ", ".join(f"{count:,}" for count in row.counts))
        told = (f"{', '.join(f'{s:.3g}' for s in each)} | {_slope(row.counts, each)}" for each in (times, memory))
        print(f"| {' | '.join((*cells, *told))} |", flush=True)


def _measured(row: int, count: int) -> list[float]:
    """Milliseconds and MB, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth", "--one", str(row), str(count)]
    return [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def _one(row: int, count: int) -> None:
    torch.set_num_threads(1)
    before = resident()
    work = ROWS[row].make(count)
    work()
    found = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    print(min(found) * 1e3, resident() - before)


def _slope(counts: Sequence[int], found: Sequence[float]) -> str:
    upper = len(counts) // 2 - 1
    if min(found[upper], found[-1]) <= 0:
        return ""
    return f"{math.log(found[-1] / found[upper]) / math.log(counts[-1] / counts[upper]):.2f}"


# -- networks ----------------------------------------------------------------------------------------------------------


def _chain(count: int, channels: int, kernel: int = 1) -> Network:
    nodes, reads, tensors = [], "input", {}
    rng = np.random.default_rng(0)
    for number in range(count):
        seen = 3 if number == 0 else channels
        params = {"in_channels": seen, "out_channels": channels, "kernel_size": kernel, "padding": kernel // 2}
        nodes.append(Node(f"c{number}", operator("Conv2d").model_validate(params), (reads,)))
        reads = f"c{number}"
        tensors[f"{reads}.weight"] = rng.normal(0, 0.1, (channels, seen, kernel, kernel)).astype(np.float32)
        tensors[f"{reads}.bias"] = np.zeros(channels, np.float32)
    return Network("chain", Graph((Input("input"),), tuple(nodes), reads), tensors)


def _frame(network: Network, side: int, stages: tuple[Stage, ...] = ()) -> Work:
    engine = TorchEngine(network, "cpu")
    engine.set_stages(stages)
    inputs = {"input": np.random.default_rng(0).random((3, side, side), np.float32)}
    return lambda: engine.run(inputs)


def _pixels(count: int) -> Work:
    return _frame(autoencoder_transposed()[1], math.isqrt(count))


def _opening(count: int) -> Work:
    network = _chain(count, 4)

    def work() -> None:
        engine = TorchEngine(network, "cpu")
        engine.run({"input": np.zeros((3, 8, 8), np.float32)})
        engine.close()

    return work


def _layers(count: int) -> Work:
    return _frame(_chain(count, 4), 16)


def _dab(count: int) -> Work:
    """On the last of so many layers: what comes before does not run again."""
    engine = TorchEngine(_chain(count, 4), "cpu")
    engine.run({"input": np.zeros((3, 16, 16), np.float32)})
    name = f"c{count - 1}.weight"
    tensor = engine.tensor(name)

    def work() -> None:
        for _ in range(STEPS):
            engine.set_tensor(name, tensor)
            engine.update()

    return work


def _channels(count: int) -> Work:
    return _frame(_chain(2, count, 3), 64)


def _stages(count: int) -> Work:
    bend = registry()["Multiply"]()
    return _frame(_chain(1, 8), 64, tuple(Stage(number, "c0", bend) for number in range(1, count + 1)))


# -- presets, routes, strokes ------------------------------------------------------------------------------------------


def _routes(count: int) -> Work:
    network = _chain(1, 8)
    bend = registry()["Multiply"]()
    preset = Preset("grown", network, {})
    preset = preset.with_section(STAGES, tuple(Stage(number, "c0", bend) for number in range(1, count + 1)))
    routes: Routes = ()
    for number in range(1, count + 1):
        routes, _ = move(routes, f"/bend/{number}/amount", "lfo", depth=0.5)
    matrix = matrix_of(preset.with_section(ROUTES, routes))
    clock = iter(range(10**9))
    return lambda: matrix.values(float(Fraction(next(clock), 25)), NOTHING)


def _deck(count: int) -> Path:
    """A folder of so many presets, all of which read one file."""
    home = Path(tempfile.mkdtemp(prefix="growth-"))
    source = next(each for each in sorted((paths.DATA / "presets").iterdir()) if (each / "preset.json").is_file())
    for number in range(count):
        folder = home / f"p{number:05}"
        folder.mkdir(parents=True)
        for file in source.iterdir():
            os.link(file, folder / file.name)
    return home


def _presets(count: int) -> Work:
    home = _deck(count)

    def work() -> None:
        assert len(list_presets(home)) == count

    return work


def _opening_one_of(count: int) -> Work:
    preset = sorted(_deck(count).iterdir())[count // 2]
    return lambda: find_and_open(str(preset))


def _stroked(count: int) -> tuple[Document, Iterator[float]]:
    document = Document(Preset("grown", _chain(4, 8), {}), limit=2**40)
    values = iter(np.random.default_rng(0).normal(size=count + 10 * STEPS).astype(np.float32))
    for _ in range(count):
        _stroke(document, next(values))
    return document, values


def _stroke(document: Document, value: float) -> None:
    gesture = document.begin("Paint")
    gesture.put("c1.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32)))
    gesture.commit()


def _strokes(count: int) -> Work:
    document, values = _stroked(count)

    def work() -> None:
        for _ in range(STEPS):
            _stroke(document, next(values))

    return work


def _undoing(count: int) -> Work:
    """All of them, and doing them again."""
    document, _ = _stroked(count)

    def work() -> None:
        for _ in range(count):
            document.undo()
        for _ in range(count):
            document.redo()

    return work


ROWS = (
    Row("pixels", "a frame of the autoencoder", [side**2 for side in (64, 256, 1024, 2048, 4096)], _pixels),
    Row("layers", "opening a network, first frame", [10, 30, 100, 300, 1000], _opening),
    Row("layers", "a frame", [10, 30, 100, 300, 1000], _layers),
    Row("layers", f"{STEPS} dabs on the last one", [10, 30, 100, 300, 1000], _dab),
    Row("channels", "two 3×3 convolutions", [32, 64, 128, 256, 512], _channels),
    Row("stages", "a frame", [1, 3, 10, 30, 100], _stages),
    Row("routes", "what moves in a frame", [1, 5, 50, 150, 500], _routes),
    Row("presets", "listing them", [10, 50, 200, 1000, 5000], _presets),
    Row("presets", "opening one of them", [10, 50, 200, 1000, 5000], _opening_one_of),
    Row("strokes", f"{STEPS} more", [10, 100, 1000, 10_000, 50_000], _strokes),
    Row("strokes", "undoing and redoing all", [10, 100, 1000, 10_000, 50_000], _undoing),
)

if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
