"""How a network learns, and the graph that it learns by."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from studio.engine.choose import choose, probe_gl
from studio.errors import StudioError, choices
from studio.learn.backend import Backend
from studio.learn.bends import with_bends
from studio.learn.losses import L2
from studio.learn.objective import Aim, Objective, Sketch, sketch
from studio.learn.optimisers import Adam, Optimiser, Schedule
from studio.learn.others import Adversarial
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.ops.derivative import derive
from studio.ops.given import GivenMap

if TYPE_CHECKING:
    from studio.engine.gl.driver.device import Device

Opens = Callable[[Objective, Optimiser], Backend]
"""Makes what learns of an objective and an optimiser."""

SQUARED = "~squared"
"""The part that PSNR is computed from, whatever is made small."""


class Term(Protocol):
    """One loss: what it is called, what it counts, and its layers."""

    @property
    def name(self) -> str:
        """What curves call it."""

    @property
    def weight(self) -> float:
        """What it counts beside the others."""

    def build(self, at: Sketch) -> str:
        """Add its layers; the one that holds the number."""


@dataclass(frozen=True)
class Settings:
    """How a network learns.

    Attributes:
        size: height and width of the crops that it is shown.
        losses: what is made small.
        optimiser: how weights move.
        schedule: how far.
        batch: crops a step.
        at_once: crops whose gradients are taken together; 0 takes a step's whole. What a step does is the same, but
            that batch norms take their statistics of so many.
        clip: what the norm of the gradients is brought down to; infinity for never.
        learns: patterns of tensors or layers that learn ("dec*", "enc1.bias"); empty for all.
        frozen: patterns of those that do not.
        statistics: whether batch norms take and learn those of the crops, or keep those that they have.
        seed: what crops, damages and vectors follow from.
        unrolled: how many steps of its own a network with a state takes at most before it is compared; 0 without one.
        stages: bends that work while it learns; those that it cannot learn through are left out.
    """

    size: Size
    losses: tuple[Term, ...]
    optimiser: Optimiser = field(default_factory=Adam)
    schedule: Schedule = field(default_factory=Schedule)
    batch: int = 8
    at_once: int = 0
    clip: float = math.inf
    learns: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    statistics: bool = True
    seed: int = 0
    unrolled: int = 0
    stages: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1 or self.at_once < 0 or not self.clip > 0:
            raise StudioError(
                f"A step has 1 crop or more, at once 0 or more, and a clip above 0, not {self.batch}, {self.at_once} "
                f"and {self.clip}."
            )

    @property
    def together(self) -> int:
        """Crops that are computed together: no more than a step has."""
        return min(self.at_once or self.batch, self.batch)

    def require_even(self) -> None:
        """Raise StudioError where batch norms would take their statistics of fewer crops at last than before."""
        if self.batch % self.together:
            raise StudioError(
                f"Batch norms take their statistics of as many crops each time, and {self.together} at once do not "
                f"divide the {self.batch} of a step; give a number that does."
            )

    @property
    def told(self) -> tuple[object, ...]:
        """What may be told to layers that are there already, where only its numbers are others."""
        return self.losses, self.optimiser, self.stages


def objective_of(network: Network, settings: Settings) -> Objective:
    """The graph that a network learns by.

    Raises:
        StudioError: where the size or a loss does not fit, or nothing learns.
    """
    graph = network.graph
    if not settings.losses:
        raise StudioError("Without a loss nothing is learnt; give one.")
    fitting = graph.fitting_size(settings.size)
    if fitting != settings.size and any(i.kind == "picture" for i in graph.inputs):
        raise StudioError(f'"{network.name}" takes crops of {fitting}, not {settings.size}.')
    together = settings.together
    bent = with_bends(network, settings.size, settings.stages).network
    draft, statistics = sketch(bent, settings.size, pictures=together if settings.statistics else 0)
    if statistics:
        settings.require_even()
    parts = {term.name: term.build(draft) for term in settings.losses}
    total = draft.weighted([(parts[term.name], term.weight) for term in settings.losses])
    chosen = learning(graph, settings.learns, settings.frozen)
    if not graph.tensor_shapes:
        raise StudioError(f'"{network.name}" has no tensor that could learn; choose another network.')
    if not chosen:
        raise StudioError("There is no tensor to learn; unfreeze one.")
    aims = [Aim(total, chosen), *(t.aim(draft) for t in settings.losses if isinstance(t, Adversarial))]
    parts[SQUARED] = L2().build(draft)
    whole = Graph(tuple(draft.inputs), tuple(draft.nodes), bent.graph.output, graph.output_range, graph.output_order)
    made = Network(network.name, whole, draft.tensors)
    objective = Objective(made, draft.shapes, tuple(aims), parts, statistics, together if statistics else 1)
    if not graph.states:
        _require_a_way(objective)
    return objective


def _require_a_way(objective: Objective) -> None:
    """Raise StudioError where nothing that learns could change the loss: a rounding behind it, say, has no slope."""
    aim = objective.aims[0]
    try:
        found = derive(objective.network.graph.nodes, objective.shapes, {aim.total: aim.total}, aim.learns)
    except StudioError:  # an operator without a rule is one for PyTorch alone
        return
    if not found.tensors:
        raise StudioError(
            f'No gradient reaches what learns of "{objective.network.name}": behind it all is rounded or compared, or '
            "nothing of it is in what is made. Let other layers learn, or choose another network."
        )


def learning(graph: Graph, learns: Sequence[str], frozen: Sequence[str]) -> tuple[str, ...]:
    """Full names of the tensors that patterns of layers or tensors choose; running statistics never learn so.

    What is a number of the network's code rather than a parameter of it learns where a pattern names it.

    Raises:
        StudioError: for a pattern that fits nothing.
    """
    names = [name for name in graph.tensor_shapes if name.rpartition(".")[2] not in ("running_mean", "running_var")]
    for pattern in (*learns, *frozen):
        if not any(_fits(name, pattern) for name in names):
            raise StudioError(f'"{pattern}" fits no tensor; there are {choices(names, pattern)}.')
    fixed = {f"{node.name}.map" for node in graph.nodes if isinstance(node.op, GivenMap) and node.op.fixed}
    return tuple(
        name
        for name in names
        if ((not learns and name not in fixed) or any(_fits(name, p) for p in learns))
        and not any(_fits(name, p) for p in frozen)
    )


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.rpartition(".")[0], pattern)


def open_backend(objective: Objective, optimiser: Optimiser, engine: str, device: Device | None = None) -> Backend:
    """What learns on this engine; "auto" takes the engine that runs networks fastest here.

    Args:
        objective: what is learnt.
        optimiser: how.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        device: a context that is current in this thread, and stays its owner's; None opens one where it is needed.

    Raises:
        StudioError: for an engine that cannot learn here.
    """
    if engine == "auto":
        engine = choose(probe_gl()).name
    if engine == "torch":
        from studio.learn.on_torch import TorchBackend

        return TorchBackend(objective, optimiser)
    from studio.learn.on_gl import GLBackend

    return GLBackend(objective, optimiser, engine, device)
