"""A look at what learns: its pictures of the last crop, whether they are sound, and which of its units are dead."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.live.report import Message

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner

Pictures = tuple[Picture, Picture, Picture, Picture]
"""The last crop: shown, made before it learnt, made now, wanted; large ones shrunk to `LARGEST` pixels a side."""

LARGEST = 256
"""More would be shrunk by the window's thread, which has no time for that, and kept with every checkpoint."""

_GROWS = 4.0
_REMEMBER_EVERY = 2.0
_OFTEN = 3
"""Looks in a row in which a unit gives nothing before it counts as dead."""


def maps_of(network: Network, learner: Learner) -> Mapping[str, Array]:
    """What a network makes of the learner's last crop, and its ReLUs on the way; empty where there has been none.

    Returns:
        (C, H, W) by the names of the output and of those layers.
    """
    from studio.learn.bends import with_bends
    from studio.learn.growth import grown
    from studio.model.networks.picture import to_tensor

    if learner.pictures is None or learner.batch is None:
        return {}
    graph = network.graph
    names = {graph.output, *_rectified(graph)}
    if graph.states:
        return {name: found[0].numpy() for name, found in grown(network, learner.batch).items() if name in names}
    shown, _ = learner.pictures
    fed = {}
    for i in graph.inputs:
        if i.kind == "vector":
            fed[i.name] = np.random.default_rng(0).standard_normal((i.channels, 1, 1), np.float32)
        else:
            fed[i.name] = to_tensor(shown, i.channels, i.range, i.mean, i.std, i.order)
    bent = with_bends(network, learner.settings.size, learner.settings.stages).network
    there = names.intersection(node.name for node in bent.graph.nodes)
    maps = learner.backend.look(bent, fed, {*there, bent.graph.output})
    # What the picture is made of is what the output hands on.
    return {**maps, graph.output: maps[bent.graph.output]}


def _rectified(graph: Graph) -> list[str]:
    from studio.ops.activation import ReLU

    return [node.name for node in graph.nodes if isinstance(node.op, ReLU)]


@dataclass(frozen=True, eq=False)
class Watched:
    """How a tensor moves.

    Attributes:
        name: its full name.
        gradient: in the last step, in its own shape; None where it has none, being frozen.
        update: by how much a step moved it, the mean over the last few; None where it was not looked at then.
        of_map: (C, H, W), the gradient of its layer's map in the last crop; None before there is one.
        state: what the optimiser remembers of it, each in its own shape, by the names of the optimiser's slots.
    """

    name: str
    gradient: Array | None
    update: Array | None
    of_map: Array | None
    state: Mapping[str, Array] = field(default_factory=dict)


class Effort(NamedTuple):
    """Where the time goes.

    Attributes:
        part: how much of it learning gets, 0 to 1; NaN where that is not known.
        times: seconds of a step by layer; see `studio.learn.backend.Backend.times`.
    """

    part: float
    times: Mapping[str, float]


class Meter:
    """Finds out where the time goes; belongs to the thread that learns.

    On a CPU it gets what the system gives its thread, which steps back behind the picture's; elsewhere, what steps keep
    the device busy for.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin to count again, after a rest say."""
        self._at, self._worked, self._steps = time.monotonic(), time.thread_time(), 0

    def add(self, steps: int) -> None:
        """Count this many more steps."""
        self._steps += steps

    def read(self, learner: Learner) -> Effort:
        """What it comes to since it was last read; the layers of a crop soon are timed for the next time."""
        seconds, worked = time.monotonic() - self._at, time.thread_time() - self._worked
        backend = learner.backend
        times, steps = backend.times(), self._steps
        backend.time_next()
        self.begin()
        busy = worked if backend.on_cpu else sum(times.values()) * steps if times else math.nan
        return Effort(min(busy / max(seconds, 1e-9), 1.0), times)


class Good:
    """Weights of some seconds ago, to go back to where a rate makes numbers that are none.

    A step whose loss is not finite is not taken; but those before it may have moved weights so far that the picture is
    not finite, or is rubbish. Where no weight has grown by much that is not looked at.
    """

    def __init__(self, learner: Learner) -> None:
        self._edits = 0
        self._begin(learner, _peak(_tensors(learner)))

    def _begin(self, learner: Learner, peak: float) -> None:
        self._held = self._next = learner.checkpoint(), peak
        self._at = time.monotonic()

    def take(self, learner: Learner, weights: Mapping[str, Array], edits: int, *, failed: bool) -> bool:
        """Whether weights that are about to be told may be shown; remembers them where they may, now and then.

        Args:
            learner: between two steps.
            weights: those that change.
            edits: how many edits they have in them.
            failed: whether a step was not taken.
        """
        peak = _peak(weights)
        grown = not np.isfinite(peak) or peak > _GROWS * self._held[1] + 1
        mine = edits == self._edits
        if (failed and grown and mine) or ((failed or grown) and not is_sound(learner)):
            return False
        if not mine:
            self._edits = edits
            self._begin(learner, peak)
        elif time.monotonic() - self._at >= _REMEMBER_EVERY:
            # What has lasted for so long without a failure is what is gone back to.
            self._held, self._next = self._next, (learner.checkpoint(), peak)
            self._at = time.monotonic()
        return True

    def go_back(self, learner: Learner, edits: int, problem: Message | None) -> Message:
        """Go back to them, unless a hand has done something since, which is never lost; what is to be said."""
        said = problem.text if problem else f"What it makes is not finite after step {learner.steps}: lower the rate."
        if edits != self._edits:
            more = "Undo what was painted, or go back to a checkpoint."
        else:
            learner.restore(_as_painted(self._held[0], learner))
            more = f"Weights have gone back to those of step {learner.steps}, before they grew."
            # They may have been no numbers when it began, as is said then.
            more = more if np.isfinite(self._held[1]) else ""
        return Message(f"{said} {more}".rstrip(), "error", problem.details if problem else "")


def _as_painted(checkpoint: Checkpoint, learner: Learner) -> Checkpoint:
    """A checkpoint with what a hand has painted since: rates, pulls, and pinned weights, which have not grown."""
    rates, pulls = dict(learner.backend.rates), dict(learner.backend.pulls)
    held = dict(checkpoint.state.tensors)
    for name in rates.keys() & held.keys():
        held[name] = np.where(rates[name] == 0, learner.tensor(name), held[name])
    return replace(checkpoint, state=replace(checkpoint.state, tensors=held), rates=rates, pulls=pulls)


def _tensors(learner: Learner) -> Mapping[str, Array]:
    return {name: learner.tensor(name) for name in learner.backend.changing() if name in learner.network.tensors}


def _peak(weights: Mapping[str, Array]) -> float:
    # Of Python's own the largest of numbers and NaN depends on their order.
    return float(np.max([np.abs(values).max(initial=0.0) for values in weights.values()], initial=0.0))


def is_sound(learner: Learner) -> bool:
    """Whether every value of what it makes of its last crop is finite."""
    found = maps_of(learner.result(), learner)
    return not found or bool(np.isfinite(found[learner.network.graph.output]).all())


def pictures_of(learner: Learner, first: Network, now: Mapping[str, Array] | None = None) -> Pictures | None:
    """The last crop in its four forms; None before the first step.

    Args:
        learner: what learns.
        first: it, as it was before.
        now: its maps as `maps_of` gives them, where they are known.
    """
    from studio.io.resize import resized
    from studio.model.networks.picture import to_picture

    if learner.pictures is None:
        return None
    shown, wanted = learner.pictures
    graph = learner.network.graph
    before, after = maps_of(first, learner), now or maps_of(learner.result(), learner)
    made = [to_picture(m[graph.output], graph.output_range, graph.output_order) for m in (before, after)]
    shown, first_made, now_made, wanted = (
        resized(picture, Size.of(picture).within(LARGEST)) for picture in (shown, *made, wanted)
    )
    return shown, first_made, now_made, wanted


@dataclass
class DeadUnits:
    """Counts the channels behind a ReLU that have given nothing but zeros in several looks in a row."""

    _silent: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def look(self, learner: Learner, maps: Mapping[str, Array]) -> dict[str, tuple[int, int]]:
        """Take in the maps of a crop; by layer, how many channels are dead, and how many there are."""
        found = {}
        for name in _rectified(learner.network.graph):
            if name not in maps:
                continue
            silent = np.asarray(np.abs(maps[name]).max((1, 2)) == 0)
            known = self._silent.get(name, np.zeros(len(silent), np.int64))
            self._silent[name] = known = np.where(silent, known + 1, 0)
            found[name] = int((known >= _OFTEN).sum()), len(silent)
        return found
