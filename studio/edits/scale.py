"""Larger or smaller patterns: Scale."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from studio.edits._linear import separable
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Kernels, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array


class Scale(Edit):
    """Resizes the pattern of each selected kernel about its centre; the kernel keeps its size.

    It interpolates bilinearly, and what comes in from outside a kernel that shrinks is zero. For louder or softer
    weights there is Gain.
    """

    label: ClassVar[str] = "Scale"
    group: ClassVar[str] = "Pattern"
    in_pieces: ClassVar[bool] = True

    factor: float = param(
        1.5, lo=0.1, hi=10.0, safe=(0.5, 3.0), unit="×", doc="Size of the pattern, relative to what it was"
    )

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        if self.factor == 1.0:
            return lambda piece: piece.kernels
        _, _, kh, kw = kernel_grid(tensor.shape)
        resized = separable(_bilinear(kh, self.factor), _bilinear(kw, self.factor))
        return lambda piece: resized(piece.kernels)


def _bilinear(size: int, factor: float) -> Kernels:
    """(size, size): how much each new place (row) takes from each old one; at most all of it, outside nothing."""
    centre, places = (size - 1) / 2, np.arange(size)
    source = (places - centre) / factor + centre
    return np.asarray(np.clip(1 - np.abs(source[:, None] - places), 0, 1))
