"""Networks small enough for a test, and engines to run them on."""

from __future__ import annotations

import gc
import math
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from studio.engine.base import Engine
from studio.engine.torch.engine import TorchEngine
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops import operator

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("torch", "gl", "gl-fragment")

REQUIRED = frozenset(filter(None, os.environ.get("STUDIO_TESTS_REQUIRE", "").split(",")))
"""What must not be missing: "gl", "window". Where it is, tests fail that are passed over elsewhere."""


class Clock:
    """Stands for the module `time` in one that looks at a clock; the test turns it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


EngineFor = Callable[[Network], Engine]


def least_seconds(work: Callable[[], object], times: int = 10) -> float:
    """Of the processor, in this thread, that something takes: the least of several times, with no garbage collected.

    What the machine has to do besides is in some of them, and what is dear in itself is in every one.
    """
    found = math.inf
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(times):
            began = time.thread_time()
            work()
            found = min(found, time.thread_time() - began)
    finally:
        if was_enabled:
            gc.enable()
    return found


def hear_interrupts() -> None:
    """To be run in a child before its program: shells start what they put in the background deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def without(what: str, why: str) -> NoReturn:
    """Pass over a test that cannot run here, or fail it where what it needs is required."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required by STUDIO_TESTS_REQUIRE, but: {why}")
    pytest.skip(why)


def layer(name: str, op: str, reads: str | Sequence[str], **params: object) -> Node:
    return Node(name, operator(op).model_validate(params), (reads,) if isinstance(reads, str) else tuple(reads))


def random_tensors(graph: Graph, seed: int = 0) -> dict[str, Array]:
    """Weights that keep activations near 1; variances are positive."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in graph.tensor_shapes.items():
        if name.endswith("running_var"):
            found[name] = rng.uniform(0.5, 2.0, shape).astype(np.float32)
        else:
            spread = 1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.5
            found[name] = (rng.standard_normal(shape) * spread).astype(np.float32)
    return found


def network(*nodes: Node, inputs: Sequence[Input] = (Input("input"),), seed: int = 0, name: str = "made") -> Network:
    """A network of these layers with random weights; the last one given is its output."""
    graph = Graph(tuple(inputs), nodes, nodes[-1].name)
    return Network(name, graph, random_tensors(graph, seed))


def single(op: str, *channels: int, seed: int = 0, **params: object) -> Network:
    """One layer called "layer" that reads inputs "in0", "in1" and so on."""
    inputs = [Input(f"in{k}", count) for k, count in enumerate(channels)]
    return network(layer("layer", op, [i.name for i in inputs], **params), inputs=inputs, seed=seed)


def tiny_network(seed: int = 0) -> Network:
    """Half the size and back, 3 channels to 3: what pictures are run through where the network does not matter."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=4, stride=2, padding=1),
        layer("act", "ReLU", "enc"),
        layer("dec", "ConvTranspose2d", "act", in_channels=6, out_channels=3, kernel_size=4, stride=2, padding=1),
        layer("out", "Sigmoid", "dec"),
        seed=seed,
        name="tiny",
    )


def branched_network(seed: int = 0) -> Network:
    """Every kind of tensor, and a skip connection: two branches from the input that meet in "join"."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=(4, 2), stride=2, padding=(1, 0)),
        layer("act", "LeakyReLU", "enc", negative_slope=0.2),
        layer("mid", "Conv2d", "act", in_channels=6, out_channels=9, kernel_size=3, padding=1, groups=3, bias=False),
        layer("up", "ConvTranspose2d", "mid", in_channels=9, out_channels=6, kernel_size=2, stride=2, groups=3),
        layer("skip", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=1),
        layer("join", "Concat", ("up", "skip")),
        layer("norm", "BatchNorm2d", "join", num_features=11),
        layer("frac", "FractionalConv2d", "norm", in_channels=11, out_channels=3, kernel_size=4),
        layer("out", "Tanh", "frac"),
        seed=seed,
        name="branched",
    )


def deep_network(depth: int) -> Network:
    """A chain of stride-2 convolutions and back: pictures must be multiples of 2 ** depth."""
    nodes, reads = [], "input"
    for k in range(depth):
        nodes.append(
            layer(f"down{k}", "Conv2d", reads, in_channels=3, out_channels=3, kernel_size=4, stride=2, padding=1)
        )
        reads = f"down{k}"
    for k in range(depth):
        nodes.append(
            layer(f"up{k}", "ConvTranspose2d", reads, in_channels=3, out_channels=3, kernel_size=4, stride=2, padding=1)
        )
        reads = f"up{k}"
    return network(*nodes, name="deep")


def identity_network() -> Network:
    """One 1×1 convolution that changes nothing: what goes in comes out bit for bit."""
    made = network(layer("same", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1), name="identity")
    eye = np.eye(3, dtype=np.float32)[:, :, None, None]
    return made.with_tensors({"same.weight": eye, "same.bias": np.zeros(3, np.float32)})


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def on_torch(made: Network) -> Engine:
    return TorchEngine(made, "cpu")


def activations(engine: Engine) -> dict[str, Array]:
    return {node.name: engine.activation(node.name) for node in engine.graph.nodes}


def assert_same_bits(found: Mapping[str, Array], wanted: Mapping[str, Array]) -> None:
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def conditioned(usual: float, wanted: Array, inputs: Sequence[Array], compute: Callable[[list[Array]], Array]) -> float:
    """How far apart two ways to compute something in float32 may be: where sums cancel, what the last digit decides.

    Args:
        usual: the tolerance where nothing cancels, a relative L2 error.
        wanted: what `compute` makes of the inputs.
        inputs: float32.
        compute: one of the two ways.
    """
    rng = np.random.default_rng(0)

    def nudged(x: Array) -> Array:
        step = np.float32(2.0**-23) * np.abs(x).max(initial=0.0)
        return np.asarray(x + step * rng.choice([-1.0, 1.0], x.shape), np.float32)

    return max(usual, *(4 * relative_error(compute([nudged(x) for x in inputs]), wanted) for _ in range(4)))


def relative_error(found: Array, wanted: Array) -> float:
    """L2 norm of the difference over that of what was wanted."""
    assert found.shape == wanted.shape
    size = float(np.linalg.norm(wanted.astype(np.float64)))
    return float(np.linalg.norm(found.astype(np.float64) - wanted)) / (size or 1.0)
