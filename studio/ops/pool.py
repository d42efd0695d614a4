"""Pooling, and back: MaxPool2d, AvgPool2d, MaxUnpool2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from studio.model.declared.param import PaddingPair, PositivePair, param
from studio.model.networks.op import Backward, Gradients, Op, out_size, require
from studio.model.networks.shape import Shape

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


class MaxUnpool2d(_Pool):
    """Puts every value of its second map where the window of its first is largest, as ``torch.nn.MaxUnpool2d``.

    The first map is what `MaxPool2d` pools with these settings; of several as large the first counts, row by row. What
    no value is put to is zero.
    """

    arity = 2
    follows = 0
    shader = "backward/max_pool2d"
    uncompiled = frozenset({"ceil_mode"})

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the first input's."""
        require(
            all(s >= k for s, k in zip(self.stride, self.kernel_size, strict=True)),
            f"windows of {self.kernel_size} with steps of {self.stride} overlap, so that a place may be meant twice.",
        )
        pooled = super().output_shape(inputs[0])
        require(inputs[1] == pooled, f"its second input must be {pooled}, not {inputs[1]}.")
        return inputs[0]

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(1), Fraction(1)

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: that of a gradient of `MaxPool2d`, which puts values there, too."""
        return super().structure() | {"DILATION_H": 1, "DILATION_W": 1}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the number of the largest tap of every window."""
        return (("backward/max_pool2d_taps", inputs[1]),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: where a value is put does not change by a little."""
        from studio.ops._backward.space import MaxUnpoolGradient

        return {1: at.add(MaxUnpoolGradient(**self.model_dump()), at.read(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        found: Tensor = torch.ops.aten.max_unpool2d(inputs[1], self.places(inputs[0]), list(inputs[0].shape[2:]))
        return found

    def places(self, x: Tensor) -> Tensor:
        """Where the largest values of all windows lie, counted row by row."""
        from torch.nn import functional as F

        window = (self.kernel_size, self.stride, self.padding)
        return F.max_pool2d(x, *window, ceil_mode=self.ceil_mode, return_indices=True)[1]
