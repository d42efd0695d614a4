"""How time grows with what there is more of: ``python -m benchmarks.growth``, with the exponent of each.

Each row takes more of one thing, and times what must deal with it, in processor time of one thread; the exponent is
the slope of time over count, both as logarithms, over the upper half of the row. Nothing is to be worse than linear but
what the arithmetic itself is: channels count twice in a convolution.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from benchmarks.networks import autoencoder_transposed
from studio import paths
from studio.bends import registry
from studio.control.move import move
from studio.engine.torch import TorchEngine
from studio.io.presets import list_presets
from studio.model.graph import Graph, Input, Node
from studio.model.modulator import NOTHING
from studio.model.network import Network
from studio.model.preset import Preset
from studio.model.route import ROUTES, Routes
from studio.model.stage import Stage
from studio.model.stages import STAGES
from studio.ops import operator
from studio.runtime.render.mover import matrix_of

RUNS = 5
Work = Callable[[], object]


def main() -> None:
    """Print a row for each thing that may grow."""
    torch.set_num_threads(1)
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, engine torch")
    print("| what grows | what is timed | counts | ms | exponent |\n| --- | --- | --- | --- | --- |")
    _row("pixels", "a frame", [64**2, 128**2, 256**2, 512**2, 1024**2], _pixels)
    _row("layers", "opening a network", [10, 30, 100, 300, 1000], _opening)
    _row("layers", "a frame", [10, 30, 100, 300, 1000], _layers)
    _row("channels", "a frame of a 3×3 convolution", [32, 64, 128, 256, 512], _channels)
    _row("stages", "a frame", [1, 3, 10, 30, 100], _stages)
    _row("routes", "what moves in a frame", [1, 5, 50, 150, 500], _routes)
    _row("presets in the deck", "listing them", [10, 50, 200, 800], _presets)


def _row(what: str, timed: str, counts: Sequence[int], make: Callable[[int], Work]) -> None:
    seconds = []
    for count in counts:
        work = make(count)
        work()
        found = []
        for _ in range(RUNS):
            start = time.process_time()
            work()
            found.append(time.process_time() - start)
        seconds.append(min(found))
    upper = len(counts) // 2
    slope = math.log(seconds[-1] / seconds[upper - 1]) / math.log(counts[-1] / counts[upper - 1])
    told = ", ".join(f"{s * 1e3:.3g}" for s in seconds)
    print(f"| {what} | {timed} | {', '.join(map(str, counts))} | {told} | {slope:.2f} |", flush=True)


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


def _channels(count: int) -> Work:
    return _frame(_chain(2, count, 3), 64)


def _stages(count: int) -> Work:
    bend = registry()["Multiply"]()
    return _frame(_chain(1, 8), 64, tuple(Stage(number, "c0", bend) for number in range(1, count + 1)))


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


def _presets(count: int) -> Work:
    home = Path(tempfile.mkdtemp(prefix="growth-"))
    source = next(each for each in sorted((paths.DATA / "presets").iterdir()) if (each / "preset.json").is_file())
    for number in range(count):
        shutil.copytree(source, home / "presets" / f"p{number:05}")
        file = home / "presets" / f"p{number:05}" / "preset.json"
        file.write_text(json.dumps(json.loads(file.read_text("utf-8"))), "utf-8")

    def work() -> None:
        assert len(list_presets(home / "presets")) == count

    return work


if __name__ == "__main__":
    main()
