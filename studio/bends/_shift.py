"""A map moved by whole pixels, in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, bordered

if TYPE_CHECKING:
    from torch import Tensor


def shifted(x: Tensor, down: int, across: int, border: Border = "edge") -> Tensor:
    """The values that lie so many pixels below and to the right of every place."""
    import torch

    for axis, offset in ((2, down), (3, across)):
        if offset:
            size = x.shape[axis]
            x = x.index_select(axis, bordered(torch.arange(size, device=x.device) + offset, size, border))
    return x
