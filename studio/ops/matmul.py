"""Products of two maps over their channels, of which attention is made: MatMul."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class MatMul(Op):
    """Row by row, the product of two matrices over their channels, as ``torch.matmul``.

    ::

        out[n, y, x] = sum over k of first[k, y, x] * second[k, y, n]

    A second map of one row counts for every row of the first. With queries first and keys second the output's channels
    are the scores of every key; with those first, and values whose channels are places second, it is attention.

    Source: A. Vaswani et al., "Attention is all you need", 2017.
    """

    arity: ClassVar[int | None] = 2
    shader = "matmul"
    follows = 0

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        first, second = inputs
        require(
            first.channels == second.channels and second.height in (1, first.height),
            f"it multiplies {first} by {second}, which must have as many channels, and one row or as many.",
        )
        return Shape(second.width, first.height, first.width)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.sums import summed_to
        from studio.ops.rearrange import Rearrange

        turn = Rearrange(pattern="c y x -> x y c")
        first, second, grad = (at.add(turn, name) for name in (at.read(0), at.read(1), at.grad))
        return {0: at.add(MatMul(), at.grad, second), 1: summed_to(at, at.add(MatMul(), grad, first), at.shape(1))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        first, second = inputs
        # (N, rows, pixels, k) by (N, rows, k, n).
        return (first.permute(0, 2, 3, 1) @ second.permute(0, 2, 1, 3)).permute(0, 3, 1, 2)
