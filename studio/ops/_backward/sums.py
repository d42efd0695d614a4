"""Sums that backward graphs take: SumOfProducts, GroupMean, and parts put back in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Op
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Shape
from studio.ops import operator
from studio.ops._backward.base import BackwardOp

if TYPE_CHECKING:
    from torch import Tensor


def summed_to(at: Backward, held: str, shape: Shape) -> str:
    """A gradient brought back to the shape of an input that was repeated along some axes."""
    if shape[1:] == (1, 1) and min(at.shapes[held][1:]) > 1:
        held = at.add(operator("Sum").model_validate({"dim": "space"}), held)
    axes: tuple[Literal["width", "height", "channels"], ...] = ("width", "height", "channels")
    for axis in axes:
        if getattr(shape, axis) < getattr(at.shapes[held], axis):
            held = at.add(operator("Sum").model_validate({"dim": axis}), held)
    return held


class SumOfProducts(BackwardOp):
    """Two maps of one shape multiplied, and summed up over space or channels, or averaged."""

    arity = 2
    shader = "backward/sum_of_products"

    dim: Literal["space", "channels"] = param("space", doc="What is summed up")
    mean: bool = param(False, doc="Whether the sum is divided by the number of its terms")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        channels, height, width = inputs[0]
        return Shape(channels, 1, 1) if self.dim == "space" else Shape(1, height, width)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: every row, before the column."""
        channels, height, _ = inputs[0]
        return (("backward/row_products", Shape(channels, height, 1)),) if self.dim == "space" else ()

    def at_once(self, *inputs: Shape) -> Blocks | None:
        """See `Op.at_once`."""
        if self.dim != "space":
            return None
        channels, height, width = inputs[0]
        constants = (("PRODUCT", 1), ("AVERAGED", int(self.mean)))
        return Blocks("lib/sum_block.glsl", constants, -(-channels // 4), 1, whole=height * width)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        product, axes = inputs[0] * inputs[1], (2, 3) if self.dim == "space" else (1,)
        return product.mean(axes, keepdim=True) if self.mean else product.sum(axes, keepdim=True)


class GroupMean(BackwardOp):
    """Every channel gets the mean over its group of channels."""

    shader = "group_mean"

    group_size: int = param(lo=1, doc="Channels of a group")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        count, channels, height, width = inputs[0].shape
        grouped = inputs[0].reshape(count, channels // self.group_size, self.group_size, height, width)
        return grouped.mean(2, keepdim=True).expand_as(grouped).flatten(1, 2)


class PlaceChannels(BackwardOp):
    """Its channels behind so many of zeros, and before others: what `SliceChannels` takes out, put back."""

    shader = "backward/place_channels"
    uncompiled = frozenset({"channels"})

    start: int = param(lo=0, doc="Channels of zeros before")
    channels: int = param(lo=1, doc="Channels of the output")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]._replace(channels=self.channels)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        (x,) = inputs
        return F.pad(x, (0, 0, 0, 0, self.start, self.channels - self.start - x.shape[1]))


def spread_over(at: Backward, held: str, shape: Shape) -> str:
    """A map of one place or one channel, repeated to a shape."""
    from studio.ops._pass_through import PassThrough

    op: Op = PassThrough(channels=shape.channels, height=shape.height, width=shape.width)
    return held if at.shapes[held] == shape else at.add(op, held)
