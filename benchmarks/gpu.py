"""Engines `gl` and `gl-half` on a GPU against PyTorch on the same GPU: ``python -m benchmarks.gpu [--no-compile]``.

With ``--steady`` only two figures that waver are measured, five times over.

Correctness comes first: fresh random inputs, every map poisoned with NaN before the run, and the output compared with
PyTorch in float64. Then each runs frame after frame, upload included, in batches that are waited for; a figure is the
median over batches, with quartiles. The last column but one is a figure over that of `gl`.
"""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import torch
from torch import nn

from benchmarks import gpu_work
from benchmarks.figures import quartiled
from benchmarks.networks import autoencoder_fractional, autoencoder_transposed, pix2pix
from studio.engine.gl.engines.half import GLHalfEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset

BATCHES = 15
ALONE = 5
HALVED = 256, 1024
Frame = Callable[[], object]

CASES: list[tuple[str, Callable[[], tuple[nn.Module, Network]], int]] = [
    ("pix2pix-256", pix2pix, 256),
    *(("autoencoder, transposed", autoencoder_transposed, size) for size in (256, 512, 1024, 2048)),
    *(("autoencoder, fractional", autoencoder_fractional, size) for size in (256, 512, 1024, 2048)),
]


def main() -> None:
    """Check and time every case; exit with status 1 where one is wrong."""
    from studio.engine.gl.driver.device import open_device

    if "--steady" in sys.argv:
        gpu_work.print_all([gpu_work.steady(cpu_of_a_frame)])
        return
    device = open_device()
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {torch.cuda.get_device_name()}, PyTorch {torch.__version__}, ", end="")
    print(f"{device.renderer}, OpenGL {device.version}, Python {platform.python_version()}")
    device.close()
    print("| network | engine | ms a frame (quartiles) | over gl | relative L2 |\n| --- | --- | --- | --- | --- |")
    good = True
    for name, make, size in CASES:
        module, network = make()
        (ours, first, next_one), error = _ours(GLEngine, module, network, size)
        good &= error <= 1e-4
        print(f"| {name}, {size}² | gl | {shown(ours)} | | {error:.1e} |")
        for when, (clock, cpu) in (("after a wait", first.T), ("right behind it", next_one.T)):
            print(f"| | gl, giving a frame {when}: by the clock | {shown(clock)} | | |")
            print(f"| | gl, giving a frame {when}: processor time | {shown(cpu)} | | |")
        if size in HALVED:
            (half, *_), error = _ours(GLHalfEngine, module, network, size)
            good &= error <= 1e-3
            print(f"| | gl-half | {shown(half)} | {np.median(half) / np.median(ours):.2f} | {error:.1e} |")
        for peer, times in (*_peers(module, size), *_onnxruntime(network, size)):
            print(f"| | {peer} | {shown(times)} | {np.median(times) / np.median(ours):.2f} | |", flush=True)
    gpu_work.print_all([gpu_work.steady(cpu_of_a_frame), gpu_work.reruns(), gpu_work.recording(), gpu_work.memory()])
    sys.exit(0 if good else 1)


def shown(times: np.ndarray) -> str:
    return quartiled(times * 1e3, 3)


def picture(size: int) -> np.ndarray:
    return np.random.default_rng().uniform(-1, 1, (3, size, size)).astype(np.float32)


def _ours(kind: type[GLEngine], module: nn.Module, network: Network, size: int) -> tuple[tuple[np.ndarray, ...], float]:
    engine = kind(network)
    engine.time_every = math.inf
    engine.run({"input": picture(size)})
    poison(engine)
    values = picture(size)
    engine.run({"input": values})
    error = _error(engine.output(), module, values)

    # The peers' picture lies in memory that the GPU reads; ours too, in each of the buffers that take turns.
    for _ in engine._planes_of("input").buffers:
        memory = engine.input_memory("input", Size(size, size))
        assert memory is not None, "drivers of GPUs keep buffers mapped"
        memory[...] = values
        engine.run({"input": memory})

    def frame() -> None:
        memory = engine.input_memory("input", Size(size, size))
        assert memory is not None
        engine.run({"input": memory})

    times = timed(frame, engine._context.finish)
    error = max(error, _error(engine.output(), module, values))
    engine.close()
    return times, error


def cpu_of_a_frame() -> float:
    """Median seconds of the processor's time that giving a frame of pix2pix-256 takes after a wait."""
    module, network = pix2pix()
    (_, after, _), _ = _ours(GLEngine, module, network, 256)
    return float(np.median(after[:, 1]))


def poison(engine: GLEngine) -> None:
    """Fill every map with NaN, so that what is not written shows."""
    for texture in engine._textures.values():
        texture.write(np.full((texture.height, texture.width, 4), np.nan, texture.dtype))


def _error(found: np.ndarray, module: nn.Module, picture: np.ndarray) -> float:
    with torch.no_grad():
        wanted = module.double().cuda()(torch.from_numpy(picture)[None].double().cuda())[0].cpu().numpy()
    module.float()
    error = float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
    return error if np.isfinite(error) else float("inf")


def timed(frame: Frame, finish: Frame) -> tuple[np.ndarray, ...]:
    """Seconds of a frame, batch by batch, until it is done; and until it has been given to the GPU.

    Of the latter there are two, each of two columns, by the clock and of the processor's time: when the GPU has been
    waited for and idles, and behind such a frame, while it works.
    """
    start = time.perf_counter()
    for _ in range(3):
        frame()
    finish()
    count = int(np.clip(0.1 / ((time.perf_counter() - start) / 3), 3, 60))
    done: list[float] = []
    alone: tuple[list[tuple[float, float]], ...] = ([], [])
    for _ in range(BATCHES):
        start = time.perf_counter()
        for _ in range(count):
            frame()
        finish()
        done.append((time.perf_counter() - start) / count)
        for _ in range(ALONE):
            for seconds in alone:
                start, busy = time.perf_counter(), time.thread_time()
                frame()
                seconds.append((time.perf_counter() - start, time.thread_time() - busy))
            finish()
    return np.array(done), *map(np.array, alone)


def _peers(module: nn.Module, size: int) -> Iterator[tuple[str, np.ndarray]]:
    module = module.float().cuda().eval()
    host = torch.from_numpy(picture(size))[None].pin_memory()
    x = torch.empty_like(host, device="cuda")
    for tf32 in (False, True):
        kind = "TF32" if tf32 else "fp32"
        with torch.inference_mode(), precision(tf32):

            def eager() -> None:
                x.copy_(host, non_blocking=True)
                module(x)

            yield f"PyTorch eager, {kind}", timed(eager, torch.cuda.synchronize)[0]
            replay = graph_of(module, x)

            def graph(replay: Frame = replay) -> None:
                x.copy_(host, non_blocking=True)
                replay()

            yield f"PyTorch CUDA graph, {kind}", timed(graph, torch.cuda.synchronize)[0]
            if tf32 or "--no-compile" in sys.argv:
                continue
            try:
                torch._dynamo.reset()
                compiled = torch.compile(module)
                compiled(x)
            except Exception as error:  # noqa: BLE001 - whatever a compiler fails with, the table goes on
                print(f"| | torch.compile failed: {type(error).__name__} | | | |")
                continue

            def run(compiled: Callable[..., object] = compiled) -> None:
                x.copy_(host, non_blocking=True)
                compiled(x)

            yield f"torch.compile, {kind}", timed(run, torch.cuda.synchronize)[0]


def _onnxruntime(network: Network, size: int) -> Iterator[tuple[str, np.ndarray]]:
    """The network as `studio export` writes it, where there is an onnxruntime that knows the GPU."""
    try:
        import onnxruntime
    except ImportError:
        return
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return
    from studio.io.exporters.onnx import onnx_model

    model, _ = onnx_model(Preset(network.name, network, {}), {"input": Size(size, size)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CUDAExecutionProvider"])
    fed = {session.get_inputs()[0].name: picture(size)[None]}
    yield "onnxruntime, CUDA", timed(lambda: session.run(None, fed), torch.cuda.synchronize)[0]


def graph_of(module: nn.Module, x: torch.Tensor) -> Frame:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            module(x)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        module(x)
    return graph.replay


@contextmanager
def precision(tf32: bool) -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.benchmark
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.benchmark = before


if __name__ == "__main__":
    main()
