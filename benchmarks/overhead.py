"""The torch engine against the bare PyTorch module and onnxruntime: medians, and the ratio turn by turn.

Who comes after whom changes from turn to turn. onnxruntime's threads go on looking for work for a while after a run and
slow down whoever comes next, so it has turns of its own, with a rest before each run, once the others have had theirs.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.figures import quartiled
from benchmarks.networks import NETWORKS
from studio.engine.torch.engine import TorchEngine
from studio.io.exporters.onnx import onnx_model
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array

RUNS = 25
SIZE = 256
REST = 0.3
Run = Callable[[], Array]


def rows() -> Iterator[list[str]]:
    """Network, medians of all, ours over the faster bare module and over onnxruntime, and how far off the bare one."""
    yield [
        *("network at 256×256", "engine torch", "bare module", "bare, channels last", "ours / faster bare (quartiles)"),
        *("rested: engine torch", "onnxruntime", "ours / onnxruntime (quartiles)", "difference"),
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
        }
        wanted = runs["bare"]()
        difference = np.linalg.norm(ours() - wanted) / np.linalg.norm(wanted)
        times = _in_turn(runs, rest=0)
        medians = {kind: np.median(seconds) for kind, seconds in times.items()}
        bare = min(("bare", "last"), key=medians.__getitem__)
        onnx = _onnxruntime(network, picture)
        rested = _in_turn({"ours": ours} | ({} if onnx is None else {"onnx": onnx}), rest=REST)
        yield [
            name,
            *(f"{median * 1e3:.1f} ms" for median in medians.values()),
            quartiled(times["ours"] / times[bare]),
            *(f"{np.median(found) * 1e3:.1f} ms" for found in rested.values()),
            *((quartiled(rested["ours"] / rested["onnx"]),) if "onnx" in rested else ("not installed", "")),
            f"{difference:.1e}",
        ]
        engine.close()


def _bare(module: torch.nn.Module, picture: Array, order: torch.memory_format) -> Run:
    own = copy.deepcopy(module).to(memory_format=order)  # type: ignore[call-overload]

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
    model, _ = onnx_model(Preset(network.name, network, {}), {"input": Size(SIZE, SIZE)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    fed = session.get_inputs()[0].name

    def run() -> Array:
        found: Array = session.run(None, {fed: picture[None]})[0][0]
        return found

    return run


def _in_turn(runs: dict[str, Run], rest: float) -> dict[str, np.ndarray]:
    """(RUNS,) seconds of each, with so many seconds of rest before; two turns before them count for nothing."""
    order = np.random.default_rng(0)
    times: dict[str, list[float]] = {kind: [] for kind in runs}
    for _ in range(RUNS + 2):
        for kind in order.permutation(list(runs)):
            time.sleep(rest)
            times[kind].append(seconds(runs[kind]))
    return {kind: np.array(found[2:]) for kind, found in times.items()}


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    for line in rows():
        print(" | ".join(line))
