"""What the torch engine adds to the bare PyTorch module: the two in turn, medians and the ratio pair by pair."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import torch

from benchmarks.networks import NETWORKS
from studio.engine.torch import TorchEngine

RUNS = 15
SIZE = 256


def rows() -> Iterator[list[str]]:
    """Network, bare seconds, ours, median ratio with its spread, relative L2 difference."""
    yield ["network at 256×256", "bare module", "engine torch", "ours / bare (quartiles)", "difference"]
    for name, make in NETWORKS.items():
        module, network = make()
        picture = np.random.default_rng(0).uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)
        engine = TorchEngine(network, "cpu")
        tensor = torch.from_numpy(picture)[None]

        def bare(module: torch.nn.Module = module, tensor: torch.Tensor = tensor) -> np.ndarray:
            with torch.inference_mode():
                return module(tensor)[0].numpy()

        def ours(engine: TorchEngine = engine, picture: np.ndarray = picture) -> np.ndarray:
            engine.run({"input": picture})
            return engine.output()

        difference = np.linalg.norm(ours() - bare()) / np.linalg.norm(bare())
        pairs = [(seconds(bare), seconds(ours)) for _ in range(RUNS)]
        ratios = np.array([b / a for a, b in pairs])
        low, middle, high = np.percentile(ratios, [25, 50, 75])
        yield [
            name,
            f"{median(a for a, _ in pairs) * 1e3:.1f} ms",
            f"{median(b for _, b in pairs) * 1e3:.1f} ms",
            f"{middle:.2f} ({low:.2f} to {high:.2f})",
            f"{difference:.1e}",
        ]
        engine.close()


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
