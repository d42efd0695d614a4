"""Parts of a map: Crop, SliceChannels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Crop(Op):
    """Takes a border off: the opposite of `Pad`, and what PyTorch's negative padding does."""

    shader = "crop"
    uncompiled = frozenset({"right", "bottom"})

    left: int = param(0, lo=0, doc="Columns taken off at the left", unit="px")
    right: int = param(0, lo=0, doc="Columns taken off at the right", unit="px")
    top: int = param(0, lo=0, doc="Rows taken off at the top", unit="px")
    bottom: int = param(0, lo=0, doc="Rows taken off at the bottom", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (channels, height, width) = inputs[0]
        return Shape(channels, height - self.top - self.bottom, width - self.left - self.right)

    def cut(self) -> tuple[int, int, int]:
        """See `Op.cut`."""
        return 0, self.top, self.left

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.pad import LARGEST_BORDER, Pad

        border, held = [self.left, self.right, self.top, self.bottom], at.grad
        while any(border):
            left, right, top, bottom = (min(side, LARGEST_BORDER) for side in border)
            held = at.add(Pad(padding=(left, right, top, bottom)), held)
            border = [max(side - LARGEST_BORDER, 0) for side in border]
        return {0: held}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        return x[:, :, self.top : x.shape[2] - self.bottom, self.left : x.shape[3] - self.right]


class SliceChannels(Op):
    """Some channels that lie behind each other, as ``x[:, start:end]``."""

    shader = "slice_channels"
    uncompiled = frozenset({"end"})

    start: int = param(0, lo=0, doc="First channel taken")
    end: int = param(lo=1, doc="One past the last channel taken")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(
            self.start < self.end <= shape.channels,
            f"it takes channels {self.start} to {self.end - 1}, but its input has {shape.channels}.",
        )
        return Shape(self.end - self.start, shape.height, shape.width)

    def cut(self) -> tuple[int, int, int]:
        """See `Op.cut`."""
        return self.start, 0, 0

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.sums import PlaceChannels

        return {0: at.add(PlaceChannels(start=self.start, channels=at.shape().channels), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0][:, self.start : self.end]
