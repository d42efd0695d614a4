"""Running again from a layer that was edited, against the whole network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figures import quartiled
from benchmarks.networks import autoencoder_transposed
from benchmarks.ui.gaps import ENGINES
from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.model.declared.size import Size

PAIRS = 9


def reruns(folder: Path) -> Iterator[list[str]]:
    """An edit of the last layer with weights and the rerun it asks for, against a full run of the same picture."""
    del folder
    yield ["engine", "edited", "full run", "rerun", "rerun / full (quartiles)", "share of its layers' time"]
    network = autoencoder_transposed()[1]
    picture = np.random.default_rng(0).uniform(0, 1, (3, 256, 256)).astype(np.float32)
    for name in ENGINES:
        engine, _ = open_engine(network, name)
        for layer in ("dec1", "dec2"):
            tensor = engine.tensor(f"{layer}.weight")
            pairs = []
            for _ in range(PAIRS + 2):
                full = _timed(partial(engine.run, {"input": picture}), engine)
                engine.set_tensor(f"{layer}.weight", tensor)
                pairs.append((full, _timed(engine.update, engine)))
            pairs = pairs[2:]
            engine.run({"input": picture})
            times = engine.times()
            reached = engine.graph.downstream({layer})
            share = sum(seconds for each, seconds in times.items() if each in reached) / sum(times.values())
            yield [
                *(name, layer),
                *(f"{np.median([pair[k] for pair in pairs]) * 1e3:.1f} ms" for k in (0, 1)),
                quartiled([after / before for before, after in pairs], 3),
                f"{share:.2f}",
            ]
        engine.close()


def _timed(run: Callable[[], object], engine: Engine) -> float:
    """Seconds until the device is done, which reading one value waits for."""
    start = time.perf_counter()
    run()
    engine.sample(engine.graph.output, 1, Size(1, 1), Size(1, 1))
    return time.perf_counter() - start
