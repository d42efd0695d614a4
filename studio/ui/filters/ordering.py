"""In which order the rows of a filter sheet are shown."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.model.networks.shape import Array
from studio.model.views.workspace import RowOrder

_MOST = 4096
"""Weights of a row that its size is taken from: evenly spaced ones where it has more."""
_COMPARED = 256
"""Weights of a row that it is compared with others by, while the window waits: all those of 2,048 took ten seconds."""
_TURNS = 16
_CLUSTERS = 8


def row_order(kernels: Array, how: RowOrder, effects: Array | None = None) -> NDArray[np.int64] | None:
    """The rows as they follow each other; None as they are.

    Args:
        kernels: (rows, columns, kh, kw).
        how: "index"; "norm", largest first; "likeness", such that rows that are alike lie side by side, along the first
            principal component; "cluster", groups of rows that are alike (k-means), the largest group first; "effect",
            what changes the picture most first.
        effects: (rows,) how much each changes the picture; None while that is not known, and rows stay as they are.
    """
    rows = kernels.shape[0]
    if how == "index" or rows < 3:
        return None
    if how == "effect":
        return None if effects is None else np.argsort(-effects, kind="stable")
    flat = kernels.reshape(rows, -1)
    flat = np.nan_to_num(_some(flat, _MOST if how == "norm" else _COMPARED), posinf=0, neginf=0).astype(np.float64)
    norms = np.linalg.norm(flat, axis=1)
    if how == "norm":
        return np.argsort(-norms, kind="stable")
    unit = (flat / np.maximum(norms, 1e-30)[:, None]).astype(np.float32)
    if how == "likeness":
        return np.argsort(_first_component(unit), kind="stable")
    return _clustered(unit)


def _some(flat: Array, most: int) -> Array:
    """At most so many columns, spread over all; not in equal steps, which may meet the same place of each kernel."""
    count = flat.shape[1]
    return flat if count <= most else flat[:, np.linspace(0, count - 1, most).round().astype(np.intp)]


def _first_component(unit: Array) -> Array:
    """Where each row lies along the direction in which they differ most, as turns of a power iteration find it."""
    centred = unit - unit.mean(axis=0)
    direction = centred[np.argmax(np.square(centred).sum(axis=1))]
    for _ in range(_TURNS):
        direction = (centred @ direction) @ centred
        direction /= max(float(np.linalg.norm(direction)), 1e-30)
    return np.asarray(centred @ direction, np.float32)


def _clustered(unit: Array) -> NDArray[np.int64]:
    count = min(_CLUSTERS, unit.shape[0] - 1)
    cv2.setRNGSeed(1)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 1e-4)
    _, labels, centres = cv2.kmeans(unit, count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    labels = labels.ravel()
    sizes = np.bincount(labels, minlength=count)
    near = (unit * centres[labels]).sum(axis=1)
    return np.lexsort((-near, labels, -sizes[labels]))
