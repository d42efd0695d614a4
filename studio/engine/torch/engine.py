"""The torch engine: the same graph through PyTorch, on a CPU, CUDA or Metal. The reference for the others."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
import torch

from studio.engine.base import Places, Stats
from studio.engine.cuda.compiler import compiler_for_bends
from studio.engine.cuda.stages import StageKernels
from studio.engine.ring import kept_of, ring_of
from studio.engine.store import TensorStore
from studio.engine.torch.arithmetic import arithmetic
from studio.engine.torch.captured import Captured
from studio.engine.torch.device import best_device, make_current, numbered, order_on
from studio.engine.torch.inputs import TorchInputs
from studio.engine.torch.packed import can_pack, convolve, pack
from studio.engine.torch.pinned import PinnedInputs, mark
from studio.engine.torch.pinned_outputs import PinnedOutputs
from studio.engine.torch.reached import Reached
from studio.engine.torch.stats import stats_of
from studio.errors import MemoryLackError
from studio.model.bends.lowering import Running
from studio.model.bends.stage import layer_of
from studio.model.bends.staged import Staged
from studio.model.declared.plugins import blamed
from studio.model.networks.layout import Rect, kernels_touched, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array
from studio.ops._staged import bent_and_mixed


class TorchEngine(TorchInputs):
    """Runs a network through PyTorch operators in float32: one by one, or on CUDA as a graph; see `captured`."""

    name = "torch"
    kind: ClassVar[torch.dtype] = torch.float32
    """What maps and weights are held in, where the device is CUDA."""

    tf32: ClassVar[bool] = False
    """Whether products are taken of numbers with 10 bits behind the point, where the device is CUDA."""

    def __init__(
        self, network: Network, device: str | torch.device | None = None, store: TensorStore | None = None
    ) -> None:
        super().__init__(network, store)
        self._device = numbered(torch.device(device)) if device is not None else best_device()
        on_cuda = self._device.type == "cuda"
        self._order = order_on(self._device, in_float=self.kind == torch.float32 and not self.tf32)
        # Layers whose weights are packed, and those that are, for inputs as large as now.
        self._packable = {node.name for node in self.graph.nodes if can_pack(node.op, self._device)}
        self._packed: dict[str, torch.Tensor] = {}
        shared = {self.graph.node(name).tensor_names["weight"] for name in self._packable}
        self._weights = {
            # What is packed is looked at where it lies; a copy of its own would be a second one.
            name: torch.from_numpy(t) if name in shared else self._on_device(torch.from_numpy(t))
            for name in self._tensors
            for t in (self._store.tensor(name),)
        }
        self._of_layer = {
            node.name: {key: self._weights[name] for key, name in node.tensor_names.items()}
            for node in self.graph.nodes
        }
        # Of every stage with memory, the maps of its ring.
        self._kept: dict[str, list[torch.Tensor | None]] = {}
        self._activations: dict[str, torch.Tensor] = {}
        self._captured = Captured() if on_cuda else None
        self._registered = Reached() if on_cuda else None
        self._pinned = PinnedInputs(self._device, self._registered) if self._registered is not None else None
        self._outgoing = PinnedOutputs(self._registered) if self._registered is not None else None
        # In half precision stages run through PyTorch's operators.
        find = partial(compiler_for_bends, self._device.index)
        has_kernels = on_cuda and self.kind == torch.float32
        self._kernels = StageKernels(self._device, find, self._order) if has_kernels else None
        self._timed_at = -math.inf
        self._events: dict[str, tuple[torch.cuda.Event, torch.cuda.Event]] = {}
        self._store.follow(self)
        self._times: dict[str, float] = {}

    def _on_device(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy on the device, in the order of all maps and weights there."""
        order = self._order if tensor.ndim == 4 else torch.contiguous_format
        kind = self.kind if self._device.type == "cuda" else torch.float32
        return tensor.to(self._device, kind, memory_format=order, copy=True)

    @property
    def device(self) -> str:
        """See `Engine.device`."""
        if self._device.type == "cuda":
            return f"CUDA, {torch.cuda.get_device_name(self._device)}"
        if self._device.type == "cpu":
            return f"CPU, {torch.get_num_threads()} threads"
        return self._device.type.upper()

    def beside(self) -> TorchEngine:
        """See `Engine.beside`."""
        return type(self)(self._network, self._device, self._store)

    def close(self) -> None:
        """See `Engine.close`."""
        self._store.forget(self)
        self._weights.clear()
        self._packed.clear()
        self._of_layer.clear()
        self._kept.clear()
        self._activations.clear()
        self._next.clear()
        self._events.clear()
        self._forget_graphs()
        if self._kernels is not None:
            self._kernels.close()
        if self._registered is not None:
            self._wait()
            self._registered.close()

    def _forget_graphs(self) -> None:
        if self._captured is not None:
            self._captured = Captured()
        if self._kernels is not None:
            self._kernels.forget()

    def _node_times(self) -> dict[str, float]:
        if self._events:
            self._wait()
            for name, (start, end) in self._events.items():
                self._times[name] = start.elapsed_time(end) / 1e3
            self._events.clear()
        return dict(self._times)

    def _adopt(self, before: Running, *, anew: bool) -> None:
        del before
        self._forget_graphs()
        self._events.clear()
        if anew:
            self._packed = {}
        kept = {} if anew else self._activations
        self._activations = {name: kept[name] for name in kept if name in self._running.shapes}
        self._times = {name: seconds for name, seconds in self._times.items() if name in self._running.places}
        rings: dict[str, list[torch.Tensor | None]] = {}
        for node in self._running.nodes:
            if kept_of(node) is not None:
                ring = self._rings[ring_of(node)]
                known = self._kept.get(ring_of(node), [])
                rings[ring_of(node)] = known if len(known) == ring.size else [None] * ring.size
        self._kept = rings

    def _retouch(self, names: Collection[str]) -> None:
        del names
        # The operators themselves hold what has changed; graphs have what it was.
        self._forget_graphs()

    def _held(self, values: Array) -> torch.Tensor:
        # PyTorch warns of arrays that cannot be written to, though here it only copies them.
        own = values if values.flags.writeable else values.copy()
        return self._on_device(torch.from_numpy(own)[None])

    def _begin(self) -> None:
        if self._device.type == "cuda":
            make_current(self._device)

    def _execute(self, nodes: Sequence[Node], stale: Collection[str] = ()) -> None:
        del stale  # every map is made whole
        if self._captured is None:
            with torch.inference_mode():
                self._run_each(nodes)
            return
        told: Collection[str] = ()
        if self._kernels is not None:
            running, waits = self._running, not self.tunes_later
            if self._kernels.prepare(running.nodes, running.shapes, self._numbers, waits=waits):
                self._captured = Captured()
            told = self._kernels.names
        now = time.perf_counter()
        if now - self._timed_at > self.time_every:
            self._timed_at = now
            self._run_set(nodes, timed=True)
            return
        self._captured.run(nodes, self._numbers, self._activations, self._run_set, told)

    def _run_set(self, nodes: Sequence[Node], *, timed: bool = False, captures: bool = False) -> None:
        with torch.inference_mode(), arithmetic(tf32=self.tf32):
            self._run_each(nodes, timed=timed, captures=captures)

    def _run_each(self, nodes: Sequence[Node], *, timed: bool = False, captures: bool = False) -> None:
        """Run the layers operator by operator.

        Args:
            nodes: in running order.
            timed: whether the device notes when each begins and ends; nobody waits for it.
            captures: whether a graph is made of them, which may fail: it is tried without.
        """
        for node in nodes:
            # The old activation goes first, so that the allocator can give its memory to the new one.
            self._activations.pop(node.name, None)
            start = time.perf_counter()
            if timed:
                events = mark(timed=True), mark(timed=True)
                events[0].record()
            inputs = [self._map(name, node.inputs[0]) for name in node.inputs]
            try:
                made = self._run(node, self._numbers.ops[node.name], inputs)
                # What operators make by themselves, coordinates say, is of float32.
                self._activations[node.name] = made.to(self.kind) if self._captured is not None else made
                if timed:
                    events[1].record()
                    self._events[node.name] = events
                if self._captured is None:
                    self._wait()
            # A plug-in's operator may fail in any way.
            except Exception as error:
                if captures:
                    raise
                # Of a CPU PyTorch has no exception of its own for this.
                if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
                    raise blamed(_whose(node.op), error) from error
                self._activations.clear()
                self._shapes = {}
                raise MemoryLackError(
                    f'Layer "{node.name}" needs more memory than there is; work at a smaller size.'
                ) from error
            if self._captured is None:
                self._times[node.name] = time.perf_counter() - start

    def _run(
        self, node: Node, op: Op, inputs: list[torch.Tensor], packed: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """Run one node; its weights lie packed in `packed`, where that is given, and else in the engine's own."""
        if isinstance(op, Staged):
            return self._run_staged(node, op, inputs)
        layer = layer_of(node.name)
        # What takes a bypassed layer's place has no weights.
        tensors = self._of_layer[layer] if node.op is self.graph.node(layer).op else {}
        if layer not in self._packable or not tensors:
            return op.torch(inputs, tensors)
        packed = self._packed if packed is None else packed
        if layer not in packed:
            packed[layer] = pack(op, tensors["weight"], inputs[0].shape)
        return convolve(op, inputs[0], packed[layer], tensors.get("bias"))

    def _run_staged(self, node: Node, op: Staged, inputs: list[torch.Tensor]) -> torch.Tensor:
        if self._kernels is not None and node.name in self._kernels.names:
            bent, handed_on = self._kernels.run(node.name, inputs)
        else:
            bent, handed_on = bent_and_mixed(op, inputs)
        memory = op.stage.bend.memory()
        if memory is not None:
            kept = {"input": inputs[0], "bent": bent, "output": handed_on}[memory.kept]
            if self._captured is not None and _lie_together(kept, inputs[0]):
                # A graph makes the next frame's map where it lies.
                kept = kept.clone()
            self._kept[ring_of(node)][self._rings[ring_of(node)].now] = kept
        return handed_on

    def _map(self, name: str, first: str) -> torch.Tensor:
        """A map that a node reads; in the first frame its first input stands for earlier ones."""
        key, is_past, delay = name.partition("~past")
        if not is_past:
            return self._activations[name]
        place = self._rings[key].place(int(delay))
        found = self._activations[first] if place is None else self._kept[key][place]
        assert found is not None, "a frame has been before"
        return found

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()

    def _upload(self, tensor: str, rect: Rect) -> None:
        whole = self._tensors[tensor]
        rows, columns = kernels_touched(rect, whole.shape)
        touched = (rows, columns) if whole.ndim > 1 else (columns,)
        self._weights[tensor][touched] = torch.from_numpy(whole[touched]).to(self._weights[tensor])
        # What is under way goes on packing what it began with, where nothing else looks.
        self._packed = dict(self._packed)
        for name in self.graph.users(tensor.rpartition(".")[0]):
            self._packed.pop(name, None)

    def _read_activation(self, name: str) -> Array:
        return np.array(self._activations[name][0].cpu().numpy(), np.float32, order="C")

    def _read_sample(self, name: str, channels: slice, ys: Places, xs: Places) -> Array:
        rows, columns = (torch.from_numpy(places).to(self._device) for places in (ys, xs))
        few = self._activations[name][0, channels].index_select(1, rows).index_select(2, columns)
        return np.array(few.cpu().numpy(), np.float32, order="C")

    def _read_sheet(self, tensor: str) -> Array:
        return to_sheet(self._weights[tensor].float().cpu().numpy())

    def _activation_stats(self, name: str) -> Stats:
        return stats_of(self._activations[name].float())

    def _tensor_stats(self, tensor: str) -> Stats:
        return stats_of(self._weights[tensor].float())


class TorchTF32Engine(TorchEngine):
    """As `TorchEngine`, with products in TF32 on NVIDIA's cards: 10 bits behind the point, sums in float32.

    This changes the output by a relative error of about 5e-4. Elsewhere it is the same as `TorchEngine`.
    """

    name = "torch-tf32"
    tf32 = True


class TorchHalfEngine(TorchEngine):
    """As `TorchEngine`, with maps and weights in float16 on NVIDIA's cards: at most ±65504, and half the memory.

    This changes the output by a relative error of 1e-3 to 5e-3. Elsewhere it is the same as `TorchEngine`.
    """

    name = "torch-half"
    kind = torch.float16


def _lie_together(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _whose(op: Op) -> object:
    """Who is to blame where an operator fails: of a stage the bend, which may be a plug-in's."""
    return op.stage.bend if isinstance(op, Staged) else op
