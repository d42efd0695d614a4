"""Sums of one map: Sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from studio.model.op import Op, Scale, Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class Sum(Op):
    """Sum over space, one value for each channel, or over channels, one map; as ``torch.sum``."""

    shader = "sum"

    dim: Literal["space", "channels"] = param("space", doc="What is summed up")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        return Shape(shape.channels, 1, 1) if self.dim == "space" else Shape(1, shape.height, shape.width)

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        return None if self.dim == "space" else (Fraction(1), Fraction(1))

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the sum of every row, before that of the column it gives."""
        channels, height, _ = inputs[0]
        return (("row_sums", Shape(channels, height, 1)),) if self.dim == "space" else ()

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sum((2, 3) if self.dim == "space" else 1, keepdim=True)
