"""Which of `gl` and `torch` runs a network faster on an NVIDIA card: measured once for each, and kept on disk.

A command measures before it begins; a window has a process do it beside what plays, see
`studio.runtime.services.measuring`.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio import paths
from studio.engine.base import Engine
from studio.engine.remembered import Content, remember, remembered
from studio.errors import EngineError, StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network

_SIDE = 256
_WARM, _ROWS, _ROW = 5, 3, 8

Opens = Mapping[str, Callable[[], Engine]]


def cache_path() -> Path:
    """Where measurements are kept: in the person's folder for caches, ``~/.cache`` on Linux."""
    return paths.own_folder("cache") / "engines.json"


class Measured:
    """What engines took for networks on one card.

    Does without the file where it cannot be read or written.

    Args:
        card: renderer and driver; figures of one card do not hold for another.
        path: of the file; None takes the person's own.
    """

    def __init__(self, card: str, path: Path | None = None) -> None:
        self._card = card
        self._path = path or cache_path()

    def known(self, network: Network) -> dict[str, float]:
        """Seconds a frame by engine, as they were measured for this network; empty where they were not."""
        found = _by_network(remembered(self._path), self._card).get(key_of(network.graph), {})
        good = isinstance(found, dict) and all(isinstance(s, float) and s > 0 for s in found.values())
        return dict(found) if good else {}

    def measure(self, network: Network, opens: Opens) -> dict[str, float]:
        """See `measure`; kept on disk."""
        found = measure(network, opens)
        self.keep(network, found)
        return found

    def keep(self, network: Network, seconds: Mapping[str, float]) -> None:
        """Keep what was measured for a network, by engine."""

        def change(content: Content) -> Content:
            return content | {self._card: _by_network(content, self._card) | {key_of(network.graph): dict(seconds)}}

        remember(self._path, change)


def measure(network: Network, opens: Opens) -> dict[str, float]:
    """Seconds of a frame, of frames in a row, on each of these engines.

    Frames are of 256×256 pixels, or of the nearest size that the network takes.

    An engine that cannot run the network is left out.
    """
    found: dict[str, float] = {}
    for name, open_one in opens.items():
        with contextlib.suppress(StudioError, EngineError):
            engine = open_one()
            try:
                found[name] = seconds_of(engine, network)
            finally:
                engine.close()
    return found


def seconds_of(engine: Engine, network: Network, side: int = _SIDE) -> float:
    """Median seconds of a frame of noise, of frames in a row of which the last one's output is brought to memory."""
    size = network.graph.fitting_size(network.graph.nearest(Size(side, side)))
    shapes = network.graph.shapes({i.name: size for i in network.graph.inputs})
    rng = np.random.default_rng(0)
    inputs = {i.name: rng.random(shapes[i.name], np.float32) for i in network.graph.inputs}
    engine.time_every = math.inf

    def frame(*, new: bool = False) -> None:
        fed = {}
        for name, values in inputs.items():
            # Where films are decoded to, so that nothing is copied on the way; each of several in turn.
            memory = engine.input_memory(name, shapes[name].size)
            fed[name] = values if memory is None else memory
            if memory is not None and new:
                memory[...] = values
        engine.run(fed)

    engine.run(inputs)
    for _ in range(_WARM):
        frame(new=True)
        engine.output()
    seconds = []
    for _ in range(_ROWS):
        start = time.perf_counter()
        for _ in range(_ROW):
            frame()
        # To read an output takes longer than many a frame, and neither a screen nor a recording does it so.
        engine.output()
        seconds.append((time.perf_counter() - start) / _ROW)
    return float(np.median(seconds))


def _by_network(content: Content, card: str) -> dict[str, Any]:
    found = content.get(card)
    return found if isinstance(found, dict) else {}


def key_of(graph: Graph) -> str:
    """The layers of a network, whatever their weights."""
    text = repr([(i.name, i.channels, i.kind) for i in graph.inputs])
    text += repr([(node.name, node.op, node.inputs) for node in graph.nodes])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def environment_apart() -> dict[str, str]:
    """Of a process that measures beside a window: what its driver compiles it keeps in files of its own."""
    from studio.engine.gl.driver.machine_code import PROCESSES, environment_of

    return environment_of(PROCESSES)
