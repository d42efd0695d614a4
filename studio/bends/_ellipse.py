"""The largest value around every place, in PyTorch; `shaders/lib/ellipse.glsl` does the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def largest_around(x: Tensor, radius: int) -> Tensor:
    """Within OpenCV's ellipse of this radius, row by row of it."""
    import torch
    from torch.nn import functional as F

    if radius == 0:
        return x
    lines: dict[int, Tensor] = {0: x}
    height, found = x.shape[2], None
    for y in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        wide = int(math.sqrt(radius * radius - y * y) + 0.5)
        if wide not in lines:
            lines[wide] = _widened(F.pad(x, (wide, wide), value=-math.inf), 2 * wide + 1)
        if found is None:
            found = torch.full_like(x, -math.inf)
        first, last = max(0, -y), min(height, height - y)
        part = found[:, :, first:last]
        torch.maximum(part, lines[wide][:, :, first + y : last + y], out=part)
    assert found is not None
    return found


def _widened(x: Tensor, count: int) -> Tensor:
    """The largest of so many values beside each other, in a few steps of which each doubles what it looks over."""
    import torch

    size, length = 1, x.shape[3] - count + 1
    while 2 * size <= count:
        x = torch.maximum(x[..., :-size], x[..., size:])
        size *= 2
    return torch.maximum(x[..., :length], x[..., count - size : count - size + length])
