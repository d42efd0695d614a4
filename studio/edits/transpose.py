"""Rows for columns: Transpose."""

from __future__ import annotations

from typing import ClassVar

from studio.errors import StudioError
from studio.model.filters.edit import Edit, Kernels, Mask


class Transpose(Edit):
    """Exchanges rows and columns of each selected kernel, which must be square."""

    label: ClassVar[str] = "Transpose"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        kh, kw = kernels.shape[2:]
        if kh != kw:
            raise StudioError(f"Kernels of {kh}×{kw} cannot be transposed, only square ones; flip them instead.")
        return kernels.swapaxes(2, 3)
