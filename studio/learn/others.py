"""Losses that a second network takes part in: features, style, and a critic that learns along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.learn.losses import gram_distance
from studio.learn.networks import initial_tensors
from studio.learn.objective import Aim, Sketch
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.picture import LUMA, Picture, to_tensor
from studio.model.networks.shape import Array
from studio.ops._backward.slope import Curve
from studio.ops.activation import LeakyReLU
from studio.ops.arithmetic import Add, Mul, Sub
from studio.ops.combine import Concat
from studio.ops.conv import Conv2d
from studio.ops.functions import Affine
from studio.ops.given import GivenMap
from studio.ops.matmul import MatMul

_MOST_LAYERS = 4


@dataclass(frozen=True, eq=False)
class Features:
    """Mean squared difference of what a fixed network sees in what is made and in what is wanted.

    Source: J. Johnson, A. Alahi and L. Fei-Fei, "Perceptual losses for real-time style transfer", 2016.

    Attributes:
        extractor: the fixed network, which takes pictures of three channels.
        layers: whose maps are compared.
        weight: what it counts beside the other losses.
    """

    extractor: Network
    layers: Sequence[str]
    weight: float = 1.0
    name: ClassVar[str] = "features"

    def build(self, at: Sketch) -> str:
        """See `studio.learn.losses.Loss.build`."""
        made, wanted = (_seen(at, self.extractor, name) for name in (at.output, at.wanted))
        parts = []
        for layer in self.layers:
            rest = at.add(Sub(), made[layer], wanted[layer])
            parts.append((at.mean(at.add(Mul(), rest, rest)), 1 / len(self.layers)))
        return at.weighted(parts)


@dataclass(frozen=True, eq=False)
class Style:
    """How far the Gram matrices of what a fixed network sees are from those of one picture.

    Source: L. Gatys, A. Ecker and M. Bethge, "Image style transfer using convolutional neural networks", 2016.

    Attributes:
        extractor: the fixed network.
        grams: (C, C) by the name of the layer, from `grams_of`.
        weight: what it counts beside the other losses.
        own: whether the extractor is the network that learns, whose own maps are looked at as they are made.
    """

    extractor: Network
    grams: Mapping[str, Array]
    weight: float = 1.0
    own: bool = False
    name: ClassVar[str] = "style"

    def build(self, at: Sketch) -> str:
        """See `studio.learn.losses.Loss.build`."""
        seen = {layer: layer for layer in self.grams} if self.own else _seen(at, self.extractor, at.output)
        # As a part of what the picture's own matrices hold, so that layers and networks count alike.
        parts = [
            (gram_distance(at, seen[layer], wanted), 1 / (len(self.grams) * max(float((wanted**2).mean()), 1e-20)))
            for layer, wanted in self.grams.items()
        ]
        return at.weighted(parts)


def looking_layers(extractor: Network) -> tuple[str, ...]:
    """Which layers of a network are looked at where nobody says: its first activations, before it paints again."""
    graph = extractor.graph
    found = [node.name for node in graph.nodes if isinstance(node.op, Curve) and node.name != graph.output]
    if not found:
        raise StudioError(f'The network "{extractor.name}" has no activation to compare; choose another extractor.')
    return tuple(found[:_MOST_LAYERS])


def grams_of(extractor: Network, picture: Picture, layers: Sequence[str]) -> dict[str, Array]:
    """(C, C) float32 of every layer, over the number of values: what `Style` brings a picture's own to."""
    import torch

    from studio.ops._reference import reference

    (fed,) = extractor.graph.inputs
    height, width = extractor.graph.fitting_size(Size.of(picture))
    padded = np.pad(picture, ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)), "reflect")
    values = to_tensor(padded, fed.channels, fed.range, fed.mean, fed.std, fed.order)
    maps = reference(extractor, {fed.name: torch.from_numpy(values)[None]})
    found = {}
    for layer in layers:
        flat = maps[layer][0].flatten(1)
        found[layer] = ((flat @ flat.T) / maps[layer].numel()).numpy()
    return found


def _seen(at: Sketch, extractor: Network, name: str) -> dict[str, str]:
    """What the extractor makes of a map in the values of the network's output, by the names of its layers."""
    inputs, graph = extractor.graph.inputs, at.network.graph
    channels = at.shapes[name].channels
    if len(inputs) != 1 or inputs[0].kind != "picture" or not {channels, inputs[0].channels} <= {1, 3}:
        raise StudioError(
            f'"{extractor.name}" cannot look at what "{at.network.name}" makes: it must be fed one picture, in grey or '
            "in colour."
        )
    fed = inputs[0]
    matrix, shift = _taken(graph, channels, fed)
    scale = float(matrix[0, 0])
    if np.array_equal(matrix, scale * np.eye(*matrix.shape)) and (shift == shift[0]).all():
        if (scale, float(shift[0])) != (1.0, 0.0):
            name = at.add(Affine(scale=scale, shift=float(shift[0])), name)
    else:
        mixed = at.add(MatMul(), name, _fixed(at, name, matrix[:, None]))
        name = at.add(Add(), mixed, _fixed(at, name, shift[:, None, None]))
    return at.join(extractor.graph, extractor.tensors, {fed.name: name}, f"seen{extractor.sha256()[:6]}")


def _taken(graph: Graph, channels: int, fed: Input) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How an extractor takes pictures in the values of a network's output, as `to_tensor` makes its own of pictures.

    Returns:
        (channels of the output, channels of the extractor's input), by which they are mixed, and what is then added.
    """
    own, theirs = ([0, 1, 2] if order == "rgb" else [2, 1, 0] for order in (graph.output_order, fed.order))
    if channels == 1:
        mix = np.ones((1, fed.channels))
    elif fed.channels == 1:
        mix = LUMA.astype(np.float64)[own, None]
    else:
        mix = np.eye(3)[own][:, theirs]
    (lo, hi), (low, high) = graph.output_range, fed.range
    scale = (high - low) / (hi - lo)
    mean, std = np.array(fed.mean or 0.0), np.array(fed.std or 1.0)
    # Of what is mixed the parts add up to one.
    shift = np.broadcast_to((low - lo * scale - mean) / std, fed.channels)
    return mix * (scale / std), shift


def _fixed(at: Sketch, beside: str, values: NDArray[np.float64]) -> str:
    """A map (C, H, W) that holds these numbers."""
    channels, height, width = values.shape
    op = GivenMap(channels=channels, height=height, width=width)
    return at.add(op, beside, tensors={"map": values.reshape(channels, 1, height, width).astype(np.float32)})


@dataclass(frozen=True)
class Adversarial:
    """A critic that learns to tell what is made from what is wanted, patch by patch, and what it says of what is made.

    Both by least squares: the critic is to say 1 of what is wanted and 0 of what is made, the network to be told 1. The
    critic is shown what the network is shown beside it, where that is a picture as large.

    Sources: P. Isola et al., "Image-to-image translation with conditional adversarial networks", 2017; X. Mao et al.,
    "Least squares generative adversarial networks", 2017.

    Attributes:
        weight: what it counts beside the other losses.
        width: channels of the critic's first layer.
        depth: how often it halves the picture.
        seed: what its weights begin with.
    """

    weight: float = 1.0
    width: int = 32
    depth: int = 3
    seed: int = 0
    name: ClassVar[str] = "adversarial"

    def build(self, at: Sketch) -> str:
        """See `studio.learn.losses.Loss.build`."""
        return self._judged(at, at.output, 1.0)

    def aim(self, at: Sketch) -> Aim:
        """What the critic itself makes small."""
        parts = [(self._judged(at, at.wanted, 1.0), 0.5), (self._judged(at, at.output, 0.0), 0.5)]
        total = at.weighted(parts)
        return Aim(total, tuple(name for name in at.tensors if name.startswith("critic~")))

    def _judged(self, at: Sketch, name: str, right: float) -> str:
        beside = [
            i.name
            for i in at.network.graph.inputs
            if i.kind == "picture" and at.shapes[i.name][1:] == at.shapes[name][1:]
        ]
        shown = at.add(Concat(), name, *beside) if beside else name
        graph = critic(at.shapes[shown].channels, self.width, self.depth)
        tensors = initial_tensors(graph, self.seed)
        said = at.join(graph, tensors, {"picture": shown}, "critic")[graph.output]
        wrong = at.add(Affine(shift=-right), said)
        return at.mean(at.add(Mul(), wrong, wrong))


def critic(channels: int, width: int, depth: int) -> Graph:
    """A network that says of every patch of a picture how real it looks, as a map of one channel."""
    nodes, reads, before = [], "picture", channels
    for k in range(depth):
        made = width * 2 ** min(k, 3)
        op = Conv2d(in_channels=before, out_channels=made, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
        nodes += [
            Node(f"conv{k + 1}", op, (reads,)),
            Node(f"conv{k + 1}_act", LeakyReLU(negative_slope=0.2), (f"conv{k + 1}",)),
        ]
        reads, before = f"conv{k + 1}_act", made
    last = Conv2d(in_channels=before, out_channels=1, kernel_size=(3, 3), padding=(1, 1))
    return Graph((Input("picture", channels),), (*nodes, Node("said", last, (reads,))), "said")
