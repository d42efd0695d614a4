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

    lines: dict[int, Tensor] = {}
    found = x
    height = x.shape[2]
    for y in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        wide = int(math.sqrt(radius * radius - y * y) + 0.5)
        if wide not in lines:
            lines[wide] = F.max_pool2d(x, (1, 2 * wide + 1), 1, (0, wide)) if wide else x
        first, last = max(0, -y), min(height, height - y)
        rows = torch.maximum(found[:, :, first:last], lines[wide][:, :, first + y : last + y])
        found = torch.cat([found[:, :, :first], rows, found[:, :, last:]], 2)
    return found
