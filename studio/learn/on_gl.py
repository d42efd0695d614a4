"""Learning in GLSL: the backward graph on an engine, and steps of the weights where they lie on the device.

Crops are run one after the other, and their gradients added up; where batch norms go by all of them, side by side in
one graph. Nothing of a tensor passes through memory: packed
kernels are made from the weights on the device, and memory has them when somebody asks. Of a step its losses and the
norm of its gradients are read; compute shaders find out by themselves whether it may be taken, so that they are read
later, while the next step runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.bank import Crop
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.memory.tensors import DeviceTensors
from studio.engine.store import TensorStore
from studio.errors import StudioError
from studio.learn._gl_fragment_way import FragmentWay
from studio.learn._gl_graph import TOLD, behind, inputs_of, maps_by, one_step, seed_of, with_gradients
from studio.learn._gl_ways import ComputeWay, Training, Way
from studio.learn.backend import Backend, Outcome, State, turned_nodes
from studio.learn.bank import Part
from studio.learn.lesson import Batch
from studio.learn.objective import WANTED, Objective
from studio.learn.optimisers import Optimiser
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.layout import Rect, sheet_size, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

_ENGINES = {"gl": GLEngine, "gl-fragment": GLFragmentEngine}


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
        self._inputs = [inputs_of(objective, picture) for picture in range(objective.pictures)]
        self._turned = network.graph.nodes
        self._device = self.engine._device
        self.queues = not self._device.is_software
        # Whoever gives a context looks on: steps begin in the usual ways.
        self.engine.tunes_later = device is not None
        self._training = Training(
            self.engine,
            self._device,
            self._store,
            DeviceTensors(self._device, self._store),
            self._gradients,
            objective.statistics,
            len(self._said),
            optimiser,
            dict.fromkeys(objective.learns, 0),
        )
        # The first step would run once for each of them.
        moments = [each.moments for each in objective.statistics.values()]
        self.engine.look_at((*self._gradients.values(), *moments, TOLD))
        self._way: Way = (ComputeWay if engine == "gl" else FragmentWay)(self._training)
        # Of a network with a state: takes its steps, before they are gone back through.
        self._stepper = self._make_stepper() if objective.network.graph.states else None
        self._seen: dict[str, Array] = {}
        self._begun = self._has_last = self._has_run = self._is_single = False
        self._under_way = 0
        self._runs_a_step = 1.0
        self._done: list[Outcome] = []

    def shares(self, engine: Engine) -> bool:
        """See `Backend.shares`."""
        return engine.store is self._store

    def close(self) -> None:
        """See `Backend.close`."""
        if not self.engine.is_closed:
            self._device.use()
        self._way.close()
        self._training.slots.clear()
        self._training.totals.clear()
        self._training.painted.clear()
        if self._stepper is not None:
            self._stepper.close()
        self.engine.close()

    def _make_stepper(self) -> GLEngine | GLFragmentEngine:
        engine: GLEngine | GLFragmentEngine = _ENGINES[self.name](
            one_step(self.objective), self._device, store=self._store
        )
        engine.time_every = math.inf
        engine.tunes_later = self.engine.tunes_later
        return engine

    def accumulate(self, batch: Batch, share: float) -> Mapping[str, Array]:
        """See `Backend.accumulate`."""
        # They are asked for when the weights have moved.
        if self.watched:
            self.engine.look_at(self._maps[layer] for layer in self.watched if layer in self._maps)
        if self._stepper is not None:
            self._is_single = False
            found = [self._through(self._stepper, batch, k, share / len(batch)) for k in range(len(batch))]
            return {name: np.stack([left[name] for left in found]) for name in found[0]}
        pictures = self.objective.pictures
        runs, left = divmod(len(batch), pictures)
        assert not left, f"{len(batch)} crops are not taken {pictures} at a time"
        self._runs_a_step = runs / share
        # The gradients of a single run are the step's: they are taken where they are made.
        self._is_single = runs == 1 and share == 1.0
        # Then the step is taken right behind it.
        self.engine.sent_later = self._is_single
        for k in range(runs):
            self._before(now=self.timing and k == runs - 1)
            crops = range(k * pictures, (k + 1) * pictures)
            if not (batch.crops and self._run_cut([batch.crops[crop] for crop in crops])):
                self.engine.run(self._fed(batch, crops), self.tick)
            self._has_run = True
            self._way.crop(share / runs, anew=not self._begun, single=self._is_single)
            self._begun = True
        return {}

    def _fed(self, batch: Batch, crops: Sequence[int]) -> dict[str, Array]:
        """What is fed of crops that are run together."""
        fed: dict[str, Array] = {}
        for own, crop in zip(self._inputs, crops, strict=True):
            shown = batch.crop(crop) | {WANTED: np.ascontiguousarray(batch.wanted[crop])}
            fed |= {own[name]: values for name, values in shown.items()}
        return fed

    def _through(self, stepper: Engine, batch: Batch, number: int, share: float) -> dict[str, Array]:
        """A crop through all steps of the network's states and back, each computed again on the way back.

        Returns:
            See `Backend.accumulate`.
        """
        states, last = self.objective.network.graph.states, batch.steps - 1
        fed = batch.crop(number)
        begun = [{put.name: fed[put.name] for put in states}]
        for k in range(last):
            stepper.run(fed | begun[-1], Tick(batch.draw + k))
            begun.append({put.name: stepper.activation(put.comes_from) for put in states})
        fed[WANTED] = np.ascontiguousarray(batch.wanted[number])
        fed |= {behind(put.name): np.zeros_like(fed[put.name]) for put in states}
        left: dict[str, Array] = {}
        self._runs_a_step = batch.steps / share
        for k in range(last, -1, -1):
            self._before(now=self.timing and k == 0)
            seeds = {seed_of(aim): np.full((1, 1, 1), k == last, np.float32) for aim in range(len(self.objective.aims))}
            self.engine.run(fed | begun[k] | seeds, Tick(batch.draw + k))
            self._has_run = True
            self._way.crop(share, anew=not self._begun, single=False)
            self._begun = True
            if k == last:
                names = {put.name: put.comes_from for put in states}
                names[self.objective.network.graph.output] = self.objective.network.graph.output
                left = {name: self.engine.activation(layer) for name, layer in names.items()}
                self._seen = {
                    layer: self.engine.activation(self._maps[layer]) for layer in self.watched if layer in self._maps
                }
            if k:
                carried = {put.name: self._maps[put.name] for put in states if put.name in self._maps}
                fed |= {behind(name): self.engine.activation(held) for name, held in carried.items()}
        return left

    def _before(self, *, now: bool) -> None:
        """Give way to others, and let the layers of the next run be timed, or of no further one."""
        if self.queues:
            self.give_way()
        self.engine.time_every = 0.0 if now else math.inf
        self.timing = self.timing and not now

    def _run_cut(self, parts: Sequence[tuple[Part, Part]]) -> bool:
        """Run crops of pictures that lie on the device; False where that cannot be."""
        if not isinstance(self.engine, GLEngine):
            return False
        crops: dict[str, Crop] = {}
        sizes: dict[str, Size] = {}
        for own, (shown, wanted) in zip(self._inputs, parts, strict=True):
            for name, here in own.items():
                part = wanted if name == WANTED else shown
                crops[here], sizes[here] = Crop(*part[:-1]), part.size
        return self.engine.run_cut(crops, sizes, self.tick)

    def look(self, network: Network, fed: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
        """See `Backend.look`; on a GPU there, so that PyTorch is not imported for it."""
        if self._device.is_software:
            return super().look(network, fed, names)
        return maps_by(_ENGINES[self.name](network, self._device), fed, names)

    def take(self, rate: float, clip: float) -> None:
        """See `Backend.take`."""
        assert self._begun, "nothing has been accumulated"
        self._device.use()
        if self._way.is_full:
            self._done += self._came(wait=True)
        self._training.moved_since += 1
        self.steps += 1
        self._under_way += 1
        self._way.take(rate, clip, self.rates, self.pulls)
        self._has_last = True
        self._begun = False

    def outcomes(self, *, wait: bool) -> list[Outcome]:
        """See `Backend.outcomes`."""
        found, self._done = self._done + self._came(wait=wait), []
        return found

    def _came(self, *, wait: bool) -> list[Outcome]:
        if not self._under_way:
            return []
        self._device.use()
        found: list[Outcome] = []
        for taken, norm, values in self._way.outcomes(wait=wait):
            self._under_way -= 1
            said = dict(zip(self._said, values.astype(np.float64).tolist(), strict=True))
            found.append(Outcome(said, said.pop("~total"), norm, taken))
            if not taken:
                return [*found, *self._stopped()]
        return found

    def _stopped(self) -> list[Outcome]:
        """A step was not taken, nor were those after it: what counts them goes back."""
        self._way.outcomes(wait=True)
        lost, self._under_way = self._under_way + 1, 0
        self.steps -= lost
        self._training.moved_since -= lost
        self._way.forgive()
        return []

    def _retune(self, objective: Objective, optimiser: Optimiser) -> bool:
        network, *_ = with_gradients(objective)
        turned = turned_nodes(self._turned, network.graph.nodes)
        if turned is None or not self._has_run:
            return False
        for node in turned:
            for live in node.op.live_params():
                self.engine.set_number(node.name, live.name, node.op.live_value(live.name))
        self._turned = network.graph.nodes
        self._training.optimiser = optimiser
        return True

    def tune(self) -> None:
        """See `Backend.tune`."""
        self._device.use()
        self.engine.tune()

    def drop(self) -> None:
        """See `Backend.drop`."""
        self._begun = False
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
        return self._training.totals[name].read()

    def remembered(self, name: str) -> dict[str, Array]:
        """See `Backend.remembered`."""
        self._device.use()
        held = self._training.slots.get(name, ()) if name in self.objective.learns else ()
        return {slot: each.read() for slot, each in zip(self.optimiser.slots, held, strict=False)}

    def _times(self) -> dict[str, float]:
        """See `Backend.times`."""
        if not self._has_run:
            return {}
        self._device.use()
        return {name: seconds * self._runs_a_step for name, seconds in self.engine._node_times().items()}

    def map_gradient(self, layer: str) -> Array | None:
        """See `Backend.map_gradient`."""
        held = self._maps.get(layer)
        if self._stepper is not None:
            return self._seen.get(layer)
        if held is None or layer not in self.watched or not self._has_run:
            return None
        # That of the crop's own loss: of several together each counts a part.
        return np.asarray(self.engine.activation(held) * np.float32(self.objective.pictures))

    def replace(self, name: str, rect: Rect, values: Array) -> None:
        """See `Backend.replace`."""
        self._store.put(name, rect, values)

    def state(self) -> State:
        """See `Backend.state`."""
        self._device.use()
        slots: dict[str, Array] = {}
        for name in self.objective.learns:
            slots[f"{name}/steps"] = np.array([self._training.moved(name)], np.float32)
            slots |= {f"{name}/{slot}": value for slot, value in self.remembered(name).items()}
        return State({name: self.tensor(name) for name in self.kept()}, slots, self.steps)

    def restore(self, state: State) -> None:
        """See `Backend.restore`."""
        self._device.use()
        self.drop()
        self.steps, self._training.moved_since = state.steps, 0
        for name, values in state.tensors.items():
            height, width = sheet_size(values.shape)
            self._store.put(name, Rect(0, 0, height, width), to_sheet(values))
        self._training.slots.clear()
        self._way.rearrange()
        for name in self.objective.learns:
            self._training.moved_before[name] = int(state.slots.get(f"{name}/steps", np.zeros(1))[0])
            found = [state.slots.get(f"{name}/{slot}") for slot in self.optimiser.slots]
            if any(values is not None for values in found):
                for held, remembered in zip(self._training.slots_of(name), found, strict=True):
                    if remembered is not None:
                        held.write(remembered)
