"""What an engine does for learning: gradients of some crops, summed up, and the step that they add up to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.learn.lesson import Batch
from studio.learn.objective import Objective, running
from studio.learn.optimisers import Optimiser
from studio.model.declared.tick import START, Tick
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array

LOSS = "~loss"
"""What stands for all of a step that is no layer of the network."""


@dataclass(frozen=True)
class State:
    """What learning goes on from, the same on every engine.

    Attributes:
        tensors: every tensor of the network, and its critic's, each in its own shape.
        slots: what the optimiser remembers, by ``tensor/slot``, and ``tensor/steps``, how often it moved.
        steps: how many were taken.
    """

    tensors: Mapping[str, Array]
    slots: Mapping[str, Array]
    steps: int


@dataclass(frozen=True, eq=False)
class Pull:
    """What a step does to weights besides: it brings them so much nearer to others.

    Attributes:
        strength: in the tensor's own shape, what part of the way a step goes; 0 for not at all.
        target: where to, in the same shape.
        towards: the preset or network that the target is of, empty for what learns as it was trained; None where
            nobody said.
    """

    strength: Array
    target: Array
    towards: str | None = None


@dataclass
class Outcome:
    """What a step came to.

    Attributes:
        parts: every loss by its name, unweighted, as the mean over the crops.
        total: their weighted sum, or with a critic the network's own.
        norm: of all gradients together.
        follows: whether what running statistics follow is finite: it may not be where loss and gradients are.
    """

    parts: dict[str, float] = field(default_factory=dict)
    total: float = 0.0
    norm: float = 0.0
    follows: bool = True

    @property
    def is_finite(self) -> bool:
        """Whether weights may be moved by this."""
        return self.follows and bool(np.isfinite([self.total, self.norm, *self.parts.values()]).all())


class Backend(ABC):
    """Holds the tensors while they learn.

    Args:
        objective: what is learnt.
        optimiser: how.

    Attributes:
        name: of the engine that it learns on.
        rates: by tensor, in its own shape, what its rate is multiplied by; 0 keeps a weight bit for bit.
        pulls: by tensor that learns, what its weights are drawn to, and how strongly, in every step.
        watched: layers whose maps' gradients are kept, of the last crop.
        steps: how many have been taken.
        timing: whether the layers of the next crop are to be timed.
        on_cpu: whether the thread that learns computes itself, so that its own time tells how much it gets.
        queues: whether steps wait in the queue of a GPU, before what is given to it after them.
        give_way: called before each part of a step that goes into such a queue; may wait for whoever comes first.
    """

    name: str
    on_cpu = False
    queues = False

    def __init__(self, objective: Objective, optimiser: Optimiser) -> None:
        if not objective.learns:
            raise StudioError("There is no tensor to learn; unfreeze one.")
        self.objective = objective
        self.optimiser = optimiser
        self.rates: dict[str, Array] = {}
        self.pulls: dict[str, Pull] = {}
        self.watched: frozenset[str] = frozenset()
        self.steps = 0
        self.timing = False
        self.give_way: Callable[[], object] = lambda: None

    @abstractmethod
    def accumulate(self, batch: Batch, share: float) -> Mapping[str, Array]:
        """Add the gradients of these crops, which are such a part of the step.

        Returns:
            Of a network with a state, what each state has become and what was made at last, (N, C, H, W) by the names
            of the states and of the output; of any other nothing.
        """

    def look(self, network: Network, fed: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
        """Maps of a network that need not hold the weights that learn; here by PyTorch's operators.

        Args:
            network: with its own weights.
            fed: (C, H, W) by the names of its inputs.
            names: of the layers.

        Returns:
            (C, H, W) float32 each.
        """
        import torch

        from studio.ops._reference import reference

        maps = reference(network, {name: torch.from_numpy(values[None]) for name, values in fed.items()})
        return {name: maps[name][0].numpy() for name in names}

    @abstractmethod
    def take(self, rate: float, clip: float) -> None:
        """Take the step, unless it is not finite, and begin the next; what it came to is among the `outcomes`.

        Args:
            rate: how far.
            clip: what the norm of all gradients is brought down to where it is larger; infinity for never.
        """

    @cached_property
    def draws(self) -> bool:
        """Whether the network draws numbers of its own at random: anew in every step, the same for all its crops."""
        return any(node.op.moves() for node in self.objective.network.graph.nodes)

    @property
    def tick(self) -> Tick:
        """What is drawn in this step goes by."""
        return Tick(frame=self.steps, step=self.steps) if self.draws else START

    def tune(self) -> None:  # noqa: B027 - only where there are several ways
        """Find out a little more about which ways are the fastest, between two steps."""

    @abstractmethod
    def outcomes(self, *, wait: bool) -> list[Outcome]:
        """What the steps came to that have not been told of, in order.

        Args:
            wait: whether for all of them; else those that are known by now. A device may be a few steps ahead.

        Returns:
            None after one that is not finite: steps after it were not taken, and do not count.
        """

    def apply(self, rate: float, clip: float) -> Outcome:
        """Take the step, and wait for what it comes to."""
        self.take(rate, clip)
        return self.outcomes(wait=True)[-1]

    @abstractmethod
    def drop(self) -> None:
        """Forget the gradients of a step that was not finished."""

    @abstractmethod
    def tensor(self, name: str) -> Array:
        """A copy of a tensor as it is now."""

    @abstractmethod
    def gradient(self, name: str) -> Array | None:
        """A copy of a tensor's gradient in the last step; None before it, or where there is none."""

    @abstractmethod
    def remembered(self, name: str) -> dict[str, Array]:
        """Copies of what the optimiser remembers of a tensor, each in its shape, by slot; empty before a first step."""

    @abstractmethod
    def map_gradient(self, layer: str) -> Array | None:
        """(C, H, W), the gradient of a watched layer's map in the last crop; None before it, or where there is none."""

    @abstractmethod
    def replace(self, name: str, rect: Rect, values: Array) -> None:
        """Put values into a rectangle of a tensor's sheet: a stroke."""

    @abstractmethod
    def state(self) -> State:
        """Copies of everything that learning goes on from."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go on from there; slots that are missing begin anew."""

    def retune(self, objective: Objective, optimiser: Optimiser) -> bool:
        """Go on with other numbers of the same layers and the same kind of optimiser, keeping everything else.

        Returns:
            False where more than numbers is another; nothing has been changed then.
        """
        turned = turned_nodes(self.objective.network.graph.nodes, objective.network.graph.nodes)
        same = self.objective.aims == objective.aims and self.objective.parts == objective.parts
        if turned is None or not same or type(optimiser) is not type(self.optimiser):
            return False
        if not _fixed_alike(self.objective, objective):
            return False
        if not self._retune(objective, optimiser):
            return False
        self.objective, self.optimiser = objective, optimiser
        return True

    @abstractmethod
    def _retune(self, objective: Objective, optimiser: Optimiser) -> bool:
        """Take these numbers over; False where that cannot be done without beginning anew."""

    def shares(self, engine: Engine) -> bool:
        """Whether this engine shows what is learnt by itself, for their tensors are the same."""
        del engine
        return False

    def time_next(self) -> None:
        """Let the layers of the next crop be timed; see `times`."""
        self.timing = True

    def times(self) -> dict[str, float]:
        """Seconds that each layer took of a whole step when it was last timed, there and back, by its name.

        What is no layer of the network stands there as `LOSS`. Empty before anything was timed; waits for the device.
        """
        own = {node.name for node in self.objective.network.graph.nodes if "~" not in node.name}
        found: dict[str, float] = {}
        for name, seconds in self._times().items():
            layer = name.partition("~")[0]
            layer = layer if layer in own else LOSS
            found[layer] = found.get(layer, 0.0) + seconds
        return found

    @abstractmethod
    def _times(self) -> dict[str, float]:
        """The same by what was run, gradients and losses by names of their own."""

    def close(self) -> None:  # noqa: B027 - not every backend holds something
        """Free what it holds on the device."""

    def kept(self) -> tuple[str, ...]:
        """Tensors that a checkpoint has: all of the network, for strokes reach every one, and its critic's."""
        own = [name for name in self.objective.network.tensors if "~" not in name]
        return (*own, *(name for name in self.objective.learns if "~" in name))

    def changing(self) -> tuple[str, ...]:
        """Tensors that a step changes: those that learn, and running statistics."""
        own = self.objective.network.tensors
        return (*self.objective.learns, *(name for name in running(self.objective.statistics) if name in own))


def _fixed_alike(one: Objective, other: Objective) -> bool:
    """Whether what losses know by heart, such as the matrices of a style, is the same."""
    fixed = [name for name in other.network.tensors if "~" in name and name not in other.learns]
    tensors = one.network.tensors
    return all(name in tensors and np.array_equal(tensors[name], other.network.tensors[name]) for name in fixed)


def turned_nodes(before: Sequence[Node], after: Sequence[Node]) -> tuple[Node, ...] | None:
    """Layers whose numbers are others; None where anything else is."""
    if len(before) != len(after):
        return None
    found = []
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        alike = (old.name, old.inputs, old.tensor_names, type(old.op)) == (
            *(new.name, new.inputs, new.tensor_names, type(new.op)),
        )
        if not alike or old.op.structure() != new.op.structure():
            return None
        found.append(new)
    return tuple(found)
