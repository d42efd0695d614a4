"""A picture's three channels made into those that a network takes: four, six or any other number, by one layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.model.networks.inputs import Input
from studio.model.networks.node import Node
from studio.ops import operator

if TYPE_CHECKING:
    from studio.io.importers.base import Imported

CHANNEL_WAYS = {
    "repeat": "red, green and blue again and again",
    "grey": "luma in every channel",
    "opaque": "red, green, blue, then white: alpha that covers",
    "zeros": "red, green, blue, then black",
}
"""What the channels may be made of, and what that is."""

_LUMA = (0.299, 0.587, 0.114)


def unfed_input(inputs: tuple[Input, ...]) -> Input | None:
    """The first picture that has neither one channel nor three, so that no source can feed it."""
    return next((put for put in inputs if put.kind == "picture" and put.channels not in (1, 3)), None)


def mapped(imported: Imported, way: str) -> Imported:
    """The network behind a convolution of 1 × 1, ``channels``, that makes what it takes of a picture; empty for none.

    Mean and deviation of the input, one number for each of its channels, become part of that layer.

    Raises:
        StudioError: where there is no such way, or the network takes pictures as they are.
    """
    if not way:
        return imported
    if way not in CHANNEL_WAYS:
        raise StudioError(f'"{way}" is no way to make channels; there are {", ".join(CHANNEL_WAYS)}.')
    network = imported.network
    graph, put = network.graph, unfed_input(network.graph.inputs)
    if put is None:
        raise StudioError("It takes pictures of 1 or 3 channels, which need no map of channels.")
    weight, bias = _rows(put, way)
    taken = {i.name for i in graph.inputs} | {n.name for n in graph.nodes}
    name = next(n for n in ("channels", *(f"channels_{k}" for k in range(9999))) if n not in taken)
    op = operator("Conv2d").model_validate({"in_channels": 3, "out_channels": put.channels, "kernel_size": (1, 1)})
    nodes = [replace(n, inputs=tuple(name if read == put.name else read for read in n.inputs)) for n in graph.nodes]
    inputs = tuple(replace(i, channels=3, mean=(), std=()) if i is put else i for i in graph.inputs)
    changed = replace(graph, inputs=inputs, nodes=(Node(name, op, (put.name,)), *nodes))
    tensors = {**network.tensors, f"{name}.weight": weight[:, :, None, None].copy(), f"{name}.bias": bias}
    note = f'A layer before it, "{name}", makes its {put.channels} channels of a picture: {CHANNEL_WAYS[way]}.'
    notes = (*(said for said in imported.notes if "takes pictures of" not in said or "channels" not in said), note)
    return replace(imported, network=replace(network, graph=changed, tensors=tensors), notes=notes)


def _rows(put: Input, way: str) -> tuple[np.ndarray, np.ndarray]:
    """(channels, 3) and (channels,)."""
    weight = np.zeros((put.channels, 3), np.float32)
    bias = np.zeros(put.channels, np.float32)
    for k in range(put.channels):
        if way == "grey":
            weight[k] = _LUMA
        elif way == "repeat" or k < 3:
            weight[k, k % 3] = 1
        else:
            bias[k] = put.range[way == "opaque"]
    mean, std = (np.array(row or (empty,), np.float32) for row, empty in ((put.mean, 0.0), (put.std, 1.0)))
    return weight / np.broadcast_to(std, put.channels)[:, None], (bias - mean) / std
