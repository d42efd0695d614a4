"""Memory of this process, or of several, that a device of CUDA reads and writes by itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Reached:
    """What has been registered with CUDA's driver. Where it refuses some, that is as other memory is.

    The device is current in `add` and `close`.
    """

    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint8]] = []

    def add(self, memory: NDArray[np.uint8]) -> None:
        """Let the device have this memory, whose pages stay where they are from now on, until `close`."""
        if int(_runtime().cudaHostRegister(memory.ctypes.data, memory.nbytes, 0)) == 0:
            self._parts.append(memory)
            return
        # CUDA keeps what it refused as its last error, which PyTorch would raise behind the next kernel of its own.
        with suppress(RuntimeError):
            torch.empty(1, device="cuda").fill_(0)

    def holds(self, values: NDArray[Any]) -> bool:
        """Whether these lie in it, without gaps."""
        if not self._parts or not values.flags.c_contiguous:
            return False
        first = values.ctypes.data
        return any(
            part.ctypes.data <= first and first + values.nbytes <= part.ctypes.data + part.nbytes
            for part in self._parts
        )

    def close(self) -> None:
        """Let go of all of it; the device must be done with it."""
        for part in self._parts:
            _runtime().cudaHostUnregister(part.ctypes.data)
        self._parts.clear()


def _runtime() -> Any:
    return torch.cuda.cudart()  # type: ignore[no-untyped-call]
