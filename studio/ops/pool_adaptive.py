"""Pooling to a given size: AdaptiveAvgPool2d, AdaptiveMaxPool2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from studio.model.op import Op, Scale, Shape
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor

_Side = Annotated[int, Field(ge=1, le=4096)] | None


def _both(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


class _AdaptivePool(Op):
    uncompiled = frozenset({"output_size"})

    output_size: Annotated[tuple[_Side, _Side], BeforeValidator(_both)] = param(
        doc="Height and width of the output; None keeps the input's", unit="px"
    )

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (channels, height, width), (rows, columns) = inputs[0], self.output_size
        return Shape(channels, rows or height, columns or width)

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        return None if any(self.output_size) else (Fraction(1), Fraction(1))

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: every row by itself, before the columns of what that gives."""
        channels, height, _ = inputs[0]
        return ((self.shader, Shape(channels, height, self.output_shape(*inputs).width)),)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Means of windows that cut the map into ``output_size``, as ``torch.nn.AdaptiveAvgPool2d``.

    Output ``i`` of ``n`` reads from floor(i * size / n) to ceil((i + 1) * size / n).
    """

    shader = "adaptive_avg_pool2d"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        # PyTorch's own annotation leaves None out, which it takes.
        size: Any = self.output_size
        return F.adaptive_avg_pool2d(inputs[0], size)


class AdaptiveMaxPool2d(_AdaptivePool):
    """Largest values of the windows of `AdaptiveAvgPool2d`, as ``torch.nn.AdaptiveMaxPool2d``."""

    shader = "adaptive_max_pool2d"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        size: Any = self.output_size
        pooled: Tensor = F.adaptive_max_pool2d(inputs[0], size)
        return pooled
