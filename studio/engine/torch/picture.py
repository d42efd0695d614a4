"""The picture of an output made by PyTorch where the output lies."""

from __future__ import annotations

import numpy as np
import torch

from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.picture import Picture


def levels_of(activation: torch.Tensor, value_range: tuple[float, float], order: ChannelOrder = "rgb") -> torch.Tensor:
    """(C, H, W) of any values to (H, W, 3) uint8: bit for bit what `networks.picture.to_picture` makes of them."""
    low, high = value_range
    shown = activation if len(activation) == 3 else activation[:1]
    if order == "bgr":
        shown = shown.flip(0)
    scaled = (shown.float() - float(np.float32(low))) * float(np.float32(255.0 / (high - low)))
    levels = scaled.nan_to_num(nan=0.0).clamp(0.0, 255.0).round().to(torch.uint8)
    return levels.permute(1, 2, 0).expand(-1, -1, 3).contiguous()


def brought_over(made: torch.Tensor, out: Picture | None) -> Picture:
    """(H, W, 3) uint8 from its device, in `out` where that is given."""
    if out is None:
        return made.cpu().numpy()
    torch.from_numpy(out).copy_(made)
    return out
