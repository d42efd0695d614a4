"""How far what lies on both sides of every place is apart, in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor


def differences(x: Tensor, axis: int, border: Literal["edge", "reflect"]) -> Tensor:
    """The next value along an axis less the one before; beyond the edge lies the edge's pixel, or a mirror image."""
    import torch

    size = x.shape[axis]
    found = torch.zeros_like(x)
    if size > 1 and border == "edge":
        for first, edge in ((0, 0), (size - 2, size - 1)):
            found.narrow(axis, edge, 1).copy_(x.narrow(axis, first + 1, 1) - x.narrow(axis, first, 1))
    if size > 2:
        inner = x.narrow(axis, 2, size - 2) - x.narrow(axis, 0, size - 2)
        found.narrow(axis, 1, size - 2).copy_(inner)
    return found
