"""Pooling: MaxPool2d, AvgPool2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from studio.model.gradient import Backward, Gradients
from studio.model.op import Op, Shape, out_size, require
from studio.model.param import PaddingPair, PositivePair, param

if TYPE_CHECKING:
    from torch import Tensor


class _Pool(Op):
    kernel_size: PositivePair = param(doc="Height and width of the window")
    stride: PositivePair = param(doc="Step of the window; the window's size where not given", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border added on each side, at most half the window", unit="px")
    ceil_mode: bool = param(False, doc="Whether a last window may hang over the edge")

    @model_validator(mode="before")
    @classmethod
    def _stride_is_the_window(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("stride") is None and "kernel_size" in values:
            return {**values, "stride": values["kernel_size"]}
        return values

    def _spacing(self) -> tuple[int, int]:
        return 1, 1

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(
            all(2 * p <= k for p, k in zip(self.padding, self.kernel_size, strict=True)),
            f"padding {self.padding} must be at most half the window {self.kernel_size}.",
        )
        height, width = (
            out_size(
                size,
                self.kernel_size[i],
                self.stride[i],
                self.padding[i],
                self._spacing()[i],
                ceil_mode=self.ceil_mode,
            )
            for i, size in enumerate(shape[1:])
        )
        return Shape(shape.channels, height, width)

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(1, self.stride[0]), Fraction(1, self.stride[1])


class MaxPool2d(_Pool):
    """Largest value of each window, as ``torch.nn.MaxPool2d``; the border never wins."""

    shader = "max_pool2d"
    uncompiled = frozenset({"ceil_mode"})

    dilation: PositivePair = param((1, 1), doc="Spacing of the window's taps", unit="px")

    def _spacing(self) -> tuple[int, int]:
        return self.dilation

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.space import MaxPoolGradient

        return {0: at.add(MaxPoolGradient(**self.model_dump()), at.read(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.max_pool2d(
            inputs[0], self.kernel_size, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode
        )


class AvgPool2d(_Pool):
    """Mean of each window, as ``torch.nn.AvgPool2d``."""

    shader = "avg_pool2d"
    uncompiled = frozenset({"ceil_mode"})

    count_include_pad: bool = param(True, doc="Whether the border counts as zeros in the mean")

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.space import AvgPoolGradient

        return {0: at.add(AvgPoolGradient(**self.model_dump()), at.read(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.avg_pool2d(
            inputs[0], self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )
