"""The torch engines on CUDA against the bare module as a CUDA graph: ``python -m benchmarks.cuda``.

Each takes a picture from memory that the GPU reads, frame after frame, in batches that are waited for; ours keeps every
map. Bare is the fastest of four: maps with channels first or last, and cuDNN's algorithms as it supposes or as it
measures them; in processes of their own, as what cuDNN has chosen holds for a process.

Then with every output brought to the screen's textures, as a window does: through memory that CUDA and OpenGL share, at
the screen's rate and in every frame, and through this process's. Beside it the error of ours against float64, of a
picture behind others that nobody has waited for, and an edit and the layers after it again.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import torch
from torch import nn

from benchmarks.gpu import Frame, graph_of, picture, precision, shown, timed
from benchmarks.networks import autoencoder_fractional, autoencoder_transposed, pix2pix
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import open_device
from studio.engine.torch.engine import TorchEngine, TorchHalfEngine, TorchTF32Engine
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network

CASES = (
    ("pix2pix-256", pix2pix, 256),
    ("autoencoder, transposed", autoencoder_transposed, 256),
    ("autoencoder, transposed", autoencoder_transposed, 1024),
    ("autoencoder, fractional", autoencoder_fractional, 256),
)
# Seconds between two pictures of a screen, of a batch of frames, and frames that may be under way.
SCREEN, BATCH, AHEAD = 1 / 60, 0.25, 4
KINDS = {TorchEngine: 1e-4, TorchTF32Engine: 5e-3, TorchHalfEngine: 2e-2}


def main() -> None:
    """Time every case; exit with status 1 where one is wrong."""
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    columns = "ms a frame (quartiles) | bare | ours / bare | shown 60 a second / bare | every frame | by memory"
    print(f"| network | engine | {columns} | relative L2 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    good, all_bare = True, _fastest()
    for name, make, size in CASES:
        module, network = make()
        for kind, most in KINDS.items():
            (ours, *screens), error, edited = _ours(kind, module, network, size)
            good &= max(error, edited) <= most
            bare = all_bare[f"{name}, {size}, {kind.name}"]
            ratios = [f"{np.median(each) / np.median(bare):.2f}" for each in (ours, *screens)]
            cells = (f"{name}, {size}²", kind.name, shown(ours), shown(bare), *ratios, f"{error:.1e}")
            print(f"| {' | '.join(cells)} |", flush=True)
    sys.exit(0 if good else 1)


def _ours(
    kind: type[TorchEngine], module: nn.Module, network: Network, size: int
) -> tuple[list[np.ndarray], float, float]:
    engine = kind(network, "cuda")
    engine.time_every = math.inf
    values = picture(size)
    engine.run({"input": values})

    def frame() -> None:
        memory = engine.input_memory("input", Size(size, size))
        assert memory is not None
        engine.run({"input": memory})

    # None waits for the one before; what is looked at is the last.
    for lighter in (0.1, 0.7, -0.3, 0.5, -0.9, 0.2, 0.4, 0.0):
        memory = engine.input_memory("input", Size(size, size))
        assert memory is not None
        memory[...] = values + np.float32(lighter)
        engine.run({"input": memory})
    error = _error(engine.output(), module, values)
    times = [timed(frame, torch.cuda.synchronize)[0], *_shown(engine, frame)]
    # An edit reaches what was captured, too.
    layer = network.graph.nodes[0].name
    before = engine.tensor(f"{layer}.weight")
    engine.replace(f"{layer}.weight", Rect(0, 0, 4, 4), np.zeros((4, 4), np.float32))
    for _ in range(3):
        engine.update()
        engine.replace(f"{layer}.weight", Rect(0, 0, 4, 4), np.zeros((4, 4), np.float32))
    engine.update()
    oracle = TorchEngine(network.with_tensors({f"{layer}.weight": engine.tensor(f"{layer}.weight")}), "cpu")
    oracle.run({"input": values})
    edited = float(np.linalg.norm(engine.output() - oracle.output()) / np.linalg.norm(oracle.output()))
    assert not np.array_equal(before, engine.tensor(f"{layer}.weight"))
    engine.close()
    return times, error, edited


def _shown(engine: TorchEngine, frame: Frame) -> Iterator[np.ndarray]:
    """Seconds of a frame with showing it: at the screen's rate, in every frame, and so through this process's."""
    device = open_device()
    for shares in (True, False):
        screen = DisplayBuffers(device)
        screen._from_cuda._refused = not shares

        def both(screen: DisplayBuffers = screen) -> None:
            frame()
            screen.copy(engine, (engine.graph.output,), None, (engine.graph.output,))

        def finish(screen: DisplayBuffers = screen) -> None:
            screen.publish()
            torch.cuda.synchronize()
            device.finish()

        if shares:
            yield _paced(frame, both, finish)
        yield timed(both, finish)[0]
        assert screen._from_cuda._refused is not shares, "CUDA and OpenGL share nothing here"
        screen.close()
    device.close()


def _paced(frame: Frame, both: Frame, finish: Frame) -> np.ndarray:
    """Seconds of a frame, frame after frame, where one is shown whenever the screen takes the next."""
    both()
    finish()
    found = []
    for _ in range(15):
        events = [torch.cuda.Event() for _ in range(AHEAD)]
        start = now = time.perf_counter()
        due, count = start, 0
        while now - start < BATCH:
            if now >= due:
                both()
                due += SCREEN
            else:
                frame()
            # The processor does not run ahead of the card by more than a few frames.
            events[count % AHEAD].record()
            count += 1
            events[count % AHEAD].synchronize()
            now = time.perf_counter()
        finish()
        found.append((time.perf_counter() - start) / count)
    return np.array(found)


def _error(found: np.ndarray, module: nn.Module, values: np.ndarray) -> float:
    with torch.no_grad():
        wanted = module.double().cuda()(torch.from_numpy(values)[None].double().cuda())[0].cpu().numpy()
    module.float()
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def _fastest() -> dict[str, np.ndarray]:
    """Of every case and kind the seconds of the bare module, as it is fastest."""
    found: dict[str, np.ndarray] = {}
    for measures in ("0", "1"):
        command = [sys.executable, "-m", "benchmarks.cuda", "bare", measures]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        for name, times in json.loads(done.stdout.splitlines()[-1]).items():
            if name not in found or np.median(times) < np.median(found[name]):
                found[name] = np.array(times)
    return found


def _all_bare(measures: bool) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name, make, size in CASES:
        module, _ = make()
        for kind in KINDS:
            each = [
                _bare(kind, module, size, order, measures) for order in (torch.channels_last, torch.contiguous_format)
            ]
            found[f"{name}, {size}, {kind.name}"] = min(each, key=np.median).tolist()
    return found


def _bare(
    kind: type[TorchEngine], module: nn.Module, size: int, order: torch.memory_format, measures: bool
) -> np.ndarray:
    host = torch.from_numpy(picture(size))[None].pin_memory()
    module = module.to("cuda", kind.kind, memory_format=order).eval()  # type: ignore[call-overload]
    x = torch.empty_like(host, device="cuda", dtype=kind.kind).to(memory_format=order)
    with torch.inference_mode(), precision(kind.tf32):
        torch.backends.cudnn.benchmark = measures
        replay = graph_of(module, x)

        def frame(replay: Frame = replay) -> None:
            x.copy_(host, non_blocking=True)
            replay()

        times = timed(frame, torch.cuda.synchronize)[0]
    module.float()
    return times


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        print(json.dumps(_all_bare(sys.argv[2] == "1")))
    else:
        main()
