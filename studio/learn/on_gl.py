"""Learning in GLSL: the backward graph on an engine, and steps of the weights where they lie on the device.

Crops are run one after the other, and their gradients added up. Nothing of a tensor passes through memory: packed
kernels are made from the weights on the device, and memory has them when somebody asks. Of a step two small things are
read back: its losses and the norm of its gradients, which say whether it may be taken.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from studio.engine.base import Engine
from studio.engine.gl.device import Device
from studio.engine.gl.learning import ComputeMoving, FragmentMoving, Moving
from studio.engine.gl.pipeline import GLEngine, GLFragmentEngine
from studio.engine.gl.tensors import DeviceTensor, DeviceTensors
from studio.engine.store import TensorStore
from studio.errors import StudioError
from studio.learn.backend import MOMENTUM, Backend, Outcome, State, turned_nodes
from studio.learn.lesson import Batch
from studio.learn.objective import WANTED, Objective
from studio.learn.optimisers import Optimiser
from studio.model.graph import Graph, Node
from studio.model.layout import Rect, sheet_size, to_sheet
from studio.model.network import Network
from studio.model.op import Array, Op
from studio.ops.combine import Concat
from studio.ops.derivative import derive
from studio.ops.functions import Affine

if TYPE_CHECKING:
    import moderngl

_ENGINES = {"gl": GLEngine, "gl-fragment": GLFragmentEngine}
_TOLD = "told~"


class GLBackend(Backend):
    """Learns on ``gl`` or ``gl-fragment``.

    Args:
        objective: what is learnt.
        optimiser: how.
        engine: "gl" or "gl-fragment".
        device: a context that is current in this thread, and stays its owner's; None opens one.
        store: where the weights are that other engines on this device share; None makes one.
    """

    def __init__(
        self,
        objective: Objective,
        optimiser: Optimiser,
        engine: str,
        device: Device | None = None,
        store: TensorStore | None = None,
    ) -> None:
        super().__init__(objective, optimiser)
        if engine not in _ENGINES:
            raise StudioError(f"Learning runs on --engine gl, gl-fragment or torch, not on {engine}.")
        self.name = engine
        network, self._gradients, self._maps, self._said = with_gradients(objective)
        self._store = store or TensorStore({})
        self._store.include(network.tensors)
        self.engine = _ENGINES[engine](network, device, store=self._store)
        self.engine.time_every = math.inf
        self._turned = network.graph.nodes
        self._device = self.engine._device
        self._tensors = DeviceTensors(self._device, self._store)
        self._moving: Moving = (ComputeMoving if engine == "gl" else FragmentMoving)(self._device)
        self._slots: dict[str, list[DeviceTensor]] = {}
        self._totals: dict[str, DeviceTensor] = {}
        self._moved: dict[str, int] = dict.fromkeys(objective.learns, 0)
        self._painted: dict[tuple[str, str], tuple[Array, DeviceTensor]] = {}
        self._parts: np.ndarray | None = None
        self._has_last = self._has_run = self._is_single = False

    def shares(self, engine: Engine) -> bool:
        """See `Backend.shares`."""
        return engine.store is self._store

    def close(self) -> None:
        """See `Backend.close`."""
        self._slots.clear()
        self._totals.clear()
        self._painted.clear()
        self.engine.close()

    def accumulate(self, batch: Batch, share: float) -> None:
        """See `Backend.accumulate`."""
        count = len(batch)
        # The gradients of a single crop are the step's: they are taken where they are made.
        self._is_single = count == 1 and share == 1.0
        for k in range(count):
            fed = {name: values[k] for name, values in batch.shown.items()} | {WANTED: batch.wanted[k]}
            self.engine.run(fed)
            self._has_run = True
            anew = self._parts is None
            for name, layer in self._gradients.items():
                if self._is_single:
                    break
                if name not in self._totals:
                    self._totals[name] = DeviceTensor(self._device, self._store.arrays[name].shape)
                texture, _ = self.engine.texture_of(layer)
                self._moving.add(self._totals[name].texture, texture, share / count, anew=anew)
            more = self.engine.activation(_TOLD)[:, 0, 0].astype(np.float64) * (share / count)
            self._parts = more if self._parts is None else self._parts + more

    def apply(self, rate: float, clip: float) -> Outcome:
        """See `Backend.apply`."""
        assert self._parts is not None, "nothing has been accumulated"
        self._device.use()
        norm = self._moving.norm([self._gradient_of(name) for name in self._gradients])
        said = dict(zip(self._said, self._parts.tolist(), strict=False))
        outcome = Outcome(said, said.pop("~total"), norm)
        if outcome.is_finite:
            self._move(rate, clip / norm if norm > clip else 1.0)
            self._follow(self._parts[len(self._said) :])
            self.steps += 1
        self._has_last = True
        self._parts = None
        return outcome

    def _gradient_of(self, name: str) -> moderngl.Texture:
        if self._is_single:
            found: moderngl.Texture = self.engine.texture_of(self._gradients[name])[0]
            return found
        return self._totals[name].texture

    def _move(self, rate: float, scale: float) -> None:
        for name in self._gradients:
            if name not in self._slots:
                shape = self._store.arrays[name].shape
                self._slots[name] = [self._empty(shape) for _ in self.optimiser.slots]
            self._moved[name] += 1
            said = {**self.optimiser.numbers(self._moved[name]), "rate": rate, "scale": scale}
            said["first"] = float(self._moved[name] == 1)
            self._moving.step(
                self.optimiser.shader,
                self._tensors,
                name,
                self._slots[name],
                self._gradient_of(name),
                self._sheet_of("rate", name, self.rates.get(name)),
                self._pull_of(name),
                {f"u_{key}": value for key, value in said.items()},
            )
            self._tensors.moved(name)

    def _follow(self, statistics: np.ndarray) -> None:
        """Bring running statistics nearer to those of this step."""
        start = 0
        for layer, held in self.objective.statistics.items():
            mean, variance = f"{layer}.running_mean", f"{layer}.running_var"
            channels = len(self._store.arrays[mean])
            found = statistics[start : start + 2 * channels]
            start += 2 * channels
            unbiased = held.count / (held.count - 1) if held.count > 1 else 1.0
            for name, values in ((mean, found[:channels]), (variance, found[channels:] * unbiased)):
                now = self._store.tensor(name)
                moved = now + MOMENTUM * (values.astype(np.float32) - now)
                self._store.put(name, Rect(0, 0, *sheet_size(now.shape)), moved[None])

    def _empty(self, shape: tuple[int, ...]) -> DeviceTensor:
        made = DeviceTensor(self._device, shape)
        made.write(np.zeros(shape, np.float32))
        return made

    def _sheet_of(self, use: str, name: str, asked: Array | None) -> DeviceTensor | None:
        """What was painted beside a tensor, on the device; brought over when it is another."""
        if asked is None:
            return None
        known = self._painted.get((use, name))
        if known is None or known[0] is not asked:
            held = DeviceTensor(self._device, asked.shape)
            held.write(asked)
            self._painted[use, name] = known = asked, held
        return known[1]

    def _pull_of(self, name: str) -> tuple[DeviceTensor, DeviceTensor] | None:
        pull = self.pulls.get(name)
        if pull is None:
            return None
        strength = self._sheet_of("strength", name, pull.strength)
        target = self._sheet_of("target", name, pull.target)
        assert strength is not None
        assert target is not None
        return strength, target

    def _retune(self, objective: Objective, optimiser: Optimiser) -> bool:
        del optimiser
        network, *_ = with_gradients(objective)
        turned = turned_nodes(self._turned, network.graph.nodes)
        if turned is None or not self._has_run:
            return False
        for node in turned:
            for live in node.op.live_params():
                self.engine.set_number(node.name, live.name, node.op.live_value(live.name))
        self._turned = network.graph.nodes
        return True

    def drop(self) -> None:
        """See `Backend.drop`."""
        self._parts = None
        self._has_last = False

    def tensor(self, name: str) -> Array:
        """See `Backend.tensor`."""
        return self._store.tensor(name).copy()

    def gradient(self, name: str) -> Array | None:
        """See `Backend.gradient`."""
        if not self._has_last or name not in self._gradients:
            return None
        self._device.use()
        if self._is_single:
            found = self.engine.activation(self._gradients[name])
            return np.ascontiguousarray(found.reshape(self._store.arrays[name].shape))
        return self._totals[name].read()

    def map_gradient(self, layer: str) -> Array | None:
        """See `Backend.map_gradient`."""
        held = self._maps.get(layer)
        return self.engine.activation(held) if held is not None and layer in self.watched and self._has_run else None

    def replace(self, name: str, rect: Rect, values: Array) -> None:
        """See `Backend.replace`."""
        self._store.put(name, rect, values)

    def state(self) -> State:
        """See `Backend.state`."""
        self._device.use()
        slots: dict[str, Array] = {}
        for name in self.objective.learns:
            slots[f"{name}/steps"] = np.array([self._moved[name]], np.float32)
            for slot, held in zip(self.optimiser.slots, self._slots.get(name, ()), strict=False):
                slots[f"{name}/{slot}"] = held.read()
        return State({name: self.tensor(name) for name in self.kept()}, slots, self.steps)

    def restore(self, state: State) -> None:
        """See `Backend.restore`."""
        self._device.use()
        self.drop()
        self.steps = state.steps
        for name, values in state.tensors.items():
            height, width = sheet_size(values.shape)
            self._store.put(name, Rect(0, 0, height, width), to_sheet(values))
        self._slots.clear()
        for name in self.objective.learns:
            self._moved[name] = int(state.slots.get(f"{name}/steps", np.zeros(1))[0])
            found = [state.slots.get(f"{name}/{slot}") for slot in self.optimiser.slots]
            if any(values is not None for values in found):
                shape = self._store.arrays[name].shape
                self._slots[name] = [self._empty(shape) for _ in found]
                for held, remembered in zip(self._slots[name], found, strict=True):
                    if remembered is not None:
                        held.write(remembered)


def with_gradients(objective: Objective) -> tuple[Network, dict[str, str], dict[str, str], list[str]]:
    """The objective with its backward graph, and one map that holds every number that is said of a step.

    Returns:
        The network; by tensor, and by layer, the layer that holds its gradient; and what the channels of that map are
        called, behind which those of the statistics follow.
    """
    network = objective.network
    nodes, shapes = list(network.graph.nodes), dict(objective.shapes)
    gradients: dict[str, str] = {}
    maps: dict[str, str] = {}

    def add(name: str, op: Op, *reads: str) -> str:
        nodes.append(Node(name, op, reads))
        shapes[name] = op.output_shape(*(shapes[read] for read in reads))
        return name

    forward = tuple(nodes)
    for number, aim in enumerate(objective.aims):
        # A loss that is not finite makes every gradient so, and the step is not taken.
        seed = add(f"seed~{number}", Affine(scale=0.0, shift=1.0), aim.total)
        found = derive(forward, shapes, {aim.total: seed}, aim.learns, f"g{number}." if number else "g")
        nodes += found.nodes
        gradients |= found.tensors
        maps = {**found.maps, **maps}
    said = dict(objective.parts)
    said |= {name: aim.total for name, aim in zip(("~total", "critic"), objective.aims, strict=False)}
    held = [layer for statistic in objective.statistics.values() for layer in (statistic.mean, statistic.variance)]
    add(_TOLD, Concat(), *said.values(), *held)
    graph = Graph(network.graph.inputs, tuple(nodes), network.graph.output)
    return Network(network.name, graph, network.tensors), gradients, maps, list(said)
