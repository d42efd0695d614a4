"""Derivatives of what moves, repeats and averages pixels: borders, resizing, pooling.

All gather: a pixel of the input looks for the pixels of the output that it had a part in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from studio.model.declared.param import PaddingPair, PositivePair, param
from studio.model.declared.size import Size
from studio.model.networks.op import Op, out_size
from studio.model.networks.shape import Shape
from studio.ops._backward.base import BackwardOp

if TYPE_CHECKING:
    from torch import Tensor


class FoldBorder(BackwardOp):
    """Takes a border off and adds what lies there to the pixels that it repeated: the gradient of `Pad`."""

    shader = "backward/fold_border"

    padding: tuple[int, int, int, int] = param(doc="Left, right, top, bottom", unit="px")
    mode: Literal["reflect", "replicate", "circular", "symmetric"] = param(doc="What the border held")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (channels, height, width), (left, right, top, bottom) = inputs[0], self.padding
        return Shape(channels, height - top - bottom, width - left - right)

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        left, right, top, bottom = self.padding
        return {"LEFT": left, "RIGHT": right, "TOP": top, "BOTTOM": bottom, f"MODE_{self.mode.upper()}": 1}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        (grad,) = inputs
        shape = self.output_shape(Shape(*grad.shape[1:]))
        if self.mode in ("circular", "symmetric"):
            left, _, top, _ = self.padding
            for axis, border in ((2, top), (3, left)):
                rows = torch.arange(grad.shape[axis], device=grad.device) - border
                rows = rows % shape[axis - 1] if self.mode == "circular" else mirrored(rows, shape[axis - 1])
                whole = [*grad.shape]
                whole[axis] = shape[axis - 1]
                grad = grad.new_zeros(whole).index_add_(axis, rows, grad)
            return grad
        fold = torch.ops.aten.reflection_pad2d_backward if self.mode == "reflect" else _replication()
        found: Tensor = fold(grad.contiguous(), grad.new_empty(grad.shape[0], *shape), self.padding)
        return found


def mirrored(places: Tensor, size: int) -> Tensor:
    """What a border holds that mirrors the pixel at the edge, too: of places before 0 and past a size, those within."""
    return places.where(places >= 0, -1 - places).where(places < size, 2 * size - 1 - places)


def _replication() -> Any:
    import torch

    return torch.ops.aten.replication_pad2d_backward


class Resizing(Op):
    """An operator that resizes, and says for PyTorch what its gradient by its input is."""

    def torch_gradient(self, grad: Tensor, size: Size) -> Tensor:
        """The gradient of an input of this size, from that of the output, (N, C, H, W)."""
        raise NotImplementedError


class ResizeGradient(BackwardOp):
    """The gradient of an `Upsample` or `Resize` by its input: across every row first, then down the columns of that."""

    uncompiled = frozenset({"height", "width"})

    of: Resizing = param(doc="The `Upsample` or `Resize`")
    height: int = param(lo=1, doc="Height of its input", unit="px")
    width: int = param(lo=1, doc="Width of its input", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, self.height, self.width)

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: those of the resizing."""
        return self.of.structure()

    def numbers(self) -> dict[str, float]:
        """See `Op.numbers`: those of the resizing."""
        return self.of.numbers()

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`."""
        return ((f"{self.shader}_rows", inputs[0]._replace(width=self.width)),)

    @property
    def shader(self) -> str:  # type: ignore[override]
        """See `Op.shader`: beside the operator's own."""
        return f"backward/{self.of.shader}"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return self.of.torch_gradient(inputs[0], Size(self.height, self.width))


class PassThroughGradient(BackwardOp):
    """The gradient of a `PassThrough`: every value gathers from where it was repeated."""

    shader = "backward/pass_through"
    uncompiled = frozenset({"channels", "height", "width"})

    channels: int = param(lo=1, doc="Channels of its input")
    height: int = param(lo=1, doc="Height of its input", unit="px")
    width: int = param(lo=1, doc="Width of its input", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        del inputs
        return Shape(self.channels, self.height, self.width)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        (found,) = inputs
        for axis, count in enumerate((self.channels, self.height, self.width), start=1):
            length = found.shape[axis]
            at = torch.arange(length, device=found.device)
            at = at % count if axis == 1 else at * count // length
            shape = [*found.shape]
            shape[axis] = count
            found = found.new_zeros(shape).index_add_(axis, at, found)
        return found


class FoldRepeats(BackwardOp):
    """What was laid out again and again from the upper left corner, added up."""

    shader = "backward/fold_repeats"
    uncompiled = frozenset({"height", "width"})

    height: int = param(lo=1, doc="Height of what was repeated", unit="px")
    width: int = param(lo=1, doc="Width of what was repeated", unit="px")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, self.height, self.width)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        (x,) = inputs
        down, across = -(-x.shape[2] // self.height), -(-x.shape[3] // self.width)
        x = F.pad(x, (0, across * self.width - x.shape[3], 0, down * self.height - x.shape[2]))
        return x.reshape(*x.shape[:2], down, self.height, across, self.width).sum((2, 4))


class _Pooled(BackwardOp):
    arity = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: that of what was pooled."""
        return inputs[0]


class MaxPoolGradient(_Pooled):
    """The gradient of a `MaxPool2d`, from what it read and the gradient of what it made.

    Only the largest value of a window has a part in it; of several as large the first, row by row.
    """

    shader = "backward/max_pool2d"

    kernel_size: PositivePair = param(doc="Height and width of the window")
    stride: PositivePair = param(doc="Step of the window", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border on each side", unit="px")
    dilation: PositivePair = param((1, 1), doc="Spacing of the window's taps", unit="px")
    ceil_mode: bool = param(False, doc="Whether a last window may hang over the edge")

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the number of the largest tap of every window."""
        return (("backward/max_pool2d_taps", inputs[1]),)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch
        from torch.nn import functional as F

        window = (self.kernel_size, self.stride, self.padding, self.dilation)
        _, at = F.max_pool2d(inputs[0], *window, ceil_mode=self.ceil_mode, return_indices=True)
        found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            inputs[1], inputs[0], *window, self.ceil_mode, at
        )
        return found


class MaxUnpoolGradient(BackwardOp):
    """The gradient of a `MaxUnpool2d` by its second input, from its first and the gradient of what it made."""

    arity = 2
    shader = "backward/max_unpool2d"

    kernel_size: PositivePair = param(doc="Height and width of the window")
    stride: PositivePair = param(doc="Step of the window", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border on each side", unit="px")
    ceil_mode: bool = param(False, doc="Whether a last window may hang over the edge")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: that of what was pooled."""
        windows = zip(inputs[0][1:], self.kernel_size, self.stride, self.padding, strict=True)
        sides = (out_size(n, kernel, step, border, 1, ceil_mode=self.ceil_mode) for n, kernel, step, border in windows)
        return Shape(inputs[0].channels, *sides)

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return super().structure() | {"DILATION_H": 1, "DILATION_W": 1}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the number of the largest tap of every window."""
        return (("backward/max_pool2d_taps", self.output_shape(*inputs)),)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        window = (self.kernel_size, self.stride, self.padding)
        _, at = F.max_pool2d(inputs[0], *window, ceil_mode=self.ceil_mode, return_indices=True)
        return inputs[1].flatten(2).gather(2, at.flatten(2)).view_as(at)


class AvgPoolGradient(_Pooled):
    """The gradient of an `AvgPool2d`, from what it read, whose size counts alone, and the gradient of what it made."""

    shader = "backward/avg_pool2d"

    kernel_size: PositivePair = param(doc="Height and width of the window")
    stride: PositivePair = param(doc="Step of the window", unit="px")
    padding: PaddingPair = param((0, 0), doc="Border on each side", unit="px")
    ceil_mode: bool = param(False, doc="Whether a last window may hang over the edge")
    count_include_pad: bool = param(True, doc="Whether the border counts as zeros in the mean")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        window = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, None)
        found: Tensor = torch.ops.aten.avg_pool2d_backward(inputs[1], inputs[0], *window)
        return found


class AdaptiveAvgPoolGradient(_Pooled):
    """The gradient of an `AdaptiveAvgPool2d`, from what it read, whose size counts alone, and that of its output."""

    shader = "backward/adaptive_avg_pool2d"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        found: Tensor = torch.ops.aten._adaptive_avg_pool2d_backward(inputs[1], inputs[0])
        return found


class AdaptiveMaxPoolGradient(_Pooled):
    """The gradient of an `AdaptiveMaxPool2d`, from what it read and the gradient of what it made."""

    shader = "backward/adaptive_max_pool2d"

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the column of every row's largest value, then the place of every window's."""
        x, grad = inputs
        rows = Shape(x.channels, x.height, grad.width)
        return (("backward/adaptive_max_columns", rows), ("backward/adaptive_max_places", grad))

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch
        from torch.nn import functional as F

        size: Any = tuple(inputs[1].shape[2:])
        _, at = F.adaptive_max_pool2d(inputs[0], size, return_indices=True)
        found: Tensor = torch.ops.aten.adaptive_max_pool2d_backward(inputs[1], inputs[0], at)
        return found
