"""What a bypassed layer does: PassThrough. Engines put it in; it is no operator of files, so it is not registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.node import Node
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class PassThrough(Op):
    """Its input, brought to a given shape: channel c is the input's c % C, pixels are repeated or left out."""

    shader = "pass_through"
    uncompiled = frozenset({"channels", "height", "width"})

    channels: int = param(lo=1, doc="Channels of the output")
    height: int = param(lo=1, doc="Height of the output", unit="px")
    width: int = param(lo=1, doc="Width of the output", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        del inputs
        return Shape(self.channels, self.height, self.width)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.space import PassThroughGradient

        channels, height, width = at.shape()
        return {0: at.add(PassThroughGradient(channels=channels, height=height, width=width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        (found,) = inputs
        _, channels, height, width = found.shape
        if (channels, height, width) == (self.channels, self.height, self.width):
            return found
        at = found.device
        found = found.index_select(1, torch.arange(self.channels, device=at) % channels)
        found = found.index_select(2, torch.arange(self.height, device=at) * height // self.height)
        return found.index_select(3, torch.arange(self.width, device=at) * width // self.width)


def bypassed(node: Node, shape: Shape) -> Node:
    """The layer that takes a bypassed one's place: it hands on the first input in the shape that the layer makes."""
    op = PassThrough(channels=shape.channels, height=shape.height, width=shape.width)
    return Node(node.name, op, node.inputs[:1])
