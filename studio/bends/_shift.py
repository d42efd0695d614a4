"""The pixels around every place, in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.bends._space import Border, bordered

if TYPE_CHECKING:
    from torch import Tensor


class Around:
    """A map with its border, so that what lies so many pixels away from every place is a view of it.

    Args:
        x: (N, C, H, W).
        reach: how many pixels away at most.
        border: what lies beyond the edge.
    """

    def __init__(self, x: Tensor, reach: int, border: Border = "edge") -> None:
        import torch

        self._reach = reach
        self._size = x.shape[2:]
        for axis in (2, 3):
            size = x.shape[axis]
            at = torch.arange(-reach, size + reach, device=x.device)
            x = x.index_select(axis, bordered(at, size, border))
        self._whole = x

    def at(self, down: int, across: int) -> Tensor:
        """(N, C, H, W): the values so many pixels below and to the right of every place."""
        (height, width), top, left = self._size, self._reach + down, self._reach + across
        return self._whole[:, :, top : top + height, left : left + width]
