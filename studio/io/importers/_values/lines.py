"""Views of layers that hold the same in every row, or in every column, such as `Coordinates`.

Any view of one that goes along its side, repeated along the other, may be taken for the whole map: then how it was
spread does not hang on how large the map is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.io.importers._draft import Draft
from studio.io.importers._values.views import Value, numbers
from studio.model.declared.size import Size


def snapped(draft: Draft, value: Value) -> Value:
    """A view of a layer that is the same in every row or column, as one of the whole map where it is as large."""
    axis = draft.lines.get(value.node) if not value.is_constant else None
    if axis is None or value.index is None:
        return value
    _, height, width = draft.shapes[value.node]
    line = _line(draft, value.node, numbers(draft, value))
    rank = len(value.shape)
    for down, across in _planes(value.shape, Size(height, width)):
        own = {1: along(np.arange(height), down, rank), 2: along(np.arange(width), across, rank)}.get(axis, 0)
        if np.array_equal(line, np.broadcast_to(own, line.shape)):
            whole = along(np.arange(height) * width, down, rank) + along(np.arange(width), across, rank)
            index = np.broadcast_to(whole, value.shape).astype(np.int32)
            in_order = index.size == height * width and bool((np.diff(index.ravel()) == 1).all())
            return Value(value.shape, value.node, None if in_order else index)
    return value


def thinned(draft: Draft, node: str, index: np.ndarray, name: str) -> tuple[str, np.ndarray]:
    """One row or column of such a layer, and where in it these places lie."""
    axis = draft.lines[node]
    key = (node, (), b"")
    if key not in draft.views:
        dim = {1: "width", 2: "height"}.get(axis, "space")
        draft.views[key] = draft.add("Amax", node, name=f"{name}.line", dim=dim)
    return draft.views[key], _line(draft, node, index)


def counted_up(draft: Draft, value: Value, axis: int, name: str) -> Value | None:
    """The running sum along a side of a layer that is the same everywhere; None where the axis is no side."""
    _, height, width = draft.shapes[value.node]
    line = numbers(draft, value)
    moved = np.diff(line.take([0, 1], axis), axis=axis) if value.shape[axis] > 1 else np.zeros(1)
    side = {width: 1, 1: 2}.get(int(moved.flat[0])) if (moved == moved.flat[0]).all() else None
    if side is None or value.shape[axis] != (height, width)[side - 1]:
        return None
    counted = draft.add(
        "Coordinates", value.node, name=f"{name}.counted", axis=("height", "width")[side - 1], start=1.0
    )
    made = draft.add("Mul", value.node, counted, name=name)
    return Value(value.shape, made, value.index)


def _line(draft: Draft, node: str, index: np.ndarray) -> np.ndarray:
    """How far along its side each place of such a layer lies."""
    _, height, width = draft.shapes[node]
    place = index % (height * width)
    axis = draft.lines[node]
    return np.asarray({1: place // width, 2: place % width}.get(axis, np.zeros_like(place)), np.int32)


def _planes(shape: tuple[int, ...], size: Size) -> Iterator[tuple[int, int]]:
    """Axes that may be rows and columns: neighbours first, the last before all."""
    pairs = [(down, across) for down in range(len(shape)) for across in range(len(shape)) if down != across]
    for down, across in sorted(pairs, key=lambda pair: (abs(pair[1] - pair[0] - 1), -pair[0])):
        if (shape[down], shape[across]) == size:
            yield down, across


def along(line: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """Numbers along one of so many axes."""
    return line.reshape([-1 if k == axis else 1 for k in range(rank)])
