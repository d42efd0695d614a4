"""Louder or softer filters: Gain."""

from __future__ import annotations

from typing import ClassVar

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Gain(Edit):
    """Multiplies every selected weight."""

    label: ClassVar[str] = "Gain"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True

    factor: float = param(2.0, lo=-100.0, hi=100.0, safe=(0.0, 3.0), unit="×", doc="What each weight is multiplied by")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        return kernels * self.factor
