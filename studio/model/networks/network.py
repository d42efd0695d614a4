"""A trained network: a graph and its tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from studio.errors import StudioError
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import ChannelOrder, Input
from studio.model.networks.shape import Array
from studio.model.networks.values import Values, with_values


@dataclass(frozen=True)
class Network:
    """A graph, and one float32 tensor for every name in ``graph.tensor_shapes``.

    Raises StudioError, naming the tensor, where one is missing, unknown or of another shape.
    """

    name: str
    graph: Graph
    tensors: Mapping[str, Array]
    description: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        wanted = self.graph.tensor_shapes
        for name in wanted.keys() - self.tensors.keys():
            raise StudioError(f'Network "{self.name}" lacks the tensor "{name}" of shape {wanted[name]}.')
        for name, tensor in self.tensors.items():
            if name not in wanted:
                raise StudioError(f'Network "{self.name}" has a tensor "{name}" that none of its layers uses.')
            if tensor.dtype != np.float32:
                raise StudioError(f'Tensor "{name}" holds {tensor.dtype}, but weights are float32; convert it.')
            if tensor.shape != wanted[name]:
                raise StudioError(
                    f'Tensor "{name}" has shape {tuple(tensor.shape)}, but its layer needs {wanted[name]}.'
                )

    def with_tensors(self, changed: Mapping[str, Array]) -> Network:
        """The same network with some tensors replaced."""
        return replace(self, tensors={**self.tensors, **changed})

    def with_values(self, values: Values) -> Network:
        """The same layers and tensors, fed and shown in other values: the digest is another, the weights are not.

        Raises:
            StudioError: where the values do not fit an input or the output.
        """
        return replace(self, graph=with_values(self.graph, values))

    def sha256(self) -> str:
        """Digest of the layers and of every weight, by which presets name the network they bend.

        A parameter at its default does not count: an operator that learns a new one keeps its networks' digests. Nor
        does an input's kind, which says no more than its layers do: a generator keeps its digest when it is learnt.
        """
        return self._digest

    @cached_property
    def _digest(self) -> str:
        graph = self.graph
        inputs = [
            [i.name, i.channels, [float(end) for end in i.range], *_normalising(i), *_order(i.order)]
            + ([list(i.multiple)] if i.multiple != (1, 1) else [])
            + ([["sides", *i.heights, *i.widths]] if i.bounds else [])
            + ([i.comes_from, i.begins, i.seed] if i.kind == "state" else [])
            + ([["smaller", *i.smaller]] if i.smaller != (1, 1) else [])
            for i in graph.inputs
        ]
        layers = [
            [n.name, type(n.op).__name__, n.op.model_dump(mode="json", exclude_defaults=True), n.inputs]
            + ([n.tensors_of] if n.tensors_of else [])
            for n in graph.nodes
        ]
        described = [inputs, layers, graph.output, [float(end) for end in graph.output_range]]
        described += [*_order(graph.output_order), *([graph.colour] if graph.colour != "own" else [])]
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
        for name in sorted(self.tensors):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.tensors[name], "<f4").data)
        return digest.hexdigest()


def _normalising(of: Input) -> list[list[float]]:
    """An input's mean and standard deviation; nothing where it has neither, so that such networks keep their digest."""
    return [[float(value) for value in row] for row in (of.mean, of.std)] if of.mean or of.std else []


def _order(order: ChannelOrder) -> list[str]:
    """What is not red, green, blue; nothing where it is, so that such networks keep their digest."""
    return [] if order == "rgb" else [order]


def same_bits(a: Array, b: Array) -> bool:
    """Whether two tensors of one shape are alike in every bit: a zero's sign counts, and NaN equals itself."""
    return np.array_equal(np.ascontiguousarray(a).view(np.uint32), np.ascontiguousarray(b).view(np.uint32))
