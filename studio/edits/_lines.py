"""Kernels that change places along the rows or columns of the filter sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.model.filters.edit import Kernels, Mask

Places = NDArray[np.int64]


def lines(selected: Mask, within: Literal["rows", "columns", "all"]) -> Iterator[Places]:
    """Numbers of the selected kernels, counted along the rows, of each row or column or of all."""
    numbers = np.arange(selected.size).reshape(selected.shape)
    along = {"rows": numbers, "columns": numbers.T, "all": numbers.reshape(1, -1)}[within]
    for line in along:
        yield line[selected.ravel()[line]]


def exchanged(kernels: Kernels, moves: Iterable[tuple[Places, Places]]) -> Kernels:
    """Kernels (rows, columns, kh, kw) after moves, each the places that are filled and those they are filled from."""
    source = np.arange(kernels.shape[0] * kernels.shape[1])
    for places, origins in moves:
        source[places] = origins
    return kernels.reshape(len(source), -1)[source].reshape(kernels.shape)
