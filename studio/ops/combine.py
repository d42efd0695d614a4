"""Where branches meet: Add, Concat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.op import Op, Shape, require

if TYPE_CHECKING:
    from torch import Tensor


def _sizes(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(shape) for shape in shapes)


class Add(Op):
    """Sum of two or more maps of one shape."""

    arity = None
    shader = "add"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        require(len(set(inputs)) == 1, f"it adds maps of different shapes: {_sizes(inputs)}.")
        return inputs[0]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        total = inputs[0]
        for other in inputs[1:]:
            total = total + other
        return total


class Concat(Op):
    """Channels of two or more maps of one size behind each other, as ``torch.cat(..., dim=1)``."""

    arity = None
    shader = "concat"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        require(len({shape[1:] for shape in inputs}) == 1, f"it joins maps of different sizes: {_sizes(inputs)}.")
        return Shape(sum(shape.channels for shape in inputs), *inputs[0][1:])

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.cat(list(inputs), dim=1)
