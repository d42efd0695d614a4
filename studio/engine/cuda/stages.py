"""The stages that run as kernels: each made ready once, and then launched on whatever maps lie there."""

from __future__ import annotations

import contextlib
import ctypes
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from studio.engine.cuda.compiler import Argument, Compiler, Launch, StillCompilingError
from studio.engine.cuda.plan import StagePlan, plan
from studio.engine.cuda.source import THREADS
from studio.engine.numbers import Numbers
from studio.errors import StudioError
from studio.model.bends.staged import Staged
from studio.model.networks.layout import tile_count
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape
from studio.tables import on_device

_MOST_VALUES = 2**31 - THREADS
"""Of a map: kernels count values, and threads, of which the last workgroup has some too many, in 32 bits."""


@dataclass(frozen=True)
class _Ready:
    """A stage: its plan, what runs each of its kernels, what is read once per channel, and where its numbers begin."""

    plan: StagePlan
    launches: Sequence[Launch]
    rows: torch.Tensor
    first: int


class StageKernels:
    """The stages of one engine on one device.

    Args:
        device: the engine's.
        find: gives what compiles for it, or None where nothing does; it is asked once, when something bends.
        order: of the maps that are handed on; kernels themselves read and write channels last.
    """

    def __init__(
        self,
        device: torch.device,
        find: Callable[[], Compiler | None],
        order: torch.memory_format = torch.channels_last,
    ) -> None:
        self._device = device
        self._find = find
        self._order = order
        self._compiler: Compiler | None = None
        self._is_found = False
        self._ready: dict[str, _Ready] = {}
        self._told = torch.empty(0, device=device)
        self._version = -1
        self._waiting: list[tuple[Node, StagePlan]] = []
        self._is_made = False

    @property
    def names(self) -> frozenset[str]:
        """The nodes that run so: whatever their numbers are, the same is launched."""
        return frozenset(self._ready)

    def forget(self) -> None:
        """Stages are others now, or their channels, or the sizes of maps."""
        self._is_made = False

    def close(self) -> None:
        """Forget all, and compile nothing more."""
        self._ready, self._waiting = {}, []
        if self._compiler is not None:
            self._compiler.close()

    def prepare(self, nodes: Iterable[Node], shapes: Mapping[str, Shape], numbers: Numbers, *, waits: bool) -> bool:
        """Before a run: make ready what is new, and bring over numbers that have changed.

        Args:
            nodes: all that run.
            shapes: of their maps.
            numbers: theirs.
            waits: whether to wait for what is not compiled yet; until then it is not among `names`.

        Returns:
            Whether what runs for a node is another than before, so that no graph holds it.
        """
        before, known = self.names, self._told
        if not self._is_made or len(self._told) != len(numbers.told):
            self._told = torch.empty(len(numbers.told), device=self._device)
            self._ready, self._waiting = {}, []
            for node in nodes:
                found = self._planned(node, shapes)
                if found is not None:
                    self._waiting.append((node, found))
            self._is_made, self._version = True, -1
        for each in [*self._waiting]:
            with contextlib.suppress(StillCompilingError):
                self._make_ready(*each, numbers, waits=waits)
                self._waiting.remove(each)
        if self._ready and self._version != numbers.version:
            self._version = numbers.version
            # So little goes along with the command, and nobody waits.
            self._told.copy_(torch.from_numpy(numbers.told), non_blocking=True)
        return self._told is not known or self.names != before

    def _planned(self, node: Node, shapes: Mapping[str, Shape]) -> StagePlan | None:
        """The kernels of a stage, which are asked for; None where it has none."""
        op = node.op
        if not isinstance(op, Staged) or not (op.chosen.any() or op.stage.bend.memory() is not None):
            return None
        if not self._is_found:
            # To look for it loads it.
            self._compiler, self._is_found = self._find(), True
        if self._compiler is None:
            return None
        try:
            read = [shapes[name] for name in node.inputs]
            found = plan(node, read)
            if max(math.prod(shape) for shape in (*read, *(kernel.shape for kernel in found.kernels))) > _MOST_VALUES:
                return None
            for kernel in found.kernels:
                self._compiler.ask(kernel.source)
        except StudioError:
            # Of a plug-in's bend there may be no body.
            return None
        return found

    def _make_ready(self, node: Node, found: StagePlan, numbers: Numbers, *, waits: bool) -> None:
        assert self._compiler is not None
        launches = [self._compiler.launch(kernel.source, waits=waits) for kernel in found.kernels]
        known = [launch for launch in launches if launch is not None]
        if len(known) < len(launches):
            return
        assert isinstance(node.op, Staged)
        vectors = node.op.vectors({})
        rows = np.zeros((len(vectors), tile_count(node.op.channels) * 4), np.float32)
        rows[:, : node.op.channels] = vectors
        first = numbers.spans[node.name].start
        self._ready[node.name] = _Ready(found, known, on_device(rows, self._device), first)

    def run(self, name: str, inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the bend makes of the map, where that is made apart, and what the stage hands on, which else is both.

        Args:
            name: one of `names`.
            inputs: what it reads, (1, C, H, W) each.
        """
        ready = self._ready[name]
        maps = [_aligned(each.contiguous(memory_format=torch.channels_last)) for each in inputs]
        told, rows = ready.first * 4 + self._told.data_ptr(), ready.rows.data_ptr()
        for kernel, launch in zip(ready.plan.kernels, ready.launches, strict=True):
            made = torch.empty((1, *kernel.shape), device=self._device, memory_format=torch.channels_last)
            given = [*_map(made), ctypes.c_void_p(told), ctypes.c_void_p(rows)]
            for number in kernel.reads:
                given += _map(maps[number])
            launch(kernel.source.threads(kernel.shape), given)
            maps.append(made)
        bent, handed_on = ready.plan.bent, maps[-1].contiguous(memory_format=self._order)
        return maps[len(inputs) + bent] if bent is not None else handed_on, handed_on


def _aligned(tensor: torch.Tensor) -> torch.Tensor:
    """It, where kernels can read four values of it at once; else a copy."""
    return tensor.clone() if tensor.data_ptr() % 16 else tensor


def _map(tensor: torch.Tensor) -> list[Argument]:
    return [ctypes.c_void_p(tensor.data_ptr()), *(ctypes.c_int(size) for size in tensor.shape[1:])]
