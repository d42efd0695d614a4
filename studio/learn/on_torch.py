"""Learning through PyTorch: the operators' own meaning, its autograd and its optimisers.

The rules beside the operators make the same gradients, which the tests see to; autograd is what PyTorch is fastest at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch

from studio.engine.torch.device import best_device, order_on
from studio.errors import StudioError
from studio.learn._torch_times import TorchTimes
from studio.learn.backend import Backend, Outcome, State
from studio.learn.growth import layers_of_step
from studio.learn.lesson import Batch
from studio.learn.objective import WANTED, Objective
from studio.learn.optimisers import Optimiser
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect, put
from studio.model.networks.node import Node
from studio.model.networks.shape import Array


class TorchBackend(Backend):
    """Learns on a CPU, CUDA or Metal.

    Args:
        objective: what is learnt.
        optimiser: how.
        device: None takes the best there is.
    """

    def __init__(self, objective: Objective, optimiser: Optimiser, device: str | torch.device | None = None) -> None:
        super().__init__(objective, optimiser)
        self.name = "torch"
        self._device = torch.device(device) if device is not None else best_device()
        self.on_cpu = self._device.type == "cpu"
        self.queues = not self.on_cpu
        learns = frozenset(objective.learns)
        self._tensors = {
            name: self._fed(value).clone().requires_grad_(name in learns)
            for name, value in objective.network.tensors.items()
        }
        self._learning = [self._tensors[name] for name in objective.learns]
        self._optimiser = optimiser.for_torch(self._learning)
        self._moved: Counter[str] = Counter()
        self._last: dict[str, torch.Tensor] = {}
        self._scale = 1.0
        self._seen: dict[str, torch.Tensor] = {}
        self._parts: dict[str, torch.Tensor] = {}
        self._done: list[Outcome] = []
        self._statistics: dict[str, torch.Tensor] = {}
        self._unread = self._last_reads()
        self._timed: TorchTimes | None = None

    def _last_reads(self) -> list[tuple[str, ...]]:
        """For each layer, the maps that nobody reads behind it: a step must not hold more memory than autograd does."""
        objective = self.objective
        kept = {*objective.parts.values(), *(aim.total for aim in objective.aims)}
        kept |= {held.moments for held in objective.statistics.values()}
        found: list[tuple[str, ...]] = []
        for node in reversed(objective.network.graph.nodes):
            last = tuple(name for name in dict.fromkeys((*node.inputs, node.name)) if name not in kept)
            kept.update(last)
            found.append(last)
        return found[::-1]

    def accumulate(self, batch: Batch, share: float) -> Mapping[str, Array]:
        """See `Backend.accumulate`."""
        if self.queues:
            self.give_way()
        graph = self.objective.network.graph
        maps = {name: self._fed(values) for name, values in batch.shown.items()}
        maps[WANTED] = self._fed(batch.wanted)
        left: Mapping[str, Array] = {}
        try:
            if graph.states:
                left = self._derive_through(graph, maps, batch, share)
            else:
                self._derive(graph, maps, share)
        except RuntimeError as error:
            if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
                raise
            self.drop()
            raise StudioError(
                "Learning needs more memory than there is; take a smaller size, or fewer crops at once."
            ) from error
        with torch.no_grad():
            totals = {f"~{aim.total}": aim.total for aim in self.objective.aims}
            for name, layer in {**self.objective.parts, **totals}.items():
                self._add(name, maps[layer].mean() * share)
            for name, held in self.objective.statistics.items():
                more = maps[held.moments].mean(0)[:, 0] * share
                self._statistics[name] = self._statistics[name] + more if name in self._statistics else more
        return left

    def _derive(self, graph: Graph, maps: dict[str, torch.Tensor], share: float) -> None:
        """Run all layers and take the gradients, by algorithms that make the same digits every time."""
        # The same lesson from the same checkpoint makes the same weights; TF32 is nobody's wish here.
        timed, tick = TorchTimes(self._device, share) if self.timing else None, self.tick
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            for node, unread in zip(graph.nodes, self._unread, strict=True):
                own = {key: self._tensors[name] for key, name in node.tensor_names.items()}
                op = node.op.at(tick) if self.draws else node.op
                maps[node.name] = op.torch([maps[name] for name in node.inputs], own)
                if timed is not None:
                    timed.there(node.name, maps[node.name])
                if node.name in self.watched and maps[node.name].requires_grad:
                    maps[node.name].register_hook(  # type: ignore[no-untyped-call]
                        partial(self._watch, node.name, share)
                    )
                for name in unread:
                    del maps[name]
            if timed is not None:
                timed.back()
            self._aim(maps, share, [])
        if timed is not None:
            timed.end()
            self._timed, self.timing = timed, False

    def _aim(self, maps: Mapping[str, torch.Tensor], share: float, states: Sequence[torch.Tensor]) -> None:
        """Take the gradients of every aim, and the network's own by its states."""
        for number, aim in enumerate(self.objective.aims, start=1):
            total = maps[aim.total].mean() * share
            inputs = [*(self._tensors[name] for name in aim.learns), *(states if number == 1 else ())]
            torch.autograd.backward(total, inputs=inputs, retain_graph=number < len(self.objective.aims))

    def _derive_through(
        self, graph: Graph, maps: dict[str, torch.Tensor], batch: Batch, share: float
    ) -> dict[str, Array]:
        """Through all steps of a network's states, of which none but the states is kept: on the way back each step is
        computed again, so that memory does not grow with their number by more than those.

        Returns:
            See `Backend.accumulate`.
        """
        states, last = graph.states, batch.steps - 1
        before = layers_of_step(graph)
        nodes = tuple(node for node in graph.nodes if node.name in before)
        begun = [{put.name: maps[put.name] for put in states}]
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            with torch.no_grad():
                for k in range(last):
                    made = self._step(nodes, maps | begun[-1], batch.draw + k)
                    begun.append({put.name: made[put.comes_from] for put in states})
            own = {name: held.detach().requires_grad_() for name, held in begun.pop().items()}
            maps.update(self._step(graph.nodes, maps | own, batch.draw + last, share))
            self._aim(maps, share, [*own.values()])
            learning = [self._tensors[name] for name in self.objective.aims[0].learns]
            for k in reversed(range(last)):
                after, own = own, {name: held.detach().requires_grad_() for name, held in begun.pop().items()}
                made = self._step(nodes, maps | own, batch.draw + k)
                ends = [(made[put.comes_from], after[put.name].grad) for put in states]
                ends = [(held, grad) for held, grad in ends if held.requires_grad and grad is not None]
                if not ends:
                    break
                heads, grads = zip(*ends, strict=True)
                torch.autograd.backward(heads, grads, inputs=[*learning, *own.values()])
        left = {put.name: maps[put.comes_from] for put in states} | {graph.output: maps[graph.output]}
        return {name: held.detach().cpu().numpy() for name, held in left.items()}

    def _step(
        self, nodes: Sequence[Node], maps: dict[str, torch.Tensor], step: int, share: float = 0.0
    ) -> dict[str, torch.Tensor]:
        """Run layers in a step of the network's states; where there is a share, gradients of watched ones are kept."""
        tick = Tick(step=step)
        for node in nodes:
            own = {key: self._tensors[name] for key, name in node.tensor_names.items()}
            maps[node.name] = node.op.at(tick).torch([maps[name] for name in node.inputs], own)
            if share and node.name in self.watched and maps[node.name].requires_grad:
                maps[node.name].register_hook(partial(self._watch, node.name, share))  # type: ignore[no-untyped-call]
        return maps

    def _watch(self, layer: str, share: float, grad: torch.Tensor) -> None:
        # That of the crop's own loss: the mean over the crops taken together divides by their number.
        self._seen[layer] = grad[-1] * (len(grad) / share)

    def map_gradient(self, layer: str) -> Array | None:
        """See `Backend.map_gradient`."""
        return np.array(self._seen[layer].cpu().numpy(), np.float32, order="C") if layer in self._seen else None

    def _fed(self, values: Array) -> torch.Tensor:
        """On the device, in its order, in which a step took two thirds of a CPU's time, and nine tenths of CUDA's."""
        order = order_on(self._device, in_float=True) if values.ndim == 4 else torch.contiguous_format
        own = values if values.flags.writeable else values.copy()
        return torch.from_numpy(own).to(self._device, memory_format=order)

    def _add(self, name: str, value: torch.Tensor) -> None:
        self._parts[name] = self._parts[name] + value if name in self._parts else value

    def outcomes(self, *, wait: bool) -> list[Outcome]:
        """See `Backend.outcomes`."""
        del wait
        found, self._done = self._done, []
        return found

    def take(self, rate: float, clip: float) -> None:
        """See `Backend.take`."""
        grads = {
            name: tensor.grad
            for name, tensor in zip(self.objective.learns, self._learning, strict=True)
            if tensor.grad is not None
        }
        with torch.no_grad():
            norm = torch.stack(torch._foreach_norm([*grads.values()])).norm()
            followed = self._followed()
            follows = torch.stack([norm.isfinite(), *(held.isfinite().all() for held in followed.values())]).all()
            names, values = list(self._parts), [*self._parts.values(), norm, follows.float()]
            numbers = torch.stack([value.reshape(()) for value in values]).tolist()
        parts = dict(zip(names, numbers[:-2], strict=True))
        total = parts.pop(f"~{self.objective.aims[0].total}")
        for aim in self.objective.aims[1:]:
            parts["critic"] = parts.pop(f"~{aim.total}")
        outcome = Outcome(parts, total, numbers[-2], bool(numbers[-1]))
        if outcome.is_finite:
            self._scale = clip / outcome.norm if outcome.norm > clip else 1.0
            self._move(grads, rate, self._scale, followed)
            self.steps += 1
            self._moved.update(grads.keys())
        else:
            self._scale = 1.0
        self._last = grads
        self.drop()
        self._done.append(outcome)

    def _move(
        self, grads: Mapping[str, torch.Tensor], rate: float, scale: float, followed: Mapping[str, torch.Tensor]
    ) -> None:
        with torch.no_grad():
            if scale != 1.0:
                for grad in grads.values():
                    grad.mul_(scale)
            before = {name: self._tensors[name].detach().clone() for name in self.rates if name in grads}
            self._optimiser.param_groups[0]["lr"] = rate
            self._optimiser.step()
            for name, old in before.items():
                new, by = self._tensors[name], self._fed(self.rates[name])
                new.copy_(torch.where(by == 0, old, torch.where(by == 1, new, old + (new - old) * by)))
            for name, pull in self.pulls.items():
                if name not in grads:
                    continue
                held, target = self._tensors[name], self._fed(pull.target)
                held.copy_(torch.lerp(held, target, self._fed(pull.strength)))
            for layer, held in followed.items():
                statistic = self.objective.statistics[layer]
                for name, value in zip(statistic.running, held.unbind(1), strict=True):
                    self._tensors[name].lerp_(value, statistic.momentum)

    def _followed(self) -> dict[str, torch.Tensor]:
        """By the layer of a norm, the mean and the unbiased variance of every channel, (C, 2)."""
        known = self.objective.statistics
        return {layer: held * held.new_tensor((1.0, known[layer].unbiased)) for layer, held in self._statistics.items()}

    def _retune(self, objective: Objective, optimiser: Optimiser) -> bool:
        del objective
        (group,) = optimiser.for_torch([torch.zeros(1, requires_grad=True)]).param_groups
        self._optimiser.param_groups[0].update({key: value for key, value in group.items() if key != "params"})
        return True

    def drop(self) -> None:
        """See `Backend.drop`."""
        for tensor in self._learning:
            tensor.grad = None
        self._parts.clear()
        self._statistics.clear()

    def tensor(self, name: str) -> Array:
        """See `Backend.tensor`."""
        return np.array(self._tensors[name].detach().cpu().numpy(), np.float32, order="C")

    def gradient(self, name: str) -> Array | None:
        """See `Backend.gradient`."""
        # They were clipped where they are; what is looked at is the gradient itself, as on every engine.
        return np.array((self._last[name] / self._scale).cpu().numpy(), order="C") if name in self._last else None

    def remembered(self, name: str) -> dict[str, Array]:
        """See `Backend.remembered`."""
        held = self._optimiser.state.get(self._tensors[name], {}) if name in self._tensors else {}
        return {
            slot: np.array(held[key].cpu().numpy(), np.float32, order="C")
            for slot, key in self.optimiser.slots.items()
            if isinstance(held.get(key), torch.Tensor)
        }

    def _times(self) -> dict[str, float]:
        """See `Backend.times`."""
        return dict(self._timed.seconds) if self._timed is not None else {}

    def replace(self, name: str, rect: Rect, values: Array) -> None:
        """See `Backend.replace`."""
        whole = self.tensor(name)
        put(whole, rect, np.asarray(values, np.float32))
        with torch.no_grad():
            self._tensors[name].copy_(torch.from_numpy(whole))

    def state(self) -> State:
        """See `Backend.state`."""
        slots = {}
        for name in self.objective.learns:
            slots[f"{name}/steps"] = np.array([self._moved[name]], np.float32)
            slots |= {f"{name}/{slot}": value for slot, value in self.remembered(name).items()}
        return State({name: self.tensor(name) for name in self.kept()}, slots, self.steps)

    def restore(self, state: State) -> None:
        """See `Backend.restore`."""
        self.drop()
        self._last = {}
        self.steps = state.steps
        with torch.no_grad():
            for name, value in state.tensors.items():
                self._tensors[name].copy_(torch.tensor(value))
        self._optimiser.state.clear()
        for name, tensor in zip(self.objective.learns, self._learning, strict=True):
            found = {
                key: self._fed(state.slots[f"{name}/{slot}"]).clone()
                for slot, key in self.optimiser.slots.items()
                if f"{name}/{slot}" in state.slots
            }
            self._moved[name] = int(state.slots.get(f"{name}/steps", np.zeros(1))[0])
            if found:
                self._optimiser.state[tensor] = {"step": self._fed(np.array(self._moved[name], np.float32)), **found}
