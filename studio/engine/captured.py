"""Frames of the torch engine on CUDA as graphs: what PyTorch launches operator by operator is launched at once.

A list of layers is captured when it runs for the second time with the same numbers: the first time cuDNN chooses its
algorithms. What a graph reads and makes lies at fixed places, so inputs are copied to where the first lay. Frames whose
numbers move, or whose bends have memory, run operator by operator, as does a list that cannot be captured, for an
operator of it asks the device for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from studio.model.graph import Node
from studio.model.op import Array

Maps = dict[str, torch.Tensor]


@dataclass
class _Frame:
    """A captured list: the maps that it reads from before, where they lie, and those that it makes."""

    graph: torch.cuda.CUDAGraph
    reads: Mapping[str, int]
    made: Mapping[str, torch.Tensor]


class Captured:
    """Graphs of lists of layers, each for one state of the numbers."""

    def __init__(self) -> None:
        self._frames: dict[tuple[tuple[str, ...], int], _Frame | None] = {}
        self._seen: set[tuple[tuple[str, ...], int]] = set()

    def clear(self) -> None:
        """Forget all of them: other layers run, or at another size."""
        self._frames.clear()
        self._seen.clear()

    def replay(
        self, nodes: Sequence[Node], version: int, maps: Maps, run: Callable[[], None], *, whole: bool = False
    ) -> bool:
        """Run these layers as a graph, and put what they make into ``maps``.

        Args:
            nodes: in running order.
            version: of the numbers that are baked into a graph.
            maps: of every input and layer.
            run: runs the layers operator by operator, as what is captured.
            whole: whether these are all layers that run.

        Returns:
            False where they must run so: for the first time, or always.
        """
        key = () if whole else tuple(node.name for node in nodes), version
        if key not in self._frames:
            if key not in self._seen:
                # Other numbers' graphs will hardly be needed again.
                self._frames = {known: frame for known, frame in self._frames.items() if known[1] == version}
                self._seen = {known for known in self._seen if known[1] == version} | {key}
                return False
            self._frames[key] = self._capture(nodes, maps, run)
        frame = self._frames[key]
        if frame is None or any(maps[name].data_ptr() != place for name, place in frame.reads.items()):
            return False
        frame.graph.replay()
        maps.update(frame.made)
        return True

    def _capture(self, nodes: Sequence[Node], maps: Maps, run: Callable[[], None]) -> _Frame | None:
        names = {node.name for node in nodes}
        reads = {name: maps[name].data_ptr() for node in nodes for name in node.inputs if name not in names}
        before = dict(maps)
        graph = torch.cuda.CUDAGraph()
        try:
            torch.cuda.synchronize()
            # Other threads may run other devices meanwhile.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                run()
        except Exception:  # noqa: BLE001 - whatever an operator fails with, it fails again when it runs by itself
            # An operator asks for a value, or there is no room for a second set of maps.
            torch.cuda.synchronize()
            maps.clear()
            maps.update(before)
            return None
        return _Frame(graph, reads, {name: maps[name] for name in names})


class PinnedInputs:
    """Host memory that the device reads by itself, a few buffers in turn for each input.

    Args:
        device: of CUDA.
    """

    COUNT = 3

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._held: dict[str, list[tuple[torch.Tensor, torch.cuda.Event]]] = {}
        self._next: dict[str, int] = {}

    def memory(self, name: str, shape: tuple[int, ...]) -> Array:
        """(C, H, W) float32 to be written whole, and given to `copy`."""
        held = self._held.get(name)
        if held is None or held[0][0].shape != shape:
            self._held[name] = [(torch.empty(shape, pin_memory=True), mark()) for _ in range(self.COUNT)]
            self._next[name] = 0
        buffer, event = self._held[name][self._next[name]]
        # What was copied from it three frames ago is there by now.
        event.synchronize()
        found: Array = buffer.numpy()
        return found

    def copy(self, name: str, picture: Array, to: torch.Tensor) -> None:
        """Bring a picture over; from `memory` nobody waits for it."""
        known = self._held.get(name)
        if known is None or picture.ctypes.data != known[self._next[name]][0].data_ptr():
            np.copyto(self.memory(name, picture.shape), picture)
        buffer, event = self._held[name][self._next[name]]
        to.copy_(buffer[None], non_blocking=True)
        event.record(torch.cuda.current_stream(self._device))
        self._next[name] = (self._next[name] + 1) % self.COUNT


def mark(*, timed: bool = False) -> torch.cuda.Event:
    """An event of the device, which can be waited for or compared with another."""
    made: torch.cuda.Event = torch.cuda.Event(enable_timing=timed)  # type: ignore[no-untyped-call]
    return made
