"""Weights that a state dict keeps in parts, worked out: spectral and weight norms, in PyTorch's old and new names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from studio.io.importers._draft import Weight

_NEWER = ".parametrizations."


def plain_weights(tensors: Mapping[str, Weight]) -> dict[str, Weight]:
    """The tensors, with one weight in the place of each that is kept in parts.

    Sources: T. Salimans and D. Kingma, "Weight normalization", 2016; T. Miyato et al., "Spectral normalization for
    generative adversarial networks", 2018. What training worked out last counts, as in evaluation mode.
    """
    found, parts = dict(tensors), dict(_parts(tensors))
    for name, (names, values) in parts.items():
        for part in names:
            found.pop(part, None)
        found[name] = Weight(np.ascontiguousarray(values, np.float32))
    return found


def _parts(tensors: Mapping[str, Weight]) -> Iterator[tuple[str, tuple[tuple[str, ...], NDArray[np.float64]]]]:
    """Every weight in parts: its name, the names of its parts, and its values."""

    def value(name: str) -> NDArray[np.float64] | None:
        return tensors[name].values.astype(np.float64) if name in tensors else None

    for name in tensors:
        layer, _, last = name.rpartition(".")
        if last.endswith("_orig"):
            whole = name.removesuffix("_orig")
            u, v = value(f"{whole}_u"), value(f"{whole}_v")
            if u is not None:
                yield whole, ((name, f"{whole}_u", f"{whole}_v"), _spectral(tensors[name].values, u, v))
        elif last.endswith("_v") and f"{name[:-2]}_g" in tensors:
            whole = name[:-2]
            yield whole, ((name, f"{whole}_g"), _normed(tensors[name].values, tensors[f"{whole}_g"].values))
        elif _NEWER in name and last == "original":
            owner, _, key = layer.partition(_NEWER)
            u, v = value(f"{layer}.0._u"), value(f"{layer}.0._v")
            if u is not None:
                yield (
                    f"{owner}.{key}",
                    ((name, f"{layer}.0._u", f"{layer}.0._v"), _spectral(tensors[name].values, u, v)),
                )
        elif _NEWER in name and last == "original1" and f"{layer}.original0" in tensors:
            owner, _, key = layer.partition(_NEWER)
            made = _normed(tensors[name].values, tensors[f"{layer}.original0"].values)
            yield f"{owner}.{key}", ((name, f"{layer}.original0"), made)


def _normed(v: NDArray[np.float32], g: NDArray[np.float32]) -> NDArray[np.float64]:
    """Direction times length; the length has the axis that it was taken for."""
    axes = tuple(axis for axis in range(v.ndim) if g.ndim != v.ndim or g.shape[axis] == 1)
    if g.size == 1:
        axes = tuple(range(v.ndim))
    length = np.sqrt(np.square(v.astype(np.float64)).sum(axis=axes, keepdims=True))
    made: NDArray[np.float64] = v * (g.reshape([1] * v.ndim) if g.size == 1 else g) / length
    return made


def _spectral(
    weight: NDArray[np.float32], u: NDArray[np.float64], v: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """The weight over its largest singular value, by the vectors that training kept of it."""
    best, found = np.inf, 1.0
    for axis in range(min(weight.ndim, 2)):
        matrix = np.moveaxis(weight.astype(np.float64), axis, 0).reshape(weight.shape[axis], -1)
        if matrix.shape[0] != u.size or (v is not None and matrix.shape[1] != v.size):
            continue
        right = _unit(matrix.T @ u) if v is None else v
        # Of the axes that fit, the one for which these are nearly singular vectors: transposed kernels have another.
        # Before any training they are so for none, and most kernels are not transposed.
        off = float(np.linalg.norm(_unit(matrix @ right) - u))
        if off < best / 2:
            best, found = off, float(u @ matrix @ right)
    made: NDArray[np.float64] = weight / np.float64(found or 1.0)
    return made


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = vector / (np.linalg.norm(vector) or 1.0)
    return made
