"""Channels of a map in another order, in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


def channels_at(x: Tensor, numbers: NDArray[np.int64]) -> Tensor:
    """The channels of (N, C, H, W) with these numbers, in their order.

    An engine's maps have all channels of a pixel side by side, which NumPy picks from in half PyTorch's time.
    """
    import torch

    if x.device.type != "cpu":
        return x[:, torch.from_numpy(numbers).to(x.device)]
    pixels = x.detach().permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.take(pixels, numbers, axis=3)).permute(0, 3, 1, 2)
