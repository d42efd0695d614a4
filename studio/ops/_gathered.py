"""Sums over a map's own values at places told beforehand: Gathered. Learning puts it in; it is no operator of files.

A matrix with few entries takes the places of a channel to those of the output; as maps it is two tables::

    rows    2 × H' × W'   for each place of the output: its first term, and how many there are
    terms   2 × h × w     for each term, counted along the rows: the place of the value, and its share

The derivative is the same with the matrix the other way round, whose tables are read as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    from torch import Tensor

_LINE = 1024
"""Terms of a row of the table."""
_MOST = 1 << 24
"""Whole numbers that float32 tells from each other."""


class Gathered(Op):
    """At every place the sum of a channel's values at some others, each times its share.

    It reads the map, rows and terms, and those of the derivative.
    """

    arity = 5
    shader = "gathered"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: as large as the rows."""
        return Shape(inputs[0].channels, *inputs[1].size)

    def reads(self, scratch: int) -> tuple[int, ...]:
        """See `Op.reads`: not the tables of the derivative."""
        del scratch
        return 0, 1, 2

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(Gathered(), at.grad, at.read(3), at.read(4), at.read(1), at.read(2))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        class Way(torch.autograd.Function):
            """Goes back by the other tables: PyTorch's own way adds up in any order on a GPU."""

            @staticmethod
            def forward(ctx: object, x: Tensor) -> Tensor:
                del ctx
                return _summed(x, *inputs[1:3])

            @staticmethod
            def backward(ctx: object, *grads: Tensor) -> Tensor:
                del ctx
                return _summed(grads[0], *inputs[3:5])

        found: Tensor = Way.apply(inputs[0])  # type: ignore[no-untyped-call]
        return found


def _summed(x: Tensor, rows: Tensor, terms: Tensor) -> Tensor:
    import torch
    from torch.nn import functional as F

    first, counts = rows[0].flatten(1).long()
    places, shares = terms[0].flatten(1)[:, : int(counts.sum())]
    lines = x.permute(0, 2, 3, 1).flatten(1, 2)
    how = {"mode": "sum", "per_sample_weights": shares.to(x.dtype)}
    found = torch.stack([F.embedding_bag(places.long(), each, first, **how) for each in lines])
    return found.reshape(len(x), *rows.shape[2:], x.shape[1]).permute(0, 3, 1, 2)


def tables(places: Array, shares: Array, read: tuple[int, int]) -> tuple[Array, Array, Array, Array]:
    """Rows and terms, and those of the derivative.

    Args:
        places: (terms, H, W) whole numbers: which value of a channel, counted along the rows.
        shares: (terms, H, W); terms of no share are left out.
        read: height and width of the map that is read.

    Raises:
        StudioError: where there are more terms than shaders can count.
    """
    made = places.shape[1:]
    to = np.broadcast_to(np.arange(made[0] * made[1]).reshape(made), places.shape)
    counts = shares != 0
    to, come, share = to[counts], places[counts].astype(np.int64), shares[counts].astype(np.float32)
    if max(len(share), read[0] * read[1]) >= _MOST:
        raise StudioError("a map as large cannot be learnt through; take smaller crops")
    return (*_table(to, come, share, made), *_table(come, to, share, read))


def _table(to: Array, come: Array, share: Array, size: tuple[int, ...]) -> tuple[Array, Array]:
    """Rows for places of a map of this size, and terms, in order."""
    order = np.argsort(to, kind="stable")
    counts = np.bincount(to, minlength=size[0] * size[1])
    rows = np.stack([np.cumsum(counts) - counts, counts]).reshape(2, *size)
    height = max(1, -(-len(share) // _LINE))
    terms = np.zeros((2, height * _LINE), np.float32)
    terms[:, : len(share)] = come[order], share[order]
    return rows.astype(np.float32), terms.reshape(2, height, _LINE)
