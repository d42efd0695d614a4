"""How fast each kernel learns: a number that its rate is multiplied by."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from studio.errors import StudioError
from studio.model.edit import Selection
from studio.model.layout import from_sheet, kernel_grid, sheet_size
from studio.model.op import Array

_MOST = 100.0


class Rates:
    """By tensor, for those of which not all kernels learn as usual."""

    def __init__(self) -> None:
        self._kernels: dict[str, Array] = {}

    @property
    def tensors(self) -> Collection[str]:
        """Those of which some kernels have a rate of their own."""
        return self._kernels.keys()

    def of_kernels(self, tensor: str) -> Array | None:
        """One number a kernel, (rows, columns); None where all are as usual."""
        return self._kernels.get(tensor)

    def of_weights(self, tensor: str, shape: tuple[int, ...]) -> Array | None:
        """One number a weight, in the tensor's own shape; None where all are as usual."""
        kernels = self._kernels.get(tensor)
        if kernels is None:
            return None
        height, width = sheet_size(shape)
        rows, columns = kernels.shape
        sheet = np.repeat(np.repeat(kernels, height // rows, axis=0), width // columns, axis=1)
        return from_sheet(np.ascontiguousarray(sheet, np.float32), shape)

    def set(self, tensor: str, shape: tuple[int, ...], selection: Selection, rate: float) -> None:
        """Give the selected kernels a rate: 0 pins them, 1 is as usual.

        Raises:
            StudioError: where the rate is not from 0 to 100.
        """
        if not 0.0 <= rate <= _MOST:
            raise StudioError(f"A rate is multiplied by 0 to {_MOST:g}, not {rate:g}.")
        grid = kernel_grid(shape)[:2]
        held = self._kernels.get(tensor)
        held = np.ones(grid, np.float32) if held is None or held.shape != grid else held.copy()
        held[selection.mask] = rate
        if (held == 1.0).all():
            self._kernels.pop(tensor, None)
        else:
            self._kernels[tensor] = held
