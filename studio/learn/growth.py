"""Lessons of networks that make their own input: what they begin from in each step, and what has become of them.

    pool ──one begins anew, others as they were left──> so many steps of their own ──> compared, and put back

A network that only ever began at its beginning would learn to make a picture, and not to keep it.

Source: A. Mordvintsev, E. Randazzo, E. Niklasson and M. Levin, "Growing Neural Cellular Automata", Distill, 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from studio.draws import FRAMES
from studio.learn.bank import Cut
from studio.learn.lesson import Batch, Lesson, Same
from studio.learn.values import values_of
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, to_picture, to_tensor
from studio.model.networks.shape import Array
from studio.model.networks.state import COLOURS, beginning, shrunk

if TYPE_CHECKING:
    from torch import Tensor

States = dict[str, Array]
"""(C, H, W) by the name of the state."""

_ERRORS = "errors"
_MIDDLE = Cut(0, 0.5, 0.5, mirrored=False)
"""Of the first picture."""


class Growth(Lesson):
    """What is wanted of a network with a state, so many steps from where it begins.

    A network that is fed nothing but states grows into one picture: what is wanted of the middle of the source's first.
    One that is fed pictures besides begins anew with each.

    Args:
        lesson: what is shown and wanted.
        network: what learns.
        steps: of its own, at least; up to half as many more, as is drawn for each step of learning.
        count: states in the pool.
        batch: crops a step; where it is one, every second begins anew, or none would go on.
    """

    def __init__(self, lesson: Lesson, network: Network, steps: int, count: int, batch: int) -> None:
        self.bank, self.flips, self.notes = lesson.bank, lesson.flips, lesson.notes
        self._lesson, self._graph = lesson, network.graph
        self._steps, self._count, self._anew = steps, count, 1.0 if batch > 1 else 0.5
        self._alone = all(put.kind != "picture" for put in network.graph.inputs)
        if self._alone and self.bank.count > 1:
            self.notes += (f"It grows into the first of {self.bank.count} pictures.",)
        if self._alone and isinstance(lesson, Same) and lesson.how and lesson.undo:
            self.notes += ("It is shown no picture, so that nothing is damaged; it grows into the whole one.",)
        self._grows_into: Picture | None = None
        self._pool: list[States] = []
        self._errors: Array = np.zeros(0, np.float32)
        self._wanted: Array = np.zeros(0, np.float32)
        # Of the step under way: what was drawn for it, which states it has had, those of its last part, and what became
        # of them.
        self._drawn: tuple[int, int] | None = None
        self._had: list[int] = []
        self._part: list[int] = []
        self._left: list[tuple[int, States, float]] = []

    def pair(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair`."""
        if not self._alone:
            return self._lesson.pair(rng, size, made)
        whole = self._grows_into
        if whole is None or Size.of(whole) != made:
            # Always the same picture: nothing that chooses crops draws its noise.
            whole = self._grows_into = self.pair_at(_MIDDLE, np.random.default_rng(0), made, made)[1]
        return whole, whole

    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair_at`."""
        return self._lesson.pair_at(where, rng, size, made)

    def batch(self, rng: np.random.Generator, count: int, graph: Graph, size: Size, made: Size) -> Batch:
        """See `Lesson.batch`."""
        if self._drawn is None:
            self._drawn = int(rng.integers(self._steps, self._steps + self._steps // 2 + 1)), int(rng.integers(FRAMES))
        pairs = [self.pair(rng, size, made) for _ in range(count)]
        shown, self._wanted, pictures = values_of(pairs, rng, graph, size)
        if self._alone:
            states = self._chosen(rng, count, size)
        else:
            self._part = []
            states = [self._beginning(size, picture) for picture, _ in pairs]
        for put in graph.states:
            shown[put.name] = np.stack([each[put.name] for each in states])
        if self._alone:
            pictures = self._seen(states[-1]), pictures[1]
        return Batch(shown, self._wanted, pictures, steps=self._drawn[0], draw=self._drawn[1])

    def _chosen(self, rng: np.random.Generator, count: int, size: Size) -> list[States]:
        """States of the pool for some crops; the first of a step is the worst of all, and begins anew."""
        if not self._pool or any(self._pool[0][put.name].shape[1:] != put.map_size(size) for put in self._graph.states):
            self._pool = [self._beginning(size)] * self._count
            self._errors = np.zeros(self._count, np.float32)
        self._part, found = [], []
        for _ in range(count):
            if not self._had and rng.random() < self._anew:
                number = int(self._errors.argmax())
                found.append(self._beginning(size))
            else:
                free = [k for k in range(self._count) if k not in self._had] or [*range(self._count)]
                number = free[int(rng.integers(len(free)))]
                found.append(self._pool[number])
            self._part.append(number)
            self._had.append(number)
        return found

    def _beginning(self, size: Size, picture: Picture | None = None) -> States:
        found = {}
        for put in self._graph.states:
            colour = np.zeros((COLOURS, *size), np.float32)
            if picture is not None:
                colour = to_tensor(picture, COLOURS, put.range)
            own = put.map_size(size)
            found[put.name] = beginning(put.begins, put.channels, own, put.seed, shrunk(colour, put.smaller))
        return found

    def _seen(self, states: States) -> Picture:
        put = self._graph.states[0]
        return to_picture(states[put.name][:COLOURS], put.range)

    def take(self, left: Mapping[str, Array]) -> None:
        """See `Lesson.take`."""
        made = left[self._graph.output]
        for k, number in enumerate(self._part):
            states = {put.name: np.array(left[put.name][k]) for put in self._graph.states}
            error = float(np.mean(np.square(made[k] - self._wanted[k], dtype=np.float64)))
            if not np.isfinite(error) or not all(np.isfinite(each).all() for each in states.values()):
                states, error = self._pool[number], float(np.finfo(np.float32).max)
            self._left.append((number, states, error))

    def close(self) -> None:
        """See `Lesson.close`."""
        self._lesson.close()

    def settle(self) -> None:
        """See `Lesson.settle`."""
        for number, states, error in self._left:
            self._pool[number] = states
            self._errors[number] = error
        self.drop()

    def drop(self) -> None:
        """See `Lesson.drop`."""
        self._drawn = None
        self._had, self._part, self._left = [], [], []

    def remembered(self) -> dict[str, Array]:
        """See `Lesson.remembered`."""
        if not self._pool:
            return {}
        found = {put.name: np.stack([states[put.name] for states in self._pool]) for put in self._graph.states}
        return {**found, _ERRORS: self._errors.copy()}

    def recall(self, remembered: Mapping[str, Array]) -> None:
        """See `Lesson.recall`."""
        self.drop()
        names = [put.name for put in self._graph.states]
        errors = remembered.get(_ERRORS, np.zeros(0, np.float32))
        count = len(errors) if errors.ndim == 1 else 0
        fits = count > 0 and all(
            put.name in remembered and remembered[put.name].shape[:2] == (count, put.channels)
            for put in self._graph.states
        )
        self._pool, self._errors = [], np.zeros(0, np.float32)
        if fits:
            self._errors = np.array(errors, np.float32)
            self._count = count
            self._pool = [{name: remembered[name][k] for name in names} for k in range(self._count)]


def layers_of_step(graph: Graph) -> frozenset[str]:
    """The layers that a network's states come from, and all before them."""
    needed = {put.comes_from for put in graph.states}
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.inputs)
    return frozenset(needed)


def grown(network: Network, batch: Batch) -> dict[str, Tensor]:
    """Every map of a network in the last of its own steps from where a batch's last crop begins, each (1, C, H, W)."""
    import torch

    graph, before = network.graph, layers_of_step(network.graph)
    tensors = {name: torch.from_numpy(tensor) for name, tensor in network.tensors.items()}
    maps = {name: torch.from_numpy(np.array(values[-1:])) for name, values in batch.shown.items()}
    with torch.no_grad():
        for k in range(batch.steps):
            tick, is_last = Tick(step=batch.draw + k), k == batch.steps - 1
            for node in graph.nodes:
                if is_last or node.name in before:
                    own = {key: tensors[name] for key, name in node.tensor_names.items()}
                    maps[node.name] = node.op.at(tick).torch([maps[name] for name in node.inputs], own)
            if not is_last:
                maps |= {put.name: maps[put.comes_from] for put in graph.states}
    return maps
