"""A derivative is a graph: what an operator's rule is given, and the layers that it makes.

The gradient of a map has that map's shape. The gradient of a tensor is a map as well, so that whatever can be done with
maps can be done with it: an axis of channels for the tensor's first, and a column of kernels for its second
(`tensor_map`). Four output channels lie in one texel, as packed kernels have them, and no memory is wasted.
"""

from __future__ import annotations

from collections.abc import Mapping

from studio.errors import StudioError
from studio.model.networks.graph import Node
from studio.model.networks.layout import kernel_grid
from studio.model.networks.op import Op, Shape

Gradients = Mapping[int | str, str]
"""Layers that hold gradients: by the number of an input, or by the operator's own name of a tensor."""


def tensor_map(shape: tuple[int, ...]) -> Shape:
    """A tensor as a map: (O, I, kh, kw) as O × (I * kh) × kw, a matrix as O × I × 1, a vector as C × 1 × 1.

    No value moves: it is a reshaping of memory.
    """
    if len(shape) == 1:
        return Shape(shape[0], 1, 1)
    rows, columns, kh, kw = kernel_grid(shape)
    return Shape(rows, columns * kh, kw)


class Backward:
    """One layer, seen from behind: where its operator's rule finds what it needs, and adds the layers that it makes.

    Args:
        node: the layer.
        grad: the layer that holds the gradient of its output.
        shapes: of every map; those of what is added are put in.
        mark: what stands behind the tilde of the names of what is added.

    Attributes:
        nodes: what has been added, in running order.
    """

    def __init__(self, node: Node, grad: str, shapes: dict[str, Shape], mark: str = "g") -> None:
        self._mark = mark
        self.node = node
        self.grad = grad
        self.shapes = shapes
        self.nodes: list[Node] = []

    @property
    def output(self) -> str:
        """The layer's own name, which its output goes by."""
        return self.node.name

    def read(self, k: int = 0) -> str:
        """The name of what it reads as its k-th input."""
        return self.node.inputs[k]

    def shape(self, k: int = 0) -> Shape:
        """The shape of its k-th input."""
        return self.shapes[self.node.inputs[k]]

    def add(self, op: Op, *reads: str) -> str:
        """Add a layer that reads these maps; tensors that its operator has are those of the layer by the same names."""
        own = self.node.tensor_names
        borrowed = tuple((key, own[key]) for key in op.tensor_shapes())
        # Behind the tilde stands what is no layer of the network's own; before it, the layer that it belongs to.
        made = Node(f"{self.node.name}~{self._mark}{len(self.nodes)}", op, reads, borrowed=borrowed)
        self.nodes.append(made)
        self.shapes[made.name] = op.output_shape(*(self.shapes[name] for name in reads))
        return made.name

    def require_input(self, k: int, found: str) -> str:
        """The gradient of the k-th input, which must have its shape; a rule that makes another is a defect."""
        if self.shapes[found] != self.shape(k):
            raise StudioError(
                f'The gradient of "{self.node.name}" ({type(self.node.op).__name__}) by its input {k} has the shape '
                f"{self.shapes[found]}, not {self.shape(k)}; this is a defect of the operator's rule."
            )
        return found
