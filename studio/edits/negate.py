"""The opposite filter: Negate."""

from __future__ import annotations

from typing import ClassVar

from studio.model.filters.edit import Edit, Kernels, Mask


class Negate(Edit):
    """Turns the sign of every selected weight: what excited now inhibits."""

    label: ClassVar[str] = "Flip sign"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return -kernels
