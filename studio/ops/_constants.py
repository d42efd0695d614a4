"""Small tables that operators bring to PyTorch's device, once: a copy from memory cannot be part of a CUDA graph."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

_MOST = 256
_MOST_BYTES = 1 << 20
_held: OrderedDict[tuple[object, ...], Any] = OrderedDict()


def on_device(values: np.ndarray, device: torch.device, kind: torch.dtype | None = None) -> torch.Tensor:
    """The values on a device, not to be written to; of its own kind where none is named."""
    import torch

    if device.type == "cpu" or values.nbytes > _MOST_BYTES:
        return torch.from_numpy(values).to(device, kind)
    key = (values.tobytes(), values.shape, values.dtype.str, device, kind)
    if key not in _held:
        _held[key] = torch.from_numpy(values).to(device, kind)
        if len(_held) > _MOST:
            _held.popitem(last=False)
    _held.move_to_end(key)
    found: torch.Tensor = _held[key]
    return found
