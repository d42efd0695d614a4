"""What a layer asks of the GPU: one pass for most, a few for those that look at a whole map before they begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.model.graph import Node
from studio.model.op import Shape


@dataclass(frozen=True)
class Pass:
    """One texture made from others.

    Attributes:
        node: the layer that it belongs to.
        target: the texture that it makes: the layer's name for its last pass, ``layer~0``, ``layer~1`` before.
        shape: of the target.
        inputs: the textures that it reads: the layer's inputs, then its scratch so far.
        shader: ``shaders/ops/<shader>.glsl``.
    """

    node: Node
    target: str
    shape: Shape
    inputs: tuple[str, ...]
    shader: str

    @property
    def is_last(self) -> bool:
        """Whether this makes the layer's own output; only there are its kernels read."""
        return self.target == self.node.name


def passes(node: Node, shapes: Mapping[str, Shape]) -> tuple[Pass, ...]:
    """The passes of one layer, in order, with its inputs and itself of these shapes."""
    found: list[Pass] = []
    reads = node.inputs
    for k, (shader, shape) in enumerate(node.op.scratch(*(shapes[name] for name in node.inputs))):
        found.append(Pass(node, f"{node.name}~{k}", shape, reads, shader))
        reads = (*reads, found[-1].target)
    return (*found, Pass(node, node.name, shapes[node.name], reads, node.op.shader))
