"""Kernels packed by numpy and by the device, at opening and for strokes: ``python -m benchmarks.packing``.

pix2pix of 256×256 (54 million weights) on `gl` and `gl-fragment`. The two take turns; a figure is the median with
quartiles, each run waited for, and the last column the device's over numpy's, pair by pair. Packed kernels are
compared bit for bit before.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import moderngl
import numpy as np

from benchmarks.figures import quartiled
from benchmarks.networks import pix2pix
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.kernels.packer import Kernel, Packer
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.network import Network

STROKES = (8, 32, 128, 512, 2048)
"""Sides of squares of a filter sheet, in pixels."""
ENGINES: tuple[type[GLEngine] | type[GLFragmentEngine], ...] = (GLEngine, GLFragmentEngine)


def main() -> None:
    """Compare and time both; exit with status 1 where they pack differently."""
    device = open_device()
    print(
        f"{datetime.now(tz=UTC):%Y-%m-%d}, {device.renderer}, OpenGL {device.version}, {platform.processor()}, ", end=""
    )
    print(f"Python {platform.python_version()}\n")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    _, network = pix2pix()
    largest = max(network.tensors, key=lambda name: network.tensors[name].size)
    print("| engine | what | numpy, ms | device, ms | device / numpy |\n| --- | --- | --- | --- | --- |")
    good = True
    for kind in ENGINES:
        good = _alike(kind, network, device) and good
        _say(kind.name, "opening", *_in_turns(partial(_opened, kind, network, device), rounds))
        engine = kind(network, device)
        height, width = sheet_size(network.tensors[largest].shape)
        for side in STROKES:
            rect = Rect(height // 3, width // 3, min(side, height // 2), min(side, width // 2))
            values = np.full((rect.height, rect.width), 0.5, np.float32)
            stroke = _stroke(engine, device, largest, rect, values)
            _say(kind.name, f"stroke of {side}×{side}", *_in_turns(stroke, 4 * rounds))
        engine.close()
    device.close()
    sys.exit(not good)


def _stroke(
    engine: GLEngine | GLFragmentEngine, device: Device, name: str, rect: Rect, values: np.ndarray
) -> Callable[[], float]:
    def stroke() -> float:
        start = time.perf_counter()
        engine.replace(name, rect, values)
        device.finish()
        return time.perf_counter() - start

    return stroke


def _opened(kind: type[GLEngine] | type[GLFragmentEngine], network: Network, device: Device) -> float:
    start = time.perf_counter()
    engine = kind(network, device)
    device.finish()
    seconds = time.perf_counter() - start
    engine.close()
    return seconds


def _in_turns(measured: Callable[[], float], rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds by numpy and by the device, after two of each that do not count."""
    found: tuple[list[float], list[float]] = [], []
    for number in range(rounds + 2):
        for by_device, milliseconds in enumerate(found):
            _choose(by_device=bool(by_device))
            seconds = measured()
            if number >= 2:
                milliseconds.append(seconds * 1e3)
    return found


def _choose(*, by_device: bool) -> None:
    def takes(_: Packer, count: int, kernel: Kernel, constants: Constants) -> bool:
        del count, kernel, constants
        return by_device

    Packer.takes = takes  # type: ignore[assignment, method-assign]


def _alike(kind: type[GLEngine] | type[GLFragmentEngine], network: Network, device: Device) -> bool:
    held = []
    for every in (False, True):
        _choose(by_device=every)
        engine = kind(network, device)
        kernels = {name: weights.kernel for name, weights in engine._weights.items() if weights.kernel is not None}
        held.append(
            {
                name: each.read() if isinstance(each, moderngl.Buffer) else device.calls.read(each).tobytes()
                for name, each in kernels.items()
            }
        )
        engine.close()
    if held[0] != held[1]:
        print(f"{kind.name}: packed differently")
    return held[0] == held[1]


def _say(engine: str, what: str, numpys: list[float], devices: list[float]) -> None:
    ratio = np.asarray(devices) / np.asarray(numpys)
    print(f"| {engine} | {what} | {quartiled(numpys, 3)} | {quartiled(devices, 3)} | {quartiled(ratio)} |", flush=True)


if __name__ == "__main__":
    main()
