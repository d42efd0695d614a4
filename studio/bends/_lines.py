"""Filters along one axis as products with a matrix, which takes any border, and no loop in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.bends._space import in_planes

if TYPE_CHECKING:
    from torch import Tensor

Line = NDArray[np.float64]

REACH = 24
"""Pixels that a blur reaches at most."""

SPAN = 8
"""Texels that software rasterisers make at once, as `shaders/lib/along.glsl` counts them: with fewer each is read more
often, for more there is no room in registers."""


def mirrored(at: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Places beyond the edge as in a mirror, the edge's pixels not repeated."""
    period = max(2 * size - 2, 1)
    at = np.abs(at) % period
    found: NDArray[np.int64] = np.minimum(np.where(at < size, at, period - at), size - 1)
    return found


def line_matrix(size: int, weights: Line) -> Line:
    """(size, size): what makes each pixel of a line of weights around it, mirrored at the edges."""
    reach = len(weights) // 2
    found = np.zeros((size, size), np.float64)
    rows = np.arange(size, dtype=np.int64)
    for offset, weight in enumerate(weights, start=-reach):
        np.add.at(found, (rows, mirrored(rows + offset, size)), weight)
    return found


def filtered(x: Tensor, down: Line, across: Line) -> Tensor:
    """A map (N, C, H, W) with its columns and rows filtered by (H, H) and (W, W).

    An engine's maps have all channels of a pixel side by side, and are not copied for this.
    """
    import torch

    vertical, horizontal = (torch.from_numpy(each.astype(np.float32)).to(x) for each in (down, across))
    if in_planes(x):
        return torch.matmul(vertical, torch.matmul(x, horizontal.T))
    pixels = x.permute(0, 2, 3, 1)
    rows = torch.matmul(horizontal, pixels)
    return torch.matmul(vertical, rows.flatten(2)).reshape(rows.shape).permute(0, 3, 1, 2)


def gaussian_weights(sigma: float, most: int) -> Line:
    """Weights of a Gaussian of this deviation in pixels, which reaches three times as far, but ``most`` pixels."""
    reach = min(int(np.ceil(3 * sigma)), most)
    if sigma <= 0 or reach == 0:
        return np.ones(1)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / sigma) ** 2)
    found: Line = weights / weights.sum()
    return found
