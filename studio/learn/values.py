"""Crops as values: what a network's inputs and its output hold of some pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.picture import Picture, to_tensor
from studio.model.networks.shape import Array

Made = tuple[dict[str, Array], Array, tuple[Picture, Picture]]
"""What is shown by input, what is wanted, and the last crop's two pictures."""


def values_of(pairs: Sequence[tuple[Picture, Picture]], rng: np.random.Generator, graph: Graph, size: Size) -> Made:
    """What is shown and wanted of these crops, as the network's inputs, its states aside, and its output hold them."""
    shown: dict[str, Array] = {}
    held = _Held()
    for fed in graph.inputs:
        if fed.kind == "vector":
            shown[fed.name] = rng.standard_normal((len(pairs), fed.channels, 1, 1), np.float32)
        if fed.kind != "picture":
            continue
        form = Form(fed.channels, fed.range, fed.mean, fed.std, fed.order)
        shown[fed.name] = held.values([one for one, _ in pairs], form)
    form = Form(_output_channels(graph, size), graph.output_range, order=graph.output_order)
    return shown, held.values([other for _, other in pairs], form), pairs[-1]


class Form(NamedTuple):
    """How values lie in a map, as `studio.model.networks.picture.to_tensor` takes it."""

    channels: int
    range: tuple[float, float]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    order: ChannelOrder = "rgb"


class _Held:
    """Values of the crops of a batch: where what is wanted is what is shown, they are made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Form, tuple[int, ...]], Array] = {}

    def values(self, pictures: Sequence[Picture], form: Form) -> Array:
        key = form, tuple(id(picture) for picture in pictures)
        if key not in self._made:
            self._made[key] = _stacked(pictures, form)
        return self._made[key]


def _stacked(pictures: Sequence[Picture], form: Form) -> Array:
    """(N, C, H, W) float32, the channels of a pixel side by side in memory: PyTorch learns quickest so."""
    made = np.empty((len(pictures), *pictures[0].shape[:2], form.channels), np.float32)
    lo, hi = form.range
    if form.channels == 3:
        # As `to_tensor`, for all crops at once.
        shown = np.stack(pictures)
        np.multiply(shown[..., ::-1] if form.order == "bgr" else shown, np.float32((hi - lo) / 255), out=made)
        made += np.float32(lo)
        if form.mean:
            made -= np.array(form.mean, np.float32)
        if form.std:
            made /= np.array(form.std, np.float32)
        return made.transpose(0, 3, 1, 2)
    for picture, values in zip(pictures, made.transpose(0, 3, 1, 2), strict=True):
        to_tensor(picture, *form, out=values)
    return made.transpose(0, 3, 1, 2)


def _output_channels(graph: Graph, size: Size) -> int:
    return graph.shapes({i.name: size for i in graph.inputs})[graph.output].channels
