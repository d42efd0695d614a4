"""Shifting values, not places: Offset."""

from __future__ import annotations

from typing import ClassVar

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Offset(Edit):
    """Adds one amount to every selected weight."""

    label: ClassVar[str] = "Offset"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True

    amount: float = param(
        0.1,
        lo=-100.0,
        hi=100.0,
        safe=(-0.2, 0.2),
        drawn=(-0.5, 0.5),
        in_deviations=True,
        doc="What is added to each weight",
    )

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return kernels + self.amount
