"""What is learnt, as a graph: the network, how far off it is behind it, and which tensors each aim moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array, Shape
from studio.ops._training import LearningBatchNorm2d, as_it_learns
from studio.ops.arithmetic import Add, Sub
from studio.ops.functions import Affine
from studio.ops.norm import BatchNorm2d
from studio.ops.total import Mean

WANTED = "wanted~"
"""The input that holds what is wanted."""


@dataclass(frozen=True)
class Aim:
    """One number that is to become small, and what moves for it.

    Attributes:
        total: the layer that holds it, 1 × 1 × 1.
        learns: full names of tensors.
    """

    total: str
    learns: tuple[str, ...]


@dataclass(frozen=True)
class Statistic:
    """Statistics of one normalisation.

    Attributes:
        moments: the layer that holds them, C × 1 × 2: the means, and the variances.
        count: of how many values they are, of all pictures at once.
        norm: the layer whose running statistics follow them: of one that is used several times, the first.
        momentum: how far those go with a step, as in PyTorch.
    """

    moments: str
    count: int
    norm: str
    momentum: float

    @property
    def running(self) -> tuple[str, str]:
        """The tensors that follow them: the mean's, and the unbiased variance's."""
        return f"{self.norm}.running_mean", f"{self.norm}.running_var"

    @property
    def unbiased(self) -> float:
        """By what the unbiased variance is larger than the mean square; of a single value there is none."""
        return self.count / (self.count - 1) if self.count > 1 else 1.0


def running(statistics: Mapping[str, Statistic]) -> list[str]:
    """The tensors in which norms keep the statistics that they follow, each once."""
    return list(dict.fromkeys(name for each in statistics.values() for name in each.running))


@dataclass(frozen=True)
class Objective:
    """The graph that one picture is learnt by.

    Attributes:
        network: layers of the network as they learn and of its losses, with all their tensors.
        shapes: of every input and layer.
        aims: what is made small, one for the network and one for its critic, where it has one.
        parts: the layers that hold every loss by itself, unweighted, by its name.
        statistics: by the name of the layer, in running order: a norm that is used twice follows both, as in PyTorch.
        pictures: how many are run together, where batch norms go by the moments of all of them; 1 where each picture
            is for itself, and any number comes to the same.
    """

    network: Network
    shapes: Mapping[str, Shape]
    aims: tuple[Aim, ...]
    parts: Mapping[str, str]
    statistics: Mapping[str, Statistic]
    pictures: int = 1

    @property
    def learns(self) -> tuple[str, ...]:
        """Every tensor that an aim moves."""
        return tuple(dict.fromkeys(name for aim in self.aims for name in aim.learns))


@dataclass
class Sketch:
    """An objective in the making, to which losses add their layers.

    Attributes:
        network: what learns.
        shapes: of every map so far.
        inputs: what is fed.
        nodes: the layers so far.
        tensors: every tensor so far.
        output: the layer that is compared.
        wanted: the input that it is compared with.
    """

    network: Network
    shapes: dict[str, Shape]
    inputs: list[Input]
    nodes: list[Node]
    tensors: dict[str, Array]
    output: str
    wanted: str
    _made: dict[tuple[Op, tuple[str, ...]], str] = field(default_factory=dict)

    def add(self, op: Op, *reads: str, tensors: Mapping[str, Array] | None = None, of: str = "loss") -> str:
        """Add a layer, or give the one that does the same already; its tensors are fixed."""
        if not tensors and (op, reads) in self._made:
            return self._made[op, reads]
        node = Node(f"{of}~{len(self.nodes)}", op, reads)
        try:
            self.shapes[node.name] = op.output_shape(*(self.shapes[name] for name in reads))
        except StudioError as error:
            raise StudioError(f"The {of} cannot be computed: {error}") from None
        self._require_some(node.name, of)
        self.nodes.append(node)
        self.tensors |= {f"{node.name}.{key}": value for key, value in (tensors or {}).items()}
        if not tensors:
            self._made[op, reads] = node.name
        return node.name

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take back what is added within, where something is raised there."""
        count, before = len(self.nodes), (dict(self.shapes), dict(self.tensors), dict(self._made))
        try:
            yield
        except Exception:
            del self.nodes[count:]
            self.shapes, self.tensors, self._made = before
            raise

    def join(self, graph: Graph, tensors: Mapping[str, Array], fed: Mapping[str, str], prefix: str) -> dict[str, str]:
        """Add another network, fed these maps; the names of its layers here, by its own.

        A second call with the same prefix adds it again with the same tensors.
        """
        again = any(node.name.startswith(f"{prefix}~") for node in self.nodes)
        use = f"{prefix}~" if not again else f"{prefix}~{len(self.nodes)}~"
        names = dict(fed)
        for node in graph.nodes:
            names[node.name] = f"{use}{node.name}"
            owner = f"{prefix}~{node.owner}" if again or node.tensors_of else None
            reads = tuple(names[name] for name in node.inputs)
            self.nodes.append(Node(names[node.name], node.op, reads, owner if node.op.tensor_shapes() else None))
            self.shapes[names[node.name]] = node.op.output_shape(*(self.shapes[name] for name in reads))
            self._require_some(names[node.name], "critic" if prefix == "critic" else "fixed network")
        self.tensors |= {f"{prefix}~{name}": value for name, value in tensors.items()}
        return names

    def _require_some(self, layer: str, what: str) -> None:
        """Refuse a map without a pixel: strides have left nothing of a small crop."""
        if min(self.shapes[layer]) < 1:
            made = self.shapes[self.output].size
            raise StudioError(f"The {what} sees nothing in crops of {made}: take larger ones.")

    def mean(self, name: str) -> str:
        """The mean of all values of a map, 1 × 1 × 1."""
        shape = self.shapes[name]
        over_space = name if shape[1:] == (1, 1) else self.add(Mean(dim="space"), name)
        return over_space if shape.channels == 1 else self.add(Mean(dim="channels"), over_space)

    @property
    def difference(self) -> str:
        """What is made, less what is wanted."""
        return self.add(Sub(), self.output, self.wanted)

    def weighted(self, parts: Sequence[tuple[str, float]]) -> str:
        """The sum of these numbers, each times its weight."""
        scaled = [self.add(Affine(scale=weight), name) for name, weight in parts]
        return scaled[0] if len(scaled) == 1 else self.add(Add(), *scaled)


def sketch(network: Network, size: Size, *, pictures: int) -> tuple[Sketch, dict[str, Statistic]]:
    """A network as it learns from pictures of this size, and the statistics that it takes.

    Args:
        network: what learns.
        size: height and width of what it is shown.
        pictures: of how many pictures at once batch norms take their statistics, and learn them; 0 where they go by
            those that they have.
    """
    graph = network.graph
    shapes = graph.shapes({i.name: size for i in graph.inputs})
    nodes = [made for node in graph.nodes for made in _learning(node, statistics=pictures > 0)]
    made = shapes[graph.output]
    inputs = [*graph.inputs, Input(WANTED, made.channels, graph.output_range, order=graph.output_order)]
    draft = Sketch(network, shapes, inputs, nodes, dict(network.tensors), graph.output, WANTED)
    draft.shapes[WANTED] = made
    found = {}
    for node in nodes:
        if node.name not in shapes:
            shapes[node.name] = node.op.output_shape(*(shapes[name] for name in node.inputs))
        if isinstance(node.op, LearningBatchNorm2d):
            read, held = node.inputs
            count = pictures * shapes[read].height * shapes[read].width
            found[node.name] = Statistic(held, count, node.owner, node.op.momentum)
    return draft, found


def _learning(node: Node, *, statistics: bool) -> tuple[Node, ...]:
    return (node,) if isinstance(node.op, BatchNorm2d) and not statistics else as_it_learns(node)
