"""Maps that do not come from the picture: GivenMap, learnt or fixed; Coordinates and SizeOf, told by a map's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    from torch import Tensor


_LONGEST_ROW = 4096
"""As ``shaders/ops/given_map.glsl`` has it."""


class GivenMap(Op):
    """The map of its tensor, whatever its input holds: a position's embedding, a bias of attention, a mask.

    With ``repeat`` it is as large as its input, laid out again and again from the upper left corner.
    """

    shader = "given_map"
    uncompiled = frozenset({"channels", "repeat", "fixed"})

    channels: int = param(lo=1, doc="Channels of the map")
    height: int = param(lo=1, doc="Height of the map", unit="px")
    width: int = param(lo=1, doc="Width of the map", unit="px")
    repeat: bool = param(False, doc="Whether it is repeated until it is as large as the input")
    fixed: bool = param(False, doc="Whether it is a number of what the network computes, which does not learn")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        size = inputs[0][1:] if self.repeat else (self.height, self.width)
        return Shape(self.channels, *size)

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`: channels as rows of the sheet."""
        return {"map": (self.channels, 1, self.height, self.width)}

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: of its input only the size counts."""
        if not self.repeat:
            return {"map": at.grad}
        from studio.ops._backward.space import FoldRepeats

        return {"map": at.add(FoldRepeats(height=self.height, width=self.width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        held, (_, _, height, width) = tensors["map"].transpose(0, 1), inputs[0].shape
        if self.repeat:
            held = held.repeat(1, 1, -(-height // self.height), -(-width // self.width))[..., :height, :width]
        return held.expand(inputs[0].shape[0], -1, -1, -1)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the channels of a pixel lie beside each other, and pixels fill rows of `texels_a_row`."""
        tiles, row = -(-self.channels // 4), self.texels_a_row
        lanes = np.zeros((tiles * 4, self.height, self.width), np.float32)
        lanes[: self.channels] = tensors["map"][:, 0]
        count = tiles * self.height * self.width
        rows = np.zeros((-(-count // row), row * 4), np.float32)
        rows.reshape(-1)[: count * 4] = lanes.transpose(1, 2, 0).ravel()
        return rows

    @property
    def texels_a_row(self) -> int:
        """How many follow each other in a row of `vectors`, of four channels each: no texture is wider than allowed."""
        return min(-(-self.channels // 4) * self.height * self.width, _LONGEST_ROW)


class Coordinates(Op):
    """Where every pixel of its input lies: ``start + step * (its row or column + offset)``, one channel.

    Rows or columns are counted from 0; with ``per`` the step is divided by the side's length, or by that less one, so
    that it goes as far at every size.

    Source: R. Liu et al., "An intriguing failing of convolutional neural networks and the CoordConv solution", 2018.
    """

    shader = "coordinates"
    flat = True  # only the size of its input counts

    axis: Literal["height", "width"] = param("width", doc="Whether rows or columns are counted")
    start: float = param(0.0, live=True, doc="The value of the first")
    step: float = param(1.0, live=True, doc="What every next one has more")
    per: Literal["pixel", "side", "gap"] = param(
        "pixel", doc="What the step is divided by: 1, the side's length, or that less one"
    )
    offset: float = param(0.0, live=True, doc="What is added to the row or column: 0.5 for the middle of a pixel")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(1, *inputs[0][1:])

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        (x,) = inputs
        count = x.shape[2 if self.axis == "height" else 3]
        by = {"pixel": 1, "side": count, "gap": max(count - 1, 1)}[self.per]
        line = self.start + self.step * (torch.arange(count, dtype=x.dtype, device=x.device) + self.offset) / by
        line = line[:, None] if self.axis == "height" else line[None, :]
        return line.expand(x.shape[0], 1, *x.shape[2:])


class SizeOf(Op):
    """How large its input is, one value: its height, its width, or its number of pixels."""

    shader = "size_of"
    flat = True  # only the size of its input counts

    what: Literal["height", "width", "pixels"] = param("pixels", doc="What is counted")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        del inputs
        return Shape(1, 1, 1)

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        _, _, height, width = x.shape
        count = {"height": height, "width": width, "pixels": height * width}[self.what]
        return x.new_full((x.shape[0], 1, 1, 1), float(count))
