"""The gl engine alone, without a window: ``python -m benchmarks.gpu_alone NAME`` tells seconds a frame by size."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from studio.engine.gl.driver.device import Device
from studio.model.declared.size import Size

SIZES = 256, 512, 1024
BATCHES = 9


def alone(what: str) -> dict[str, float]:
    """Median seconds a frame by size: upload and all layers of the preset, frame after frame; tuned before."""
    from studio.engine.choose import gl_engine
    from studio.engine.gl.driver.device import open_device
    from studio.io.opening import find_and_open

    device = open_device()
    engine = gl_engine("gl")(find_and_open(what)[0].bent, device)
    engine.time_every = math.inf
    found = {}
    for size in SIZES:
        values = np.random.default_rng(0).uniform(0, 1, (3, size, size)).astype(np.float32)

        def frame(values: np.ndarray = values, size: int = size) -> None:
            memory = engine.input_memory("input", Size(size, size))
            engine.run({"input": values if memory is None else memory})

        for _ in range(4):
            memory = engine.input_memory("input", Size(size, size))
            if memory is not None:
                # Where it is fed from in each frame, as each of several buffers in turn.
                memory[...] = values
            frame()
        device.finish()
        many = int(np.clip(0.1 / _row(frame, device, 3), 1, 100))
        found[str(size)] = float(np.median([_row(frame, device, many) for _ in range(BATCHES)]))
    engine.close()
    device.close()
    return found


def _row(frame: Callable[[], object], device: Device, many: int) -> float:
    """Seconds a frame of so many that are waited for together."""
    start = time.perf_counter()
    for _ in range(many):
        frame()
    device.finish()
    return (time.perf_counter() - start) / many


def asked(what: str) -> dict[str, float]:
    """The same, in a process of its own: Qt makes no context current where another loader's is."""
    ask = [sys.executable, "-m", "benchmarks.gpu_alone", what]
    told: dict[str, float] = json.loads(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
    return told


if __name__ == "__main__":
    print(json.dumps(alone(sys.argv[1])))
