"""Equally strong filters: Normalise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Mask


class Normalise(Edit):
    """Scales each selected kernel to one L2 norm; a kernel of zeros stays as it is."""

    label: ClassVar[str] = "Normalise"
    group: ClassVar[str] = "Values"
    in_pieces: ClassVar[bool] = True

    norm: float = param(1.0, lo=0.0, hi=100.0, safe=(0.0, 4.0), doc="L2 norm of each kernel afterwards")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        del selected
        norms = np.sqrt(np.einsum("rcij,rcij->rc", kernels, kernels))[:, :, None, None]
        return np.where(norms > 0, kernels * (self.norm / np.where(norms > 0, norms, 1.0)), kernels)
