"""Kernels in each other's places, at random: Shuffle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from studio.edits._lines import Places, exchanged, lines
from studio.model.declared.param import param, seed
from studio.model.filters.edit import Edit, Kernels, Mask


class Shuffle(Edit):
    """Gives the selected kernels each other's places in a random order; each stays whole."""

    label: ClassVar[str] = "Shuffle filters"
    group: ClassVar[str] = "Order"
    moves: ClassVar[bool] = True

    within: Literal["rows", "columns", "all"] = param("all", doc="Whether kernels stay in their row or column")
    together: bool = param(
        False, doc="Whether all rows (or columns) take the same order, so that whole channels change places"
    )
    seed: int = seed("Which order")

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """See `Edit.change`."""
        return exchanged(kernels, self._orders(selected))

    def _orders(self, selected: Mask) -> Iterator[tuple[Places, Places]]:
        rng = np.random.default_rng(self.seed)
        for line in lines(selected, self.within):
            if self.together:
                rng = np.random.default_rng(self.seed)
            yield line, line[rng.permutation(len(line))]
