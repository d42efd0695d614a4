"""Which channels of every layer make a place of the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from studio.model.networks.graph import Graph
from studio.model.networks.shape import Array
from studio.model.views.workspace import Makers
from studio.runtime.bending.impact import ranked
from studio.ui.services.effects import Effects, covered

Corner = tuple[float, float]
STRONGEST = 8
"""So many filters of a layer are named, at most."""


def layers_with_filters(graph: Graph) -> tuple[str, ...]:
    """The layers that have kernels of their own or shared ones, in running order."""
    return tuple(node.name for node in graph.nodes if len(node.op.tensor_shapes().get("weight", ())) == 4)


def makers_of(
    graph: Graph, effects: Effects, sample_of: Callable[[str], Array | None], start: Corner, end: Corner
) -> tuple[Makers, ...]:
    """The makers of a rectangle of the picture, in running order: by effect, or by maps where that is unknown.

    Args:
        graph: whose layers.
        effects: knows what changes the picture where, once it has been measured.
        sample_of: (C, h, w), evenly spaced values of a layer; None of one that has not been looked at.
        start: one corner, (down, right), each 0 to 1.
        end: the other; the same for a single place.
    """
    within = {layer: effects.within(layer, start, end) for layer in layers_with_filters(graph)}
    peaks = {layer: _peak(found) for layer, found in within.items() if found is not None}
    highest = max(peaks.values(), default=0.0)
    made = []
    for layer, found in within.items():
        if found is not None and peaks[layer] > 0:
            channels = tuple(ranked(found, STRONGEST))
            made.append(Makers(layer, channels, min(1.0, peaks[layer] / highest)))
        elif found is None and (sample := sample_of(layer)) is not None:
            channels = tuple(strongest(sample, start, end=end).tolist())
            made += [Makers(layer, channels)] if channels else []
    return tuple(made)


def unknown(graph: Graph, effects: Effects, samples: Mapping[str, Array]) -> tuple[str, ...]:
    """The layers of which neither effects nor maps are known."""
    return tuple(
        layer
        for layer in layers_with_filters(graph)
        if layer not in samples and effects.within(layer, (0.0, 0.0), (1.0, 1.0)) is None
    )


def strongest(sample: Array, place: Corner, count: int = STRONGEST, end: Corner | None = None) -> NDArray[np.int64]:
    """The channels that stand out at a place: by magnitude, each measured by its own deviation; strongest first.

    Args:
        sample: (C, h, w), evenly spaced over the picture.
        place: (down, right), each 0 to 1.
        count: how many at most; channels that are zero there are left out.
        end: the other corner of a rectangle; None for the place alone.
    """
    _, height, width = sample.shape
    rows, columns = (covered(a, b, size) for a, b, size in zip(place, end or place, (height, width), strict=True))
    squares = np.square(np.nan_to_num(sample[:, rows, columns].astype(np.float64)))
    there = np.sqrt(squares.mean(axis=(1, 2)))
    deviation = np.sqrt(np.mean(np.square(np.nan_to_num(sample.astype(np.float64))), axis=(1, 2)))
    value = there / np.maximum(deviation, 1e-12)
    order = np.argsort(-value, kind="stable")[:count]
    found: NDArray[np.int64] = order[there[order] > 0]
    return found


def _peak(effects: Array) -> float:
    finite = effects[np.isfinite(effects)]
    return float(finite.max(initial=0.0)) if finite.size == effects.size else float("inf")
