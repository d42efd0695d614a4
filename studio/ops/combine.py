"""Where branches meet channel behind channel: Concat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.networks.op import Backward, Gradients, Op, listed, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Concat(Op):
    """Channels of two or more maps of one size behind each other, as ``torch.cat(..., dim=1)``."""

    arity = None
    shader = "concat"
    joins = True

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        require(len({shape[1:] for shape in inputs}) == 1, f"it joins maps of different sizes: {listed(inputs)}.")
        return Shape(sum(shape.channels for shape in inputs), *inputs[0][1:])

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.cut import SliceChannels

        found: dict[int | str, str] = {}
        start = 0
        for k in range(len(at.inputs)):
            end = start + at.shape(k).channels
            found[k] = at.add(SliceChannels(start=start, end=end), at.grad)
            start = end
        return found

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.cat(list(inputs), dim=1)
