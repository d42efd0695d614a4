"""The torch engine against the bare PyTorch module and onnxruntime: all in turn, medians and the ratio turn by turn."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.networks import NETWORKS
from studio.engine.torch import TorchEngine
from studio.io.exporters.onnx import onnx_model
from studio.model.network import Network
from studio.model.op import Array
from studio.model.preset import Preset

RUNS = 15
SIZE = 256
REST = 0.05
Run = Callable[[], Array]


def rows() -> Iterator[list[str]]:
    """Network, medians of all, ours over the faster bare module and over onnxruntime, and how far off the bare one."""
    yield [
        *("network at 256×256", "engine torch", "bare module", "bare, channels last", "onnxruntime"),
        *("ours / faster bare (quartiles)", "ours / onnxruntime (quartiles)", "difference"),
    ]
    for name, make in NETWORKS.items():
        module, network = make()
        picture = np.random.default_rng(0).uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)
        engine = TorchEngine(network, "cpu")

        def ours(engine: TorchEngine = engine, picture: Array = picture) -> Array:
            engine.run({"input": picture})
            return engine.output()

        runs = {
            "ours": ours,
            "bare": _bare(module, picture, torch.contiguous_format),
            "last": _bare(module, picture, torch.channels_last),
            "onnx": _onnxruntime(network, picture),
        }
        wanted = runs["bare"]()
        difference = np.linalg.norm(ours() - wanted) / np.linalg.norm(wanted)
        times = _in_turn({kind: run for kind, run in runs.items() if run is not None})
        medians = {kind: np.median(seconds) for kind, seconds in times.items()}
        bare = min(("bare", "last"), key=medians.__getitem__)
        yield [
            name,
            *(f"{medians[kind] * 1e3:.1f} ms" if kind in medians else "not installed" for kind in runs),
            *(_ratios(times["ours"] / times[kind]) if kind in times else "" for kind in (bare, "onnx")),
            f"{difference:.1e}",
        ]
        engine.close()


def _bare(module: torch.nn.Module, picture: Array, order: torch.memory_format) -> Run:
    own = copy.deepcopy(module).to(memory_format=order)

    def run() -> Array:
        with torch.inference_mode():
            found: Array = own(torch.from_numpy(picture)[None].to(memory_format=order))[0].numpy()
            return found

    return run


def _onnxruntime(network: Network, picture: Array) -> Run | None:
    """The network as `studio export` writes it, on as many threads as PyTorch has."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    model, _ = onnx_model(Preset(network.name, network, {}), {"input": (SIZE, SIZE)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    fed = session.get_inputs()[0].name

    def run() -> Array:
        found: Array = session.run(None, {fed: picture[None]})[0][0]
        return found

    return run


def _in_turn(runs: dict[str, Run]) -> dict[str, np.ndarray]:
    """(RUNS,) seconds of each, after two turns that count for nothing."""
    turns = [[_rested(run) for run in runs.values()] for _ in range(RUNS + 2)]
    return dict(zip(runs, np.array(turns[2:]).T, strict=True))


def _rested(run: Run) -> float:
    # Threads of the one before go on looking for work for a while before they sleep.
    time.sleep(REST)
    return seconds(run)


def _ratios(values: np.ndarray) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    for line in rows():
        print(" | ".join(line))
