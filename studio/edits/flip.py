"""Mirrored kernels: Flip."""

from __future__ import annotations

from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Flip(Edit):
    """Mirrors each selected kernel in itself."""

    label: ClassVar[str] = "Flip"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    axis: Literal["horizontal", "vertical", "both"] = param("horizontal", doc="Left to right, top to bottom, or both")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        if self.axis != "horizontal":
            kernels = kernels[:, :, ::-1, :]
        return kernels[:, :, :, ::-1] if self.axis != "vertical" else kernels
