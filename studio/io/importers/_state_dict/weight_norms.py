"""Weights that a state dict keeps in parts, worked out: spectral and weight norms, in PyTorch's old and new names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.importers._draft import Weight

_NEWER = ".parametrizations."

Values = NDArray[np.float64]


def plain_weights(tensors: Mapping[str, Weight]) -> dict[str, Weight]:
    """The tensors, with one weight in the place of each that is kept in parts.

    Sources: T. Salimans and D. Kingma, "Weight normalization", 2016; T. Miyato et al., "Spectral normalization for
    generative adversarial networks", 2018. What training worked out last counts, as in evaluation mode.

    Raises:
        StudioError: naming the weight, where its parts do not fit each other.
    """
    found = dict(tensors)
    for name, parts, work in _parts(tensors):
        for part in parts:
            found.pop(part, None)
        try:
            found[name] = Weight(np.ascontiguousarray(work(), np.float32))
        except ValueError as error:
            raise StudioError(
                f'the tensors that its "{name}" is kept in do not fit each other; fetch the file anew.'
            ) from error
    return found


def _parts(tensors: Mapping[str, Weight]) -> Iterator[tuple[str, tuple[str, ...], Callable[[], Values]]]:
    """Every weight in parts: its name, the names of its parts, and what works it out."""

    def spectral(whole: str, name: str, begin: str) -> Iterator[tuple[str, tuple[str, ...], Callable[[], Values]]]:
        u, v = (tensors[part].values if (part := f"{begin}_{last}") in tensors else None for last in "uv")
        if u is not None:
            yield whole, (name, f"{begin}_u", f"{begin}_v"), partial(_spectral, tensors[name].values, u, v)

    for name in tensors:
        layer, _, last = name.rpartition(".")
        owner, _, key = layer.partition(_NEWER)
        if last.endswith("_orig"):
            whole = name.removesuffix("_orig")
            yield from spectral(whole, name, whole)
        elif last.endswith("_v") and f"{name[:-2]}_g" in tensors:
            whole = name[:-2]
            yield whole, (name, f"{whole}_g"), partial(_normed, tensors[name].values, tensors[f"{whole}_g"].values)
        elif _NEWER in name and last == "original":
            yield from spectral(f"{owner}.{key}", name, f"{layer}.0.")
        elif _NEWER in name and last == "original1" and (length := f"{layer}.original0") in tensors:
            yield f"{owner}.{key}", (name, length), partial(_normed, tensors[name].values, tensors[length].values)


def _normed(v: NDArray[np.float32], g: NDArray[np.float32]) -> Values:
    """Direction times length; the length has the axis that it was taken for. ValueError where it fits none."""
    if g.size > 1 and (g.ndim != v.ndim or any(n not in (1, m) for n, m in zip(g.shape, v.shape, strict=True))):
        raise ValueError
    axes = tuple(axis for axis in range(v.ndim) if g.size == 1 or g.shape[axis] == 1)
    length = np.sqrt(np.square(v.astype(np.float64)).sum(axis=axes, keepdims=True))
    made: Values = v * (g.reshape([1] * v.ndim) if g.size == 1 else g) / length
    return made


def _spectral(weight: NDArray[np.float32], u: NDArray[np.float32], v: NDArray[np.float32] | None) -> Values:
    """The weight over its largest singular value, by the vectors that training kept; ValueError where none fits."""
    best, found = np.inf, None
    left = u.astype(np.float64)
    for axis in range(min(weight.ndim, 2)):
        matrix = np.moveaxis(weight.astype(np.float64), axis, 0).reshape(weight.shape[axis], -1)
        if matrix.shape[:1] != u.shape or (v is not None and matrix.shape[1:] != v.shape):
            continue
        right = _unit(matrix.T @ left) if v is None else v.astype(np.float64)
        # Of the axes that fit, the one for which these are nearly singular vectors: transposed kernels have another.
        # Before any training they are so for none, and most kernels are not transposed.
        off = float(np.linalg.norm(_unit(matrix @ right) - left))
        if off < best / 2:
            best, found = off, float(left @ matrix @ right)
    if found is None:
        raise ValueError
    made: Values = weight / np.float64(found or 1.0)
    return made


def _unit(vector: Values) -> Values:
    made: Values = vector / (np.linalg.norm(vector) or 1.0)
    return made
