"""Edits that make each weight a sum of weights of its own kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.model.filters.edit import Kernels

# Up to here one product with a matrix over whole kernels is faster than many products of small matrices.
_SMALL = 64


def separable(vertical: Kernels, horizontal: Kernels) -> Callable[[Kernels], Kernels]:
    """What applies (kh, kh) down and (kw, kw) across to each of (rows, columns, kh, kw)."""
    if len(vertical) * len(horizontal) > _SMALL:
        return lambda kernels: np.asarray(vertical @ kernels @ horizontal.T)
    matrix = np.kron(vertical, horizontal).T
    return lambda kernels: _product(kernels, matrix)


def linear(kh: int, kw: int, resample: Callable[[Kernels], Kernels]) -> Callable[[Kernels], Kernels]:
    """What does the same to (rows, columns, kh, kw) as a function that is linear in each kernel, in less time."""
    if kh * kw > _SMALL:
        return resample
    matrix = resample(np.eye(kh * kw).reshape(-1, 1, kh, kw)).reshape(kh * kw, kh * kw)
    return lambda kernels: _product(kernels, matrix)


def _product(kernels: Kernels, matrix: Kernels) -> Kernels:
    return np.asarray(kernels.reshape(-1, len(matrix)) @ matrix).reshape(kernels.shape)
