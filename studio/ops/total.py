"""Means and sums of one map: Mean, Sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

from studio.model.op import Op, Scale, Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class _Reduction(Op):
    """Over space, one value for each channel, or over channels, one map."""

    row_shader: ClassVar[str]
    """Reduces every row, before the shader proper reduces the column that this gives."""

    dim: Literal["space", "channels"]

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        return Shape(shape.channels, 1, 1) if self.dim == "space" else Shape(1, shape.height, shape.width)

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        return None if self.dim == "space" else (Fraction(1), Fraction(1))

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: every row, before the column."""
        channels, height, _ = inputs[0]
        return ((self.row_shader, Shape(channels, height, 1)),) if self.dim == "space" else ()


class Mean(_Reduction):
    """Mean over space, one value for each channel, or over channels, one map; as ``torch.mean``.

    A vector is a map of C × 1 × 1 here, so that ``keepdim`` changes no shape; it is kept for who reads the network
    into PyTorch.
    """

    shader = "mean"
    row_shader: ClassVar[str] = "adaptive_avg_pool2d"
    uncompiled = frozenset({"keepdim"})

    dim: Literal["space", "channels"] = param("space", doc="What is averaged away")
    keepdim: bool = param(True, doc="Whether PyTorch's result keeps axes of size 1")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].mean((2, 3) if self.dim == "space" else 1, keepdim=True)


class Sum(_Reduction):
    """Sum over space, one value for each channel, or over channels, one map; as ``torch.sum``."""

    shader = "sum"
    row_shader: ClassVar[str] = "row_sums"

    dim: Literal["space", "channels"] = param("space", doc="What is summed up")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sum((2, 3) if self.dim == "space" else 1, keepdim=True)
