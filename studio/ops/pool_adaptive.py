"""Pooling to a given size: AdaptiveAvgPool2d, AdaptiveMaxPool2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from studio.model.declared.param import PositivePair, param
from studio.model.declared.size import Size
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.shape import Scale, Shape

if TYPE_CHECKING:
    from torch import Tensor

_Side = Annotated[int, Field(ge=1, le=4096)] | None


def _both(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


class _AdaptivePool(Op):
    uncompiled = frozenset({"output_size", "divisor"})

    output_size: Annotated[tuple[_Side, _Side], BeforeValidator(_both)] = param(
        (None, None), doc="Height and width of the output; None keeps the input's", unit="px"
    )
    divisor: PositivePair = param((1, 1), doc="What the input's height and width are divided by where they are kept")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, *self._size(inputs[0].size))

    def _size(self, size: Sequence[int]) -> Size:
        sides = zip(self.output_size, size, self.divisor, strict=True)
        return Size(*(asked or side // by for asked, side, by in sides))

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        return None if any(self.output_size) else (Fraction(1, self.divisor[0]), Fraction(1, self.divisor[1]))

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: every row by itself, before the columns of what that gives."""
        channels, height, _ = inputs[0]
        return ((self.shader, Shape(channels, height, self.output_shape(*inputs).width)),)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Means of windows that cut the map into ``output_size``, as ``torch.nn.AdaptiveAvgPool2d``.

    Output ``i`` of ``n`` reads from floor(i * size / n) to ceil((i + 1) * size / n).
    """

    shader = "adaptive_avg_pool2d"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.space import AdaptiveAvgPoolGradient

        return {0: at.add(AdaptiveAvgPoolGradient(), at.read(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        # PyTorch's own annotation leaves None out, which it takes.
        size: Any = self._size(inputs[0].shape[2:])
        return F.adaptive_avg_pool2d(inputs[0], size)


class AdaptiveMaxPool2d(_AdaptivePool):
    """Largest values of the windows of `AdaptiveAvgPool2d`, as ``torch.nn.AdaptiveMaxPool2d``."""

    shader = "amax"

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return super().structure() | {"SIGN": 1.0}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.space import AdaptiveMaxPoolGradient

        return {0: at.add(AdaptiveMaxPoolGradient(), at.read(), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        size: Any = self._size(inputs[0].shape[2:])
        pooled: Tensor = F.adaptive_max_pool2d(inputs[0], size)
        return pooled
