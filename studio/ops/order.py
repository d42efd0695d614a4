"""Channels by the order of their values: Argmax, Argsort, Rank, GatherChannels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, Op, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Argmax(Op):
    """The number of the channel that is largest, as ``torch.argmax``; of several the first, and a NaN wins."""

    shader = "argmax"
    flat = True  # a number of a channel

    smallest: bool = param(False, doc="Whether the smallest is looked for, as by torch.argmin")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]._replace(channels=1)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        found = x.argmin(1, keepdim=True) if self.smallest else x.argmax(1, keepdim=True)
        return found.to(x.dtype)


class Rank(Elementwise):
    """How many channels come before each one in the order of their values; of equal ones the first comes first.

    A NaN counts as the largest. The ranks less than k are those of ``torch.topk``.
    """

    shader = "rank"
    flat = True  # a count

    descending: bool = param(True, doc="Whether the largest comes first")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        return _sorted(x, self.descending).argsort(1).to(x.dtype)


class Argsort(Op):
    """The numbers of the channels in the order of their values, or the first of them, as ``torch.argsort``.

    Of equal values the first comes first; a NaN counts as the largest.
    """

    shader = "argsort"
    flat = True  # numbers of channels
    uncompiled = frozenset({"count"})

    count: int = param(lo=1, doc="How many of them are given")
    descending: bool = param(True, doc="Whether the largest comes first")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(self.count <= shape.channels, f"it takes the first {self.count} of {shape.channels} channels.")
        return shape._replace(channels=self.count)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the rank of every channel."""
        return (("rank", inputs[0]),)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        return _sorted(x, self.descending)[:, : self.count].to(x.dtype)


class GatherChannels(Op):
    """At every place the channels of the first map whose numbers the second one holds, as ``torch.gather``.

    A side of one counts for all rows or columns of the other map. Numbers are rounded, and kept within the channels.
    """

    arity: ClassVar[int | None] = 2
    shader = "gather_channels"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        values, numbers = inputs
        fits = all(1 in sides or len({*sides}) == 1 for sides in zip(values.size, numbers.size, strict=True))
        require(fits, f"it takes channels of {values} by numbers of {numbers}, which is another size.")
        return Shape(numbers.channels, *(max(sides) for sides in zip(values.size, numbers.size, strict=True)))

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.samples import ScatterChannels
        from studio.ops._backward.sums import summed_to

        shape = at.shape(0)
        return {0: summed_to(at, at.add(ScatterChannels(channels=shape.channels), at.read(1), at.grad), shape)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        values, numbers = inputs
        sides = [max(pair) for pair in zip(values.shape[2:], numbers.shape[2:], strict=True)]
        chosen = numbers.round().long().clamp(0, values.shape[1] - 1)
        return values.expand(-1, -1, *sides).gather(1, chosen.expand(-1, -1, *sides))


def _sorted(x: Tensor, descending: bool) -> Tensor:
    return x.sort(dim=1, descending=descending, stable=True)[1]
