"""Engine `gl` on a GPU at work: reruns after an edit, recording beside the frames, memory. Run by `benchmarks.gpu`."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.networks import autoencoder_transposed, pix2pix
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.engines.half import GLHalfEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.model.views.view import View
from studio.runtime.live.feature import Frame
from studio.runtime.live.journal import Journal
from studio.runtime.live.output_writer import OutputWriter, Record
from studio.runtime.live.recorder import RecordingTarget
from studio.runtime.services.priority import shorten_turns

RUNS = 200
SECONDS = 2.5
PAIRS = 4
WAKING = 1.0
RATE = 30
FIVE = 5
_FREE_VIDEO_MEMORY = 0x9049  # GPU_MEMORY_INFO_CURRENT_AVAILABLE_VIDMEM_NVX, in KB


def print_all(tables: Sequence[Iterator[list[str]]]) -> None:
    """Print these tables."""
    for rows in tables:
        print()
        for row in rows:
            print(f"| {' | '.join(row)} |", flush=True)


def _picture(size: int) -> dict[str, np.ndarray]:
    return {"input": np.random.default_rng().uniform(-1, 1, (3, size, size)).astype(np.float32)}


def _median(work: Callable[[], object]) -> float:
    for _ in range(RUNS // 4):
        work()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def steady(cpu_of_a_frame: Callable[[], float]) -> Iterator[list[str]]:
    """How long a frame of pix2pix-256 keeps the CPU after a wait, and a dab on its last layer, five times over.

    Args:
        cpu_of_a_frame: seconds that it keeps the CPU.
    """
    yield ["five runs, each with an engine of its own", "median", "least to most"]
    yield ["---"] * 3
    spent = [cpu_of_a_frame() * 1e3 for _ in range(FIVE)]
    dabs = [float(list(reruns(("up7",)))[-1][-1]) for _ in range(FIVE)]
    for what, found, digits in (
        ("processor time of a frame after a wait, ms", spent, 3),
        ("dab on the last layer / frame, to the screen", dabs, 2),
    ):
        yield [what, f"{np.median(found):.{digits}f}", f"{min(found):.{digits}f} to {max(found):.{digits}f}"]


def reruns(layers: Sequence[str] = ("down1", "down4", "up4", "up6", "up7")) -> Iterator[list[str]]:
    """A dab of 3×3 kernels on pix2pix-256, and the layers after it again, each waited for, against whole frames."""
    yield ["edited", "GPU: rerun / its layers of a frame", "rerun, waited for", "frame", "to the screen / frame to it"]
    yield ["---"] * 5
    _, network = pix2pix()
    device = open_device()
    engine = GLEngine(network, device)
    screen = DisplayBuffers(device)
    inputs = _picture(256)

    def run() -> None:
        engine.run(inputs)

    def show() -> None:
        screen.show(engine, (network.graph.output,), None, (network.graph.output,))

    engine.time_every = 0
    _wake(run)
    full = _gpu(engine, run)
    for layer in layers:
        kernel = network.graph.tensor_shapes[f"{layer}.weight"]
        dab = Rect(0, 0, min(kernel[0], 3) * kernel[2], min(kernel[1], 3) * kernel[3])

        values = np.random.default_rng().normal(0, 0.1, dab[2:]).astype(np.float32)

        def edit(layer: str = layer, dab: Rect = dab, values: Array = values) -> None:
            engine.replace(f"{layer}.weight", dab, values)
            engine.update()

        reached = engine.graph.downstream({layer})
        again = _gpu(engine, edit)
        expected = sum(seconds for name, seconds in full.items() if name in reached)
        engine.time_every = math.inf
        rerun, frame = _median(_then(edit, device.finish)), _median(_then(run, device.finish))
        to_screen = _median(_then(edit, show)) / _median(_then(run, show))
        engine.time_every = 0
        ratio = sum(again[name] for name in again if name in reached) / expected
        yield [layer, f"{ratio:.2f}", f"{rerun * 1e3:.3f} ms", f"{frame * 1e3:.3f} ms", f"{to_screen:.2f}"]
    screen.close()
    engine.close()
    device.close()


def _wake(work: Callable[[], object]) -> None:
    """Keep the GPU busy until it runs at its full clock."""
    until = time.perf_counter() + WAKING
    while time.perf_counter() < until:
        work()


def _then(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        first()
        second()

    return both


def _gpu(engine: GLEngine, work: Callable[[], object]) -> dict[str, float]:
    """Median GPU seconds of every layer that it runs."""
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        work()
        for name, seconds in engine.times().items():
            found.setdefault(name, []).append(seconds)
    return {name: float(np.median(seconds)) for name, seconds in found.items()}


def recording() -> Iterator[list[str]]:
    """Frames a second at 1024×1024 to the screen, without and with a recording, in turn."""
    yield ["autoencoder, 1024²", "frames a second", f"recording at {RATE}", "of the rate", "dropped"]
    yield ["---"] * 5
    device = open_device()
    engine = GLEngine(autoencoder_transposed()[1], device)
    engine.time_every = math.inf
    screen = DisplayBuffers(device)
    inputs = _picture(1024)
    ratios, rates, dropped = [], [], 0
    shorten_turns()  # as the window does
    with tempfile.TemporaryDirectory() as folder:
        _rate(engine, screen, inputs, Path(folder))  # wakes the GPU, and loads the encoder
        for _ in range(PAIRS):
            alone, _ = _rate(engine, screen, inputs, None)
            beside, lost = _rate(engine, screen, inputs, Path(folder))
            ratios.append(beside / alone)
            rates.append((alone, beside))
            dropped += lost
    low, middle, high = np.percentile(ratios, [0, 50, 100])
    alone, beside = np.median(rates, axis=0)
    yield ["H.264", f"{alone:.1f}", f"{beside:.1f}", f"{middle:.3f} ({low:.3f} to {high:.3f})", str(dropped)]
    screen.close()
    engine.close()
    device.close()


def _rate(
    engine: GLEngine, screen: DisplayBuffers, inputs: dict[str, np.ndarray], folder: Path | None
) -> tuple[float, int]:
    outlets = OutputWriter(screen, Journal())
    if folder is not None:
        outlets.begin(Record(RecordingTarget(folder, "h264", Fraction(RATE)), "benchmark"))
    frames, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        memory = engine.input_memory("input", Size(1024, 1024))
        engine.run(inputs if memory is None else {"input": memory})
        outlets.took(Frame(engine, View(), {}, True, frames))
        screen.show(engine, (engine.graph.output,), None, (engine.graph.output,))
        frames += 1
    seconds = time.perf_counter() - start
    outlets.close()
    status = outlets.status
    return frames / seconds, status.dropped if status else 0


def memory() -> Iterator[list[str]]:
    """Video memory that an engine takes, against its weights and all of its maps, which all stay to be looked at."""
    yield ["network", "weights and maps", "taken", "ratio"]
    yield ["---"] * 4
    autoencoder = autoencoder_transposed()[1]
    cases: list[tuple[str, type[GLEngine], Network, int]] = [
        ("pix2pix-256", GLEngine, pix2pix()[1], 256),
        *((f"autoencoder, {size}²", GLEngine, autoencoder, size) for size in (256, 1024)),
        ("autoencoder, 1024², gl-half", GLHalfEngine, autoencoder, 1024),
    ]
    for name, kind, network, size in cases:
        device = open_device()
        kind(network, device).close()  # what a driver takes once is not the engine's
        before = _free(device)
        engine = kind(network, device)
        engine.run(_picture(size))
        taken = before - _free(device)
        weights = sum(tensor.nbytes for tensor in network.tensors.values())
        names = ["input", *(node.name for node in network.graph.nodes)]
        # A texel holds four channels: a map of three takes the room of four.
        texel = 8 if kind is GLHalfEngine else 16
        maps = sum(-(-shape[0] // 4) * texel * shape[1] * shape[2] for shape in map(engine.shape, names))
        yield [name, f"{(weights + maps) / 1e6:.0f} MB", f"{taken / 1e6:.0f} MB", f"{taken / (weights + maps):.2f}"]
        engine.close()
        device.close()


def _free(device: Device) -> int:
    device.use()
    device.finish()
    return device.calls.integer(_FREE_VIDEO_MEMORY) * 1024
