"""ONNX's operators on sequences: lists whose lengths and places are known when the file is read."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import Listed, OnnxNode, known, means
from studio.io.importers._values.views import Value, constant, reshaped, within

_MOST = 4096  # values in a list


def _as_list(*items: Value) -> Value:
    if len(items) > _MOST:
        raise StudioError(f"it makes a list of {len(items)} maps; {_MOST} at most are supported.")
    return Listed((), items=items)


def _place(n: OnnxNode, at: int, count: int, most: int) -> int:
    """Which place of a list of so many a node means, ``most`` at most and where it says none."""
    value = n.get(at)
    place = most if value is None else int(known(value).item())
    place += count if place < 0 else 0
    if not 0 <= place <= most:
        raise StudioError(f"it takes place {place} of a list of {count}.")
    return place


@means("SequenceEmpty")
def _empty(f: Flow, n: OnnxNode) -> Value:
    del f, n
    return _as_list()


@means("SequenceConstruct")
def _constructed(f: Flow, n: OnnxNode) -> Value:
    del f
    return _as_list(*(n.at(place) for place in range(len(n.inputs))))


@means("SequenceInsert")
def _inserted(f: Flow, n: OnnxNode) -> Value:
    del f
    items = n.listed()
    place = _place(n, 2, len(items), len(items))
    return _as_list(*items[:place], n.at(1), *items[place:])


@means("SequenceErase")
def _erased(f: Flow, n: OnnxNode) -> Value:
    del f
    items = n.listed()
    place = _place(n, 1, len(items), len(items) - 1)
    return _as_list(*items[:place], *items[place + 1 :])


@means("SequenceAt")
def _at(f: Flow, n: OnnxNode) -> Value:
    del f
    items = n.listed()
    return items[_place(n, 1, len(items), len(items) - 1)]


@means("SequenceLength")
def _length(f: Flow, n: OnnxNode) -> Value:
    del f
    return constant(np.int64(len(n.listed())))


@means("SplitToSequence")
def _split(f: Flow, n: OnnxNode) -> Value:
    axis, said = n.attributes.get("axis", 0) % len(n.x.shape), n.get(1)
    total = n.x.shape[axis]
    given = np.asarray(1) if said is None else known(said)
    each = int(given) if given.ndim == 0 else 0
    if given.ndim == 0 and each < 1:
        raise StudioError(f"it splits into parts of {each}.")
    ends = [*range(0, total, each), total] if each else [0, *accumulate(int(length) for length in given)]
    if ends[-1] != total or ends != sorted(ends):
        raise StudioError(f"it splits {total} into {given.tolist()}.")
    parts = [f.move(n.x, lambda x, cut=slice(*pair): within(x, axis, cut)) for pair in pairwise(ends)]  # type: ignore[misc]
    if said is None and not n.attributes.get("keepdims", 1):
        parts = [reshaped(part, (*part.shape[:axis], *part.shape[axis + 1 :])) for part in parts]
    return _as_list(*parts)


@means("ConcatFromSequence")
def _joined(f: Flow, n: OnnxNode) -> Value:
    items = list(n.listed())
    if not items:
        raise StudioError("it joins an empty list.")
    axis, rank = n.attributes["axis"], len(items[0].shape)
    if n.attributes.get("new_axis", 0):
        axis %= rank + 1
        items = [reshaped(item, (*item.shape[:axis], 1, *item.shape[axis:])) for item in items]
    return f.concat(items, axis)
