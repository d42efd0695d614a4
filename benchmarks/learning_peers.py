"""Learning on the CPU against its peers: ``python -m benchmarks.learning_peers [tfjs] [convnetjs] [loop]``.

- ``tfjs``: a step of `gl` and `gl-fragment` on the software rasteriser against TensorFlow.js's `trainOnBatch`, WebGL in
  Chromium on the same rasteriser: the autoencoder 3-64-256-64-3, one picture of 128×128, Adam, in turns.
- ``convnetjs``: engine `torch` on one core against ConvNetJS in node on the network of its CIFAR-10 demo, 64 examples a
  step; seconds are the processor's.
- ``loop``: engine `torch` on one core against a loop written by hand in PyTorch, 16 crops of 64×64 a step, and again
  with what the window shows of it. Pairs of steps; seconds are the processor's, so that other work matters less.

Losses of the same steps from the same weights are compared first.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.figures import quartiled
from benchmarks.networks import autoencoder_transposed
from benchmarks.tfjs import MissingError, tensorflow_js
from studio.engine.choose import probe_gl
from studio.learn.backend import Backend
from studio.learn.learner import Learner
from studio.learn.lesson import Batch
from studio.learn.losses import L2
from studio.learn.on_torch import TorchBackend
from studio.learn.optimisers import SGD, Adam
from studio.learn.prepare import Asked, open_network, prepare
from studio.learn.settings import Settings, objective_of, open_backend
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops import operator
from studio.runtime.learning.look import DeadUnits, maps_of, pictures_of

RATE = 1e-3
_BLACK = np.zeros((1, 1, 3), np.uint8)
CONVNETJS = Path(__file__).parent / "convnetjs_peer"


def main() -> None:
    """Print the tables that were asked for."""
    asked = sys.argv[1:] or ["tfjs", "convnetjs", "loop"]
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, OpenGL: {probe_gl().renderer}")
    for name, rows in {"tfjs": tfjs, "convnetjs": convnetjs, "loop": loop}.items():
        if name in asked:
            print()
            for number, row in enumerate(rows()):
                print(f"| {' | '.join(row)} |", flush=True)
                if not number:
                    print("| --- " * len(row) + "|")


# -- TensorFlow.js ----------------------------------------------------------------------------------------------------

SIDE, STEPS, TURNS = 128, 3, 7


def tfjs() -> Iterator[list[str]]:
    """Seconds a step of ours and theirs, in turn."""
    yield ["engine", "TensorFlow.js", "ours", "theirs / ours (least to most)", "losses apart after 9 steps"]
    _, network = autoencoder_transposed()
    picture = np.random.default_rng(0).uniform(0, 1, (3, SIDE, SIDE)).astype(np.float32)
    batch = Batch({"input": picture[None]}, picture[None], (_BLACK, _BLACK))
    try:
        with tensorflow_js(network, picture) as peer:
            names = ("gl", "gl-fragment") if probe_gl().has_compute else ("gl-fragment",)
            objective = objective_of(network, Settings(Size(SIDE, SIDE), (L2(),)))
            ours = {name: open_backend(objective, Adam(), name) for name in names}
            theirs, told = _losses(3 * STEPS, lambda: _told(peer.train(1, RATE), peer.output[0])), {}
            for name, backend in ours.items():
                found = _losses(3 * STEPS, lambda backend=backend: _step(backend, batch))  # type: ignore[misc]
                told[name] = f"{np.abs(found / theirs - 1).max():.0e}"
            turns = [
                (peer.train(STEPS, RATE), *(_seconds(backend, batch, STEPS) for backend in ours.values()))
                for _ in range(TURNS)
            ]
            for number, (name, backend) in enumerate(ours.items(), start=1):
                ratios = sorted(turn[0] / turn[number] for turn in turns)
                yield [
                    name,
                    f"{np.median([turn[0] for turn in turns]) / STEPS:.3f} s",
                    f"{np.median([turn[number] for turn in turns]) / STEPS:.3f} s",
                    f"{np.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
                    told[name],
                ]
                backend.close()
            yield [f"TensorFlow.js {peer.version} on {peer.renderer}"]
    except MissingError as reason:
        yield [f"Not compared with TensorFlow.js: {reason}"]


def _told(_: float, loss: float) -> float:
    return float(loss)


def _losses(steps: int, step: Callable[[], float]) -> Array:
    return np.array([step() for _ in range(steps)], np.float64)


def _step(backend: Backend, batch: Batch, rate: float = RATE) -> float:
    backend.accumulate(batch, 1.0)
    return backend.apply(rate, np.inf).total


def _seconds(backend: Backend, batch: Batch, steps: int) -> float:
    start = time.perf_counter()
    for _ in range(steps):
        _step(backend, batch)
    backend.tensor(backend.objective.learns[0])
    return time.perf_counter() - start


# -- ConvNetJS --------------------------------------------------------------------------------------------------------

EXAMPLES, SLOW = 64, 0.01


def convnetjs() -> Iterator[list[str]]:
    """Milliseconds of one core an example."""
    yield ["ConvNetJS in node", "engine torch", "theirs / ours (least to most)", "losses apart after 5 steps"]
    if shutil.which("node") is None or shutil.which("npm") is None:
        yield ["Not compared with ConvNetJS: there is no node."]
        return
    if not (CONVNETJS / "node_modules/convnetjs").exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=CONVNETJS, check=True, capture_output=True)
    torch.set_num_threads(1)
    words = ["node", "train.js", str(EXAMPLES), str(SLOW), "7"]
    with subprocess.Popen(words, cwd=CONVNETJS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        backend, batch = _cifar(json.loads(process.stdout.readline()))

        def theirs(steps: int) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{steps}\n")
            process.stdin.flush()
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found

        # They follow the gradient of half the sum of ten squares, and say twice that sum; ours is the squares' mean. So
        # our rate is five times theirs.
        wanted = np.array(theirs(5)["losses"]) / 20
        apart = np.abs(_losses(5, lambda: _step(backend, batch, 5 * SLOW)) / wanted - 1).max()
        pairs = []
        for _ in range(5):
            told = theirs(1)["seconds"]
            pairs.append((told, _processor(lambda: _step(backend, batch, 0.0), 20)))
        process.terminate()
    ratios = sorted(a / b for a, b in pairs)
    each = [np.median([pair[k] for pair in pairs]) / EXAMPLES * 1e3 for k in (0, 1)]
    yield [
        *(f"{ms:.2f} ms" for ms in each),
        f"{np.median(ratios):.0f} ({ratios[0]:.0f} to {ratios[-1]:.0f})",
        f"{apart:.0e}",
    ]


def _processor(work: Callable[[], object], times: int = 1) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def _cifar(told: dict[str, Any]) -> tuple[Backend, Batch]:
    """The same network, with its weights as ConvNetJS began: a filter is (kh, kw, I) there, and so is a map."""
    nodes: list[Node] = []
    tensors: dict[str, Array] = {}
    reads, channels = "input", 3
    for number, layer in enumerate(told["layers"][:-1], start=1):
        filters = np.array(layer["filters"], np.float32)
        weight = filters.reshape(len(filters), 5, 5, channels).transpose(0, 3, 1, 2)
        tensors |= {f"conv{number}.weight": np.ascontiguousarray(weight)}
        tensors |= {f"conv{number}.bias": np.array(layer["biases"], np.float32)}
        size = {"in_channels": channels, "out_channels": len(filters), "kernel_size": 5, "padding": 2}
        for kind, name, params in (
            ("Conv2d", f"conv{number}", size),
            ("ReLU", f"act{number}", {}),
            ("MaxPool2d", f"pool{number}", {"kernel_size": 2, "stride": 2}),
        ):
            nodes.append(Node(name, operator(kind).model_validate(params), (reads,)))
            reads = name
        channels = len(filters)
    last = told["layers"][-1]
    weight = np.array(last["filters"], np.float32).reshape(10, 4, 4, channels).transpose(0, 3, 1, 2)
    tensors |= {"out.weight": np.ascontiguousarray(weight), "out.bias": np.array(last["biases"], np.float32)}
    whole = {"in_channels": channels, "out_channels": 10, "kernel_size": 4}
    nodes.append(Node("out", operator("Conv2d").model_validate(whole), (reads,)))
    network = Network("cifar", Graph((Input("input", range=(-0.5, 0.5)),), tuple(nodes), "out"), tensors)
    pictures = np.array(told["pictures"], np.float32).reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)
    wanted = np.array(told["wanted"], np.float32).reshape(-1, 10, 1, 1)
    backend = TorchBackend(objective_of(network, Settings(Size(32, 32), (L2(),))), SGD(momentum=0.0))
    return backend, Batch({"input": np.ascontiguousarray(pictures)}, wanted, (_BLACK, _BLACK))


# -- a loop by hand ---------------------------------------------------------------------------------------------------

PAIRS, CROPS, CROP = 60, 16, 64


def loop() -> Iterator[list[str]]:
    """Milliseconds of one core a step."""
    yield ["", "by hand", "engine torch", "ours / by hand, pair by pair (quartiles)", "all steps together"]
    torch.set_num_threads(1)
    learner, _ = prepare(open_network("new:autoencoder,seed=1"), Asked("demo", size=CROP, batch=CROPS), "torch")
    hand = _by_hand(learner)
    yield _paired("16 crops of 64×64, Adam", hand, learner.step, PAIRS)
    looks = Looks(learner)
    yield _paired("the same, and what the window shows of it", hand, looks.step, PAIRS)


def _paired(what: str, hand: Callable[[], object], ours: Callable[[], object], count: int) -> list[str]:
    for _ in range(3):
        hand()
        ours()
    pairs = []
    for number in range(count):
        both = (hand, ours) if number % 2 else (ours, hand)
        first, second = (_processor(work) for work in both)
        pairs.append((first, second) if number % 2 else (second, first))
    each = [f"{np.median([pair[k] for pair in pairs]) * 1e3:.1f} ms" for k in (0, 1)]
    together = sum(b for _, b in pairs) / sum(a for a, _ in pairs)
    return [what, *each, quartiled([b / a for a, b in pairs], 3), f"{together:.3f}"]


def _by_hand(learner: Learner) -> Callable[[], float]:
    """The same lesson as one writes it in PyTorch: the same pictures, crops, mirrors and network, channels last."""
    pictures = torch.from_numpy(np.stack(learner.lesson.bank.pictures))
    height, width = pictures.shape[1:3]
    module, _ = autoencoder_transposed()
    module.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(module.parameters(), RATE, fused=True)
    rng = np.random.default_rng(0)

    def step() -> float:
        crops = []
        for _ in range(CROPS):
            number, y, x = (int(rng.integers(n)) for n in (len(pictures), height - CROP + 1, width - CROP + 1))
            crop = pictures[number, y : y + CROP, x : x + CROP]
            crops.append(crop.flip(1) if rng.random() < 0.5 else crop)
        batch = torch.stack(crops).permute(0, 3, 1, 2).float().div_(255)
        optimiser.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(module(batch), batch)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


class Looks:
    """A learner with what the window asks of it beside its steps, as often as there: weights, pictures, gradients."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._first, self._dead = learner.result(), DeadUnits()
        self._weights_at = self._pictures_at = 0.0
        learner.watch(["enc2"])

    def step(self) -> None:
        """A step, and what is due."""
        learner = self._learner
        learner.step()
        if (now := time.process_time()) >= self._weights_at:
            for name in learner.backend.changing():
                learner.tensor(name)
            self._weights_at = _next(now, 0.1)
        if (now := time.process_time()) >= self._pictures_at:
            maps = maps_of(learner.result(), learner)
            pictures_of(learner, self._first, maps)
            self._dead.look(learner, maps)
            learner.gradient("enc2.weight")
            learner.map_gradient("enc2")
            self._pictures_at = _next(now, 0.7)


def _next(began: float, every: float) -> float:
    """When something may be told again, as `studio.runtime.learning.trainer` has it."""
    now = time.process_time()
    return now + max(every, 10 * (now - began))


if __name__ == "__main__":
    main()
