"""How a preset moves the vectors of a generator: a path by seed, and steps along the directions that matter most.

The directions are the principal components of the first layer: of vectors whose values are independent and normally
distributed, what a linear first layer makes varies most along the first, and so on (E. Härkönen et al., "GANSpace",
2020; Y. Shen and B. Zhou, "Closed-Form Factorization of Latent Semantics in GANs", 2021).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args
from weakref import ref

import numpy as np

from studio.model.networks.graph import Graph
from studio.model.networks.latent import Kind, LatentPath
from studio.model.networks.network import Network
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

KINDS: tuple[Kind, ...] = get_args(Kind)
DIRECTIONS = 8
"""So many of the directions have a number of their own."""

FURTHEST = 6.0
"""How far along a direction, at most."""


@dataclass(frozen=True)
class Generator:
    """Attributes:
    path: the way that vectors take, where the source does not say another.
    steps: how far along each of the directions, in standard deviations; those that are missing are zero.
    """

    path: LatentPath = field(default_factory=LatentPath)
    steps: tuple[float, ...] = ()

    def with_step(self, number: int, value: float) -> Generator:
        """The same with another step along one direction, counted from 0."""
        steps = [*self.steps, *[0.0] * (number + 1 - len(self.steps))]
        steps[number] = value
        while steps and not steps[-1]:
            steps.pop()
        return Generator(self.path, tuple(steps))


GENERATOR: Section[Generator] = Section("generator", Generator())
"""How vectors move where the source is "latent" and no more, or a film."""


class Phase:
    """How far a walk has come whose pace changes: it goes on from where it is, instead of leaping."""

    def __init__(self) -> None:
        self._pace: float | None = None
        self._last = self._since = self._place = 0.0

    def time(self, time: float, pace: float) -> float:
        """The time at which a walk of this pace throughout would be where this one is.

        Args:
            time: in seconds; where it is less than the time before, the walk has begun anew.
            pace: seconds a point, now.
        """
        if self._pace is None or time < self._last:
            self._since = self._place = 0.0
        elif pace != self._pace:
            self._place += (self._last - self._since) / self._pace
            self._since = self._last
        self._pace, self._last = pace, time
        if not self._since and not self._place:
            return time
        return self._place * pace + (time - self._since)


_known: dict[int, tuple[ref[Graph], dict[str, Array]]] = {}
_lock = threading.Lock()


def directions_of(network: Network) -> Mapping[str, Array]:
    """The directions of every vector that a network takes, (directions, channels) of length 1, by the input's name.

    A vector that no layer with weights reads has the axes themselves for directions.
    """
    graph = network.graph
    with _lock:
        known = _known.get(id(graph))
        if known is not None and known[0]() is graph:
            return known[1]
        for key in [key for key, (of, _) in _known.items() if of() is None]:
            del _known[key]
        vectors = [put for put in graph.inputs if put.kind == "vector"]
        found = {put.name: _directions(network, put.name, put.channels) for put in vectors}
        _known[id(graph)] = ref(graph), found
        return found


def stepped(feeds: Mapping[str, Array], steps: tuple[float, ...], directions: Mapping[str, Array]) -> dict[str, Array]:
    """Vectors, (C, 1, 1) float32 by input, so many steps further along the directions of each."""
    found = dict(feeds)
    if any(steps):
        for name, along in directions.items():
            if name in found:
                taken = np.asarray(steps[: len(along)], np.float32)
                found[name] = found[name] + (taken @ along[: len(taken)])[:, None, None]
    return found


def _directions(network: Network, name: str, channels: int) -> Array:
    matrix = _first_matrix(network, name, channels)
    if matrix is None:
        return np.eye(min(DIRECTIONS, channels), channels, dtype=np.float32)
    _, _, rows = np.linalg.svd(np.nan_to_num(matrix.astype(np.float64)), full_matrices=False)
    found = rows[:DIRECTIONS]
    # A sign is not settled by the decomposition: the largest value is positive.
    signs = np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])
    return np.asarray(found * signs[:, None], np.float32)


def _first_matrix(network: Network, name: str, channels: int) -> Array | None:
    """The weights of the first layer that reads a vector, (values made, channels)."""
    graph, at = network.graph, {name}
    for node in graph.nodes:
        if not at.intersection(node.inputs):
            continue
        weight = network.tensors.get(node.tensor_names.get("weight", ""))
        if weight is not None and weight.ndim >= 2:
            if type(node.op).__name__.startswith("ConvTranspose"):
                return weight.reshape(weight.shape[0], -1).T if weight.shape[0] == channels else None
            rows = weight.reshape(weight.shape[0], weight.shape[1], -1)
            return rows.transpose(0, 2, 1).reshape(-1, weight.shape[1]) if weight.shape[1] == channels else None
        # What has no weights hands the vector on, more or less.
        at.add(node.name)
    return None
