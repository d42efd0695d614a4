"""A network of every kind of tensor, small enough to be saved hundreds of times, and its files."""

from __future__ import annotations

import numpy as np

from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.ops import operator


def small_network(name: str = "small net", seed: int = 0) -> Network:
    """A convolution, a norm, an activation and a transposed convolution, with an oblong kernel among them."""

    def node(layer: str, op: str, reads: str, **params: object) -> Node:
        return Node(layer, operator(op).model_validate(params), (reads,))

    graph = Graph(
        (Input("input"),),
        (
            node("enc.1", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=(4, 2), stride=2, padding=1),
            node("norm", "BatchNorm2d", "enc.1", num_features=4),
            node("act", "LeakyReLU", "norm", negative_slope=0.2),
            node("dec", "ConvTranspose2d", "act", in_channels=4, out_channels=3, kernel_size=2, stride=2),
        ),
        "dec",
        (-1.0, 1.0),
    )
    rng = np.random.default_rng(seed)
    shapes = graph.tensor_shapes.items()
    tensors = {key: rng.standard_normal(shape).astype(np.float32) for key, shape in shapes}
    tensors["enc.1.weight"][0, 0, 0] = [-0.0, 1e-45]
    return Network(name, graph, tensors, "one line", "CC0-1.0")
