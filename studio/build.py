"""A network in a few lines of Python, layer by layer, as the WebGL CNN was written.

from studio.build import Conv2D, Input, build

picture = Input(3)
a = Conv2D(picture, 64, kernel=4, stride=2, activation="relu")
b = Conv2D(a, 256, kernel=4, stride=2, activation="relu")
c = Conv2D(b, 64, kernel=4, stride=2, direction="up", activation="relu")
d = Conv2D(c, 3, kernel=4, stride=2, direction="up", fractional=True, activation="sigmoid")
net = build(d)
net(frame)                      # runs
b.output, b.filter              # arrays, at any time from here on
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from studio.api import LiveLayer, LiveNetwork
from studio.errors import StudioError
from studio.model.declared.explain import validated
from studio.model.declared.registry import named
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input as GraphInput
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array
from studio.ops import operator

Activation = Literal["relu", "leaky_relu", "sigmoid", "tanh"]
_ACTIVATIONS: Mapping[str, str] = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "sigmoid": "Sigmoid", "tanh": "Tanh"}


class Layer:
    """Something that gives a feature map: where other layers begin, and what can be read once it is built.

    Attributes:
        channels: channels of its output.
    """

    def __init__(self, channels: int, inputs: tuple[Layer, ...], ops: tuple[Op, ...], name: str | None) -> None:
        self.channels = channels
        self._inputs = inputs
        self._ops = ops
        self._name = name
        self._nodes: tuple[str, ...] = ()
        self._live: LiveNetwork | None = None

    def _built(self, which: int) -> LiveLayer:
        if self._live is None:
            raise StudioError("This layer runs nowhere yet; pass the last layer to build() first.")
        return self._live[self._nodes[which]]

    @property
    def output(self) -> Array:
        """(channels, H, W) float32 of the last run, after the activation."""
        return self._built(-1).output

    @property
    def filter(self) -> Array:
        """The weight, in PyTorch's layout; may be assigned to."""
        return self._built(0).filter

    @filter.setter
    def filter(self, values: Array) -> None:
        self._built(0).filter = values

    @property
    def name(self) -> str:
        """Its name in the network that it was built into."""
        return self._built(0).name


class Input(Layer):
    """Where pictures come in.

    Args:
        channels: 3 for RGB, 1 for grey.
        value_range: the values that black and white get.
    """

    def __init__(self, channels: int = 3, value_range: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__(channels, (), (), None)
        self.value_range = value_range

    @property
    def output(self) -> Array:
        """(channels, H, W) float32 that the network was last fed."""
        if self._live is None:
            raise StudioError("This input runs nowhere yet; pass the last layer to build() first.")
        return self._live.engine.activation(self._nodes[0])


class Conv2D(Layer):
    """A convolution, with the padding that makes sizes come out whole, and an activation.

    An even kernel at stride 1 gives one row and one column more than it reads, unless it is fractional.

    Args:
        input: the layer it reads.
        filters: channels of its output.
        kernel: height and width of each kernel.
        stride: the output is this many times smaller, or larger where it goes up.
        direction: "down", or "up" to enlarge.
        fractional: enlarge by `FractionalConv2d` rather than `ConvTranspose2d`.
        activation: "relu", "leaky_relu", "sigmoid", "tanh" or None.
        name: what the layer is called; "conv1", "conv2" and so on where not given.
    """

    def __init__(
        self,
        input: Layer,  # noqa: A002 - the field's own name
        filters: int,
        *,
        kernel: int = 4,
        stride: int = 1,
        direction: Literal["down", "up"] = "down",
        fractional: bool = False,
        activation: Activation | None = None,
        name: str | None = None,
    ) -> None:
        sizes = {"in_channels": input.channels, "out_channels": filters, "kernel_size": kernel}
        # A transposed convolution cannot take the odd pixel back at stride 1, where output_padding must be zero.
        padding = max(0, (kernel - stride + (direction == "down" or stride > 1)) // 2)
        if direction not in ("down", "up"):
            raise StudioError(f'A convolution goes "down" or "up", not "{direction}".')
        if direction == "down":
            op = _make("Conv2d", **sizes, stride=stride, padding=padding)
        elif fractional:
            op = _make("FractionalConv2d", **sizes, scale_factor=stride)
        else:
            extra = max(0, stride - kernel + 2 * padding)
            op = _make("ConvTranspose2d", **sizes, stride=stride, padding=padding, output_padding=extra)
        super().__init__(filters, (input,), (op, *_activation(activation)), name)


class Add(Layer):
    """The sum of two or more layers of one shape."""

    def __init__(self, *inputs: Layer, name: str | None = None) -> None:
        super().__init__(inputs[0].channels, inputs, (_make("Add"),), name)


class Concat(Layer):
    """The channels of two or more layers behind each other: a skip connection."""

    def __init__(self, *inputs: Layer, name: str | None = None) -> None:
        super().__init__(sum(i.channels for i in inputs), inputs, (_make("Concat"),), name)


def build(
    output: Layer,
    *,
    tensors: Mapping[str, Array] | None = None,
    seed: int = 0,
    engine: str = "auto",
    name: str = "network",
) -> LiveNetwork:
    """A running network that ends in this layer.

    Args:
        output: the last layer.
        tensors: trained weights by full name, "conv1.weight"; random ones where not given.
        seed: what the random weights follow from: normal, with the variance of He et al. 2015.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        name: the network's.

    Raises:
        StudioError: naming the layer or tensor that does not fit.
    """
    if isinstance(output, Input):
        raise StudioError("An input alone is no network; pass build() the last layer that reads it.")
    graph, layers = _graph(output)
    network = Network(name, graph, tensors if tensors is not None else _random(graph, seed))
    live = LiveNetwork(network, engine=engine)
    for layer in layers:
        layer._live = live
    return live


def _graph(output: Layer) -> tuple[Graph, list[Layer]]:
    layers = _in_order(output)
    inputs: list[GraphInput] = []
    nodes: list[Node] = []
    for layer in layers:
        if isinstance(layer, Input):
            layer._nodes = ("input" if not inputs else f"input{len(inputs) + 1}",)
            inputs.append(GraphInput(layer._nodes[0], layer.channels, layer.value_range))
            continue
        kind = "conv" if isinstance(layer, Conv2D) else type(layer).__name__.lower()
        count = sum(type(other) is type(layer) for other in layers[: layers.index(layer)])
        first = layer._name or f"{kind}{count + 1}"
        layer._nodes = (first, *(f"{first}_act" for _ in layer._ops[1:]))
        reads = tuple(i._nodes[-1] for i in layer._inputs)
        for node_name, op in zip(layer._nodes, layer._ops, strict=True):
            nodes.append(Node(node_name, op, reads))
            reads = (node_name,)
    shown = (-1.0, 1.0) if output._ops[-1].bounds() == (-1.0, 1.0) else (0.0, 1.0)
    return Graph(tuple(inputs), tuple(nodes), output._nodes[-1], shown), layers


def _in_order(output: Layer) -> list[Layer]:
    """Every layer that the output stands on, each after what it reads."""
    order: list[Layer] = []
    waiting: list[tuple[Layer, bool]] = [(output, False)]
    while waiting:
        layer, inputs_done = waiting.pop()
        if layer in order:
            continue
        if inputs_done:
            order.append(layer)
        else:
            waiting += [(layer, True), *((i, False) for i in reversed(layer._inputs))]
    return order


def _random(graph: Graph, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for name, shape in graph.tensor_shapes.items():
        spread = np.sqrt(2.0 / max(1, np.prod(shape[1:]))) if len(shape) == 4 else 0.0
        found[name] = (rng.standard_normal(shape) * spread).astype(np.float32)
    return found


def _make(kind: str, **params: object) -> Op:
    return validated(operator(kind), params)


def _activation(name: Activation | None) -> tuple[Op, ...]:
    if name is None:
        return ()
    return (_make(named(_ACTIVATIONS, name, "activation")),)
