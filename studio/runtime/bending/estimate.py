"""How much each channel of a layer is likely to matter, without running anything: by its map and by who reads it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from studio.engine.base import Engine
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.node import Node
from studio.model.networks.shape import Array

_SIDE = 32
"""Values of a map, along each side, by which it is judged."""


def estimated(engine: Engine, layer: str) -> Array:
    """(channels,) float32, of which the largest are likely to change the picture most, on no scale of their own.

    A convolution adds up what it reads, times its weights; so what a channel brings into it is the root mean square of
    what is read times the norm of the weights that read it. Norms and activations between count, as the map behind
    them is taken. Where no convolution follows channel by channel, it is the layer's own map.

    Args:
        engine: after a run.
        layer: whose channels.
    """
    count = engine.shape(layer).channels
    squares: NDArray[np.float64] = np.zeros(count, np.float64)
    for reader in _readers(engine, layer):
        weight = reader.op.kernel(engine.tensor(reader.tensor_names["weight"]))
        assert weight is not None, "a reader has kernels"
        norms = np.asarray(weight, np.float64).reshape(len(weight), weight.shape[1], -1)
        squares = squares + _mean_squares(engine, reader.inputs[0], count) * (norms * norms).sum((0, 2))
    if not squares.any():
        squares = _mean_squares(engine, layer, count)
    return np.sqrt(squares).astype(np.float32)


def _readers(engine: Engine, layer: str) -> Iterator[Node]:
    """Convolutions that read the layer's channels, each as it is: through nothing but what keeps them apart."""
    graph, count, same = engine.graph, engine.shape(layer).channels, {layer}
    for node in graph.nodes:
        if not same.intersection(node.inputs):
            continue
        weight = node.tensor_names.get("weight")
        kernels = None if weight is None else node.op.kernel(np.empty(graph.tensor_shapes[weight], np.float32))
        if kernels is not None:
            if node.inputs[0] in same and kernels.shape[1] == count:
                yield node
        elif _keeps_apart(node, engine, graph):
            same.add(node.name)


def _keeps_apart(node: Node, engine: Engine, graph: Graph) -> bool:
    shapes = [engine.shape(name) for name in (*node.inputs, node.name)]
    return len({shape.channels for shape in shapes}) == 1 and (node.op.pointwise or bool(graph.scales.get(node.name)))


def _mean_squares(engine: Engine, name: str, count: int) -> NDArray[np.float64]:
    whole = engine.shape(name).size
    values = engine.sample(name, count, Size(*(min(_SIDE, side) for side in whole)), whole)
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64)
    found: NDArray[np.float64] = (finite * finite).mean((1, 2))
    return found
