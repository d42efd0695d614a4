"""Steps of learning on a GPU, `gl` against PyTorch on the same GPU: ``python -m benchmarks.learning [--layers]``.

A step is forward, backward and Adam, of the mean squared error of one picture. Correctness comes first: fresh random
pictures, every map poisoned with NaN before the run, and all gradients compared with PyTorch's in float64. Then steps
run one after the other in batches that are waited for; what they came to is read when it is there. A figure is the
median over batches, with quartiles; the last column but one is a figure over that of `gl`.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import numpy as np
import torch
from torch import nn

from benchmarks.figures import quartiled
from benchmarks.gpu import Frame, poison, precision
from benchmarks.networks import autoencoder_transposed, pix2pix
from studio.engine.gl.driver.device import Device, open_device
from studio.learn.bank import Bank
from studio.learn.lesson import Batch, Same
from studio.learn.losses import L2
from studio.learn.objective import WANTED
from studio.learn.on_gl import GLBackend
from studio.learn.optimisers import Adam
from studio.learn.settings import Settings, objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

BATCHES = 15
RATE = 1e-4
_BLACK = np.zeros((1, 1, 3), np.uint8)

CASES: list[tuple[str, Callable[[], tuple[nn.Module, Network]], int]] = [
    ("autoencoder, transposed", autoencoder_transposed, 256),
    ("pix2pix-256", pix2pix, 256),
]


def main() -> None:
    """Check and time every case; exit with status 1 where gradients are wrong."""
    device = open_device()
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {torch.cuda.get_device_name()}, PyTorch {torch.__version__}, ", end="")
    print(f"{device.renderer}, OpenGL {device.version}")
    print("| network | engine | ms a step (quartiles) | over gl | gradients: relative L2 |")
    print("| --- | --- | --- | --- | --- |")
    good = True
    for name, make, size in CASES:
        module, network = make()
        backend = GLBackend(objective_of(network, Settings(Size(size, size), (L2(),), batch=1)), Adam(), "gl", device)
        # Nobody looks on: what is fastest is measured before the first step, and not between others.
        backend.engine.tunes_later = False
        # Of three pictures: a ReLU whose input is zero but for rounding lets through in one what it holds in the other.
        error, theirs = np.median([_error(backend, size) for _ in range(3)], axis=0)
        good &= error <= 2e-3
        ours, cpu = _ours(backend, device, size)
        print(f"| {name}, {size}² | gl | {_shown(ours)} | | {error:.1e}, PyTorch in float32 {theirs:.1e} |")
        for when, seconds in cpu.items():
            print(f"| | gl, giving a step {when}: processor time | {_shown(seconds)} | | |", flush=True)
        if "--layers" in sys.argv:
            _layers(backend, size)
        backend.close()
        for peer, times in _peers(module, size):
            print(f"| | {peer} | {_shown(times)} | {np.median(times) / np.median(ours):.2f} | |", flush=True)
    sys.exit(0 if good else 1)


def _shown(times: Array) -> str:
    return quartiled(times * 1e3, 3)


def _pictures(size: int) -> tuple[Array, Array]:
    made = np.random.default_rng().uniform(0, 1, (2, 3, size, size)).astype(np.float32)
    return made[0], made[1]


def _batch(shown: Array, wanted: Array) -> Batch:
    return Batch({"input": shown[None]}, wanted[None], (_BLACK, _BLACK))


def _error(backend: GLBackend, size: int) -> tuple[float, float]:
    """Of all gradients together against float64, of ours and of PyTorch in float32."""
    backend.accumulate(_batch(*_pictures(size)), 1.0)
    backend.apply(0.0, np.inf)
    poison(backend.engine)
    shown, wanted = _pictures(size)
    backend.accumulate(_batch(shown, wanted), 1.0)
    backend.apply(0.0, np.inf)
    right = _autograd(backend, shown, wanted, torch.float64)
    mine = {name: backend.gradient(name) for name in right}
    return _apart(mine, right), _apart(_autograd(backend, shown, wanted, torch.float32), right)


def _autograd(backend: GLBackend, shown: Array, wanted: Array, kind: torch.dtype) -> dict[str, np.ndarray]:
    objective = backend.objective
    with precision(tf32=False):
        tensors = {name: torch.tensor(value).to("cuda", kind) for name, value in objective.network.tensors.items()}
        for name in objective.learns:
            tensors[name].requires_grad_()
        maps = {
            "input": torch.tensor(shown)[None].to("cuda", kind),
            WANTED: torch.tensor(wanted)[None].to("cuda", kind),
        }
        for node in objective.network.graph.nodes:
            own = {key: tensors[name] for key, name in node.tensor_names.items()}
            maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
        total = maps[objective.aims[0].total].sum()
        found = torch.autograd.grad(total, [tensors[name] for name in objective.learns])
    return {name: grad.cpu().numpy() for name, grad in zip(objective.learns, found, strict=True)}


def _apart(mine: Mapping[str, np.ndarray | None], right: Mapping[str, np.ndarray]) -> float:
    squares = 0.0
    for name, grad in right.items():
        held = mine[name]
        assert held is not None
        squares += float(((held - grad) ** 2).sum())
    error = math.sqrt(squares / sum(float((grad**2).sum()) for grad in right.values()))
    return error if math.isfinite(error) else math.inf


def _ours(backend: GLBackend, device: Device, size: int) -> tuple[Array, dict[str, Array]]:
    """Seconds of a step, and of the processor's time that giving it takes, as in `benchmarks.gpu`.

    Pictures are cut on the device, as in every lesson that shows pictures as they are.
    """
    rng = np.random.default_rng()
    lesson = Same(Bank([rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(8)], "noise"))

    def step() -> None:
        batch = lesson.batch(rng, 1, backend.engine.graph, Size(size, size), Size(size, size))
        backend.accumulate(batch, 1.0)
        backend.take(RATE, np.inf)
        backend.outcomes(wait=False)

    def finish() -> None:
        assert all(outcome.is_finite for outcome in backend.outcomes(wait=True))
        device.finish()

    done = timed(step, finish)
    given: dict[str, list[float]] = {"after a wait": [], "right behind it": []}
    for _ in range(60):
        for seconds in given.values():
            busy = time.thread_time()
            step()
            seconds.append(time.thread_time() - busy)
        finish()
    return done, {name: np.array(seconds) for name, seconds in given.items()}


def timed(step: Frame, finish: Frame) -> Array:
    """Seconds of a step, batch by batch, until it is done."""
    for _ in range(3):
        step()
    finish()
    start = time.perf_counter()
    for _ in range(3):
        step()
    finish()
    count = int(np.clip(0.1 / ((time.perf_counter() - start) / 3), 3, 60))
    done = []
    for _ in range(BATCHES):
        start = time.perf_counter()
        for _ in range(count):
            step()
        finish()
        done.append((time.perf_counter() - start) / count)
    return np.array(done)


def _layers(backend: GLBackend, size: int) -> None:
    """GPU time of every pass of the engine."""
    engine = backend.engine
    engine.time_every = 0
    found: dict[str, list[float]] = {}
    shown, wanted = _pictures(size)
    for _ in range(20):
        engine.run({"input": shown, WANTED: wanted})
        for name, seconds in engine.times().items():
            found.setdefault(name, []).append(seconds)
    engine.time_every = float("inf")
    medians = {name: float(np.median(seconds)) for name, seconds in found.items()}
    passes = sum(seconds > 0 for seconds in medians.values())
    print(f"    {sum(medians.values()) * 1e3:.3f} ms in {passes} passes")
    for name, seconds in sorted(medians.items(), key=lambda each: -each[1])[:40]:
        print(f"    {name:24} {seconds * 1e6:8.1f} us  {backend.engine.shape(name)}")


def _peers(module: nn.Module, size: int) -> Iterator[tuple[str, Array]]:
    module = module.float().cuda().train()
    hosts = [torch.from_numpy(values)[None].pin_memory() for values in _pictures(size)]
    for tf32 in (False, True):
        kind = "TF32" if tf32 else "fp32"
        with precision(tf32):
            shown, wanted = (torch.empty_like(host, device="cuda") for host in hosts)
            optimiser = torch.optim.Adam(module.parameters(), RATE, fused=True, capturable=True)

            def upload(shown: torch.Tensor = shown, wanted: torch.Tensor = wanted) -> None:
                shown.copy_(hosts[0], non_blocking=True)
                wanted.copy_(hosts[1], non_blocking=True)

            def work(
                optimiser: torch.optim.Optimizer = optimiser,
                shown: torch.Tensor = shown,
                wanted: torch.Tensor = wanted,
            ) -> None:
                optimiser.zero_grad(set_to_none=True)
                nn.functional.mse_loss(module(shown), wanted).backward()
                optimiser.step()

            def eager(upload: Frame = upload, work: Frame = work) -> None:
                upload()
                work()

            yield f"PyTorch eager, {kind}", timed(eager, torch.cuda.synchronize)
            replay = _graph(work)

            def graph(upload: Frame = upload, replay: Frame = replay) -> None:
                upload()
                replay()

            yield f"PyTorch CUDA graph, {kind}", timed(graph, torch.cuda.synchronize)


def _graph(work: Frame) -> Frame:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


if __name__ == "__main__":
    main()
