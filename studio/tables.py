"""Small tables of operators and bends on PyTorch's device, copied there once: a CUDA graph cannot hold a copy from
pageable memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

_MOST = 256
_LARGEST = 1 << 24
_MOST_BYTES = 1 << 27

_held: OrderedDict[tuple[object, ...], torch.Tensor] = OrderedDict()
_lock = threading.Lock()
_here = threading.local()


def on_device(values: np.ndarray, device: torch.device, kind: torch.dtype | None = None) -> torch.Tensor:
    """The values as a tensor on a device, not to be written to; of their own type where ``kind`` is None."""
    import torch

    if device.type == "cpu" or values.nbytes > _LARGEST:
        return torch.from_numpy(values).to(device, kind)
    key = (values.tobytes(), values.shape, values.dtype.str, device, kind)
    with _lock:
        found = _held.get(key)
        if found is None:
            found = _held[key] = torch.from_numpy(values).to(device, kind)
            _drop_oldest()
        _held.move_to_end(key)
    getattr(_here, "given", []).append(found)
    return found


def _drop_oldest() -> None:
    held = sum(each.nbytes for each in _held.values())
    while len(_held) > _MOST or (held > _MOST_BYTES and len(_held) > 1):
        held -= _held.popitem(last=False)[1].nbytes


@contextmanager
def listed() -> Iterator[list[torch.Tensor]]:
    """Collects the tables that `on_device` returns in this thread: a CUDA graph reads them where they lie, so whoever
    keeps the graph must keep them.
    """
    before = getattr(_here, "given", None)
    found: list[torch.Tensor] = []
    _here.given = found
    try:
        yield found
    finally:
        if before is None:
            del _here.given
        else:
            _here.given = before
