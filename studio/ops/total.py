"""Means, sums and extremes of one map: Mean, Sum, Amax, Amin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Scale, Shape

if TYPE_CHECKING:
    from torch import Tensor


_Dim = Literal["space", "channels", "height", "width"]
_AXES = {"space": (2, 3), "channels": (1,), "height": (2,), "width": (3,)}


class _Reduction(Op):
    """Over space, one value for each channel; over channels, one map; or over the columns or rows of each channel."""

    row_shader: ClassVar[str]
    """Reduces every row, before the shader proper reduces the column that this gives."""

    averaged: ClassVar[bool | None] = None
    """Whether a sum is divided by the number of its terms; None where it is no sum."""

    dim: _Dim

    @property
    def axes(self) -> tuple[int, ...]:
        """Of (N, C, H, W), what is reduced away."""
        return _AXES[self.dim]

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(*(1 if axis in self.axes else length for axis, length in enumerate(inputs[0], start=1)))

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        return (Fraction(1), Fraction(1)) if self.dim == "channels" else None

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: every row, before the column."""
        channels, height, _ = inputs[0]
        return ((self.row_shader, Shape(channels, height, 1)),) if self.dim == "space" else ()

    def at_once(self, *inputs: Shape) -> Blocks | None:
        """See `Op.at_once`."""
        if self.dim != "space" or self.averaged is None:
            return None
        (shape,) = inputs
        constants = (("PRODUCT", 0), ("AVERAGED", int(self.averaged)))
        tiles = -(-shape.channels // 4)
        return Blocks("lib/sum_block.glsl", constants, tiles, 1, whole=shape.height * shape.width)

    def _shared(self, at: Backward) -> Gradients:
        from studio.ops.arithmetic import Div, Mul
        from studio.ops.compare import CompareMaps

        outermost = at.add(CompareMaps(how="eq"), at.read(), at.output)
        count = at.add(Sum(dim=self.dim), outermost)
        return {0: at.add(Mul(), outermost, at.add(Div(), at.grad, count))}


class Mean(_Reduction):
    """Mean over space, one value for each channel, over channels, one map, or over one side; as ``torch.mean``.

    A vector is a map of C × 1 × 1 here, so that ``keepdim`` changes no shape; it is kept for who reads the network
    into PyTorch.
    """

    shader = "mean"
    averaged: ClassVar[bool | None] = True
    row_shader: ClassVar[str] = "adaptive_avg_pool2d"
    uncompiled = frozenset({"keepdim"})

    dim: _Dim = param("space", doc="What is averaged away")
    keepdim: bool = param(True, doc="Whether PyTorch's result keeps axes of size 1")

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.sums import spread_over
        from studio.ops.functions import Affine

        count = math.prod(at.shape()[axis - 1] for axis in self.axes)
        return {0: spread_over(at, at.add(Affine(scale=1 / count), at.grad), at.shape())}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].mean(self.axes, keepdim=True)


class Sum(_Reduction):
    """Sum over space, one value for each channel, over channels, one map, or over one side; as ``torch.sum``."""

    shader = "sum"
    averaged: ClassVar[bool | None] = False
    row_shader: ClassVar[str] = "row_sums"

    dim: _Dim = param("space", doc="What is summed up")

    @property
    def adds_up(self) -> bool:
        """See `Op.adds_up`."""
        return self.dim == "space"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.sums import spread_over

        return {0: spread_over(at, at.grad, at.shape())}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sum(self.axes, keepdim=True)


class Amax(_Reduction):
    """Largest value over space, over channels or over one side, as ``torch.amax``; a NaN wins."""

    shader = "amax"
    row_shader: ClassVar[str] = "amax"

    dim: _Dim = param("space", doc="Over what the largest value is taken")

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return super().structure() | {"SIGN": 1.0}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: shared evenly among values that are equally far out."""
        return self._shared(at)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].amax(self.axes, keepdim=True)


class Amin(_Reduction):
    """Smallest value over space, over channels or over one side, as ``torch.amin``; a NaN wins."""

    shader = "amax"
    row_shader: ClassVar[str] = "amax"

    dim: _Dim = param("space", doc="Over what the smallest value is taken")

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: the largest of what is turned round."""
        return super().structure() | {"SIGN": -1.0}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: shared evenly among values that are equally far out."""
        return self._shared(at)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].amin(self.axes, keepdim=True)
