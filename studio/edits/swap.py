"""Kernels in each other's places: Swap."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from studio.model.edit import Edit, Kernels, Mask
from studio.model.param import param


class Swap(Edit):
    """Exchanges the selected kernels among themselves; each stays whole."""

    label: ClassVar[str] = "Swap filters"

    order: Literal["cyclic", "shuffled"] = param("cyclic", doc="Each to the place of one further on, or at random")
    within: Literal["rows", "columns", "all"] = param("rows", doc="Whether kernels stay in their row or column")
    by: int = param(1, lo=-4096, hi=4096, doc="Places each kernel moves on (cyclic only)")
    seed: int = param(0, lo=0, hi=2**31 - 1, doc="Which random order (shuffled only)")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        rng = np.random.default_rng(self.seed)
        changed = kernels.copy()
        numbers = np.arange(selected.size).reshape(selected.shape)
        lines = {"rows": numbers, "columns": numbers.T, "all": numbers.reshape(1, -1)}[self.within]
        flat, moved = kernels.reshape(-1, *kernels.shape[2:]), changed.reshape(-1, *kernels.shape[2:])
        for line in lines:
            places = line[selected.ravel()[line]]
            moved[places] = flat[np.roll(places, self.by) if self.order == "cyclic" else rng.permutation(places)]
        return changed
