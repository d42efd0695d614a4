"""Both GL engines on a software rasteriser against TensorFlow.js's WebGL backend in Chromium on the same rasteriser.

The same graph is built in TensorFlow.js's layers API from the same weights (`benchmarks/tfjs_page`), and its output
compared with PyTorch's. A server here hands the page graph and weights, and tells it when to run, so that ours and
theirs take turns.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import torch

from benchmarks.networks import pix2pix
from benchmarks.overhead import seconds
from studio.engine.base import Engine
from studio.engine.choose import Probe, open_engine, probe_gl
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array

SIZE = 256
RUNS = 5
PATIENCE = 240
PAGE = Path(__file__).parent / "tfjs_page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A browser without a display, network traffic of its own, or a list of drivers that it distrusts; OpenGL through EGL
# is the system's driver, so that both are drawn by the same rasteriser.
FLAGS = (
    *("--headless", "--no-sandbox", "--no-first-run", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--ignore-gpu-blocklist", "--use-gl=angle", "--use-angle=gl-egl"),
)


class MissingError(Exception):
    """TensorFlow.js cannot run here; one sentence says why."""


def rows() -> Iterator[list[str]]:
    """Engine, seconds of ours and theirs, ratio with its spread, and both outputs' distance to PyTorch's."""
    yield ["pix2pix-256", "TensorFlow.js", "ours", "theirs / ours (least to most)", "difference (theirs, ours)"]
    probe = probe_gl()
    if probe.problem:
        yield [f"Not compared with TensorFlow.js: {probe.problem}"]
        return
    module, network = pix2pix()
    picture = np.random.default_rng(0).uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)
    with torch.inference_mode():
        wanted = module(torch.from_numpy(picture)[None])[0].numpy()
    try:
        with tensorflow_js(network, picture) as peer:
            yield from _compare(peer, network, picture, wanted, probe)
    except MissingError as reason:
        yield [f"Not compared with TensorFlow.js: {reason}"]


def _compare(peer: Peer, network: Network, picture: Array, wanted: Array, probe: Probe) -> Iterator[list[str]]:
    names = ("gl", "gl-fragment") if probe.has_compute else ("gl-fragment",)
    engines = {name: open_engine(network, name)[0] for name in names}

    def run(engine: Engine) -> None:
        engine.run({"input": picture})
        engine.output()

    for engine in engines.values():  # each finds out how to cut its draws
        run(engine)
        run(engine)
    turns = [(peer.run(), *(seconds(partial(run, engine)) for engine in engines.values())) for _ in range(RUNS)]
    theirs = _distance(peer.output.reshape(SIZE, SIZE, 3).transpose(2, 0, 1), wanted)
    for number, (name, engine) in enumerate(engines.items(), start=1):
        ratios = sorted(turn[0] / turn[number] for turn in turns)
        yield [
            name,
            f"{median(turn[0] for turn in turns):.2f} s",
            f"{median(turn[number] for turn in turns):.2f} s",
            f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
            f"{theirs:.1e}, {_distance(engine.output(), wanted):.1e}",
        ]
        engine.close()
    yield [f"TensorFlow.js {peer.version} on {peer.renderer}; ours on {probe.renderer}."]


def _distance(found: Array, wanted: Array) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


class Peer:
    """A page that runs one network in TensorFlow.js.

    Attributes:
        renderer: what draws for it, as its driver calls itself.
        version: of TensorFlow.js.
        output: float32, (H * W * C) of the last run, or the losses of the last steps.
    """

    def __init__(self, told: Queue[tuple[str, bytes]], orders: Queue[str]) -> None:
        self._told, self._orders = told, orders
        facts = json.loads(self._wait("ready"))
        if not facts["floats"]:
            raise MissingError("it would render to 16-bit floats here.")
        self.renderer: str = facts["renderer"]
        self.version: str = facts["version"]
        for _ in range(2):  # its shaders are compiled in the first
            self.run()

    def run(self) -> float:
        """Seconds of one run, from the picture in memory to the output in memory."""
        return self._ask("run")

    def train(self, steps: int, rate: float) -> float:
        """Seconds of so many steps of Adam towards the picture itself; `output` has their mean squared errors."""
        return self._ask(f"train {steps} {rate}")

    def _ask(self, what: str) -> float:
        self._orders.put(what)
        milliseconds, values = self._wait("result").split(b"\n", 1)
        self.output = np.frombuffer(values, "<f4")
        return float(milliseconds) / 1e3

    def _wait(self, wanted: str) -> bytes:
        try:
            path, body = self._told.get(timeout=PATIENCE)
        except Empty:
            raise MissingError(f"its page has said nothing for {PATIENCE} seconds.") from None
        if path != wanted:
            raise MissingError(f"its page failed ({body.decode()}).")
        return body


@contextmanager
def tensorflow_js(network: Network, picture: Array) -> Iterator[Peer]:
    """A browser with the network and the input in it, until the end of the block.

    Raises:
        MissingError: where there is no browser, or TensorFlow.js cannot be installed.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise MissingError("there is no Chromium.")
    _install()
    graph, weights = described(network, picture)
    files = {
        "graph.json": json.dumps(graph).encode(),
        "weights.bin": b"".join(tensor.tobytes() for tensor in weights),
        "input.bin": np.ascontiguousarray(picture.transpose(1, 2, 0)).tobytes(),
    }
    told: Queue[tuple[str, bytes]] = Queue()
    orders: Queue[str] = Queue()
    server = ThreadingHTTPServer(("localhost", 0), partial(_Handler, files, told, orders))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        page = f"http://localhost:{server.server_address[1]}/index.html"
        command = [browser, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", page]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield Peer(told, orders)
        finally:
            orders.put("stop")
            process.terminate()
            process.wait()
            server.shutdown()
            server.server_close()


def _install() -> None:
    """Install what the lock file says, once."""
    if (PAGE / "node_modules/@tensorflow/tfjs/dist/tf.min.js").exists():
        return
    if shutil.which("npm") is None:
        raise MissingError("there is no npm to install it with.")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"]
    done = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"npm could not install it ({done.stderr.strip().splitlines()[-1]}).")


class _Handler(SimpleHTTPRequestHandler):
    """Serves the page and what is made for it, and passes on what it tells."""

    def __init__(
        self, files: dict[str, bytes], told: Queue[tuple[str, bytes]], orders: Queue[str], *arguments: Any
    ) -> None:
        self._files, self._told, self._orders = files, told, orders
        super().__init__(*arguments, directory=str(PAGE))

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.lstrip("/")
        if name != "next" and name not in self._files:
            super().do_GET()
            return
        body = self._orders.get().encode() if name == "next" else self._files[name]
        self._answer(body)

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        taken = parse_qs(address.query).get("milliseconds")
        self._told.put((address.path.lstrip("/"), f"{taken[0]}\n".encode() + body if taken else body))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


# -- the network in TensorFlow's terms --------------------------------------------------------------------------------


def described(network: Network, picture: Array) -> tuple[dict[str, object], list[Array]]:
    """The graph as the page reads it, and its tensors in TensorFlow's layouts."""
    layers: list[dict[str, object]] = []
    weights: list[Array] = []
    for node in network.graph.nodes:
        kind, config = _layer(node)
        own = [
            np.ascontiguousarray(network.tensors[f"{node.owner}.{key}"].transpose(_axes(key, kind)))
            for key in _TENSORS.get(kind, ())
        ]
        weights += own
        shapes = [tensor.shape for tensor in own]
        layers.append({"name": node.name, "kind": kind, "inputs": node.inputs, "config": config, "weights": shapes})
    channels, height, width = picture.shape
    source = {"name": network.graph.inputs[0].name, "shape": (height, width, channels)}
    return {"input": source, "output": network.graph.output, "layers": layers}, weights


_TENSORS = {
    "conv2d": ("weight", "bias"),
    "conv2dTranspose": ("weight", "bias"),
    "batchNormalization": ("weight", "bias", "running_mean", "running_var"),
}


def _axes(key: str, kind: str) -> tuple[int, ...]:
    """Theirs of ours: (O, I, kh, kw) and, transposed, (I, O, kh, kw) to (kh, kw, I, O) and (kh, kw, O, I)."""
    return (2, 3, 1, 0) if key == "weight" and kind != "batchNormalization" else (0,)


def _layer(node: Node) -> tuple[str, dict[str, object]]:
    """The layer's kind and settings, for those that pix2pix and the autoencoder have."""
    settings = node.op.model_dump()
    kind = type(node.op).__name__
    if kind in ("Conv2d", "ConvTranspose2d"):
        # Of an even map, "same" is a padding of one on all sides, as pix2pix has it.
        assert settings["kernel_size"] == (4, 4)
        assert settings["stride"] == (2, 2)
        assert settings["padding"] == (1, 1)
        name = "conv2d" if kind == "Conv2d" else "conv2dTranspose"
        return name, {"filters": settings["out_channels"], "kernelSize": 4, "strides": 2, "padding": "same"}
    if kind == "BatchNorm2d":
        return "batchNormalization", {"epsilon": settings["eps"]}
    if kind == "LeakyReLU":
        return "leakyReLU", {"alpha": settings["negative_slope"]}
    if kind in ("Tanh", "Sigmoid"):
        return "activation", {"activation": kind.lower()}
    return {"ReLU": ("reLU", {}), "Concat": ("concatenate", {})}[kind]


if __name__ == "__main__":
    for line in rows():
        print(" | ".join(line))
