"""PyTorch's operators that sort, and that take or write values where others say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._meanings.order import gathered, ordered, part_at, without
from studio.io.importers._values.views import Value, reshaped


@means("sort")
def _sort(f: Flow, a: Args) -> list[Value]:
    return list(ordered(f, operand(a), a.get("dim", -1), descending=bool(a.get("descending", False))))


means("msort")(lambda f, a: ordered(f, operand(a), 0, descending=False)[0])


@means("argsort")
def _argsort(f: Flow, a: Args) -> Value:
    return ordered(f, operand(a), a.get("dim", -1), descending=bool(a.get("descending", False)))[1]


@means("topk")
def _topk(f: Flow, a: Args) -> list[Value]:
    axis = a.get("dim", -1)
    count = min(int(number(a["k"])), operand(a).shape[axis])
    return list(ordered(f, operand(a), axis, descending=bool(a.get("largest", True)), count=count))


@means("kthvalue")
def _kthvalue(f: Flow, a: Args) -> list[Value]:
    return _at(f, operand(a), a.get("dim", -1), a["k"] - 1, keepdim=a.get("keepdim", False))


@means("median")
def _median(f: Flow, a: Args) -> Value | list[Value]:
    """The lower one of two in the middle."""
    value, axis = operand(a), a.get("dim")
    if axis is None:
        flat = reshaped(value, (math.prod(value.shape),))
        return _at(f, flat, 0, (flat.shape[0] - 1) // 2, keepdim=False)[0]
    return _at(f, value, axis, (value.shape[axis] - 1) // 2, keepdim=a.get("keepdim", False))


def _at(f: Flow, value: Value, axis: int, place: int, *, keepdim: bool) -> list[Value]:
    """The value that stands at a place in their order, and its number."""
    found = ordered(f, value, axis, descending=False, count=place + 1)
    return [without(f.move(each, lambda n: n.take([place], axis)), axis, keepdim=keepdim) for each in found]


@means("quantile")
def _quantile(f: Flow, a: Args) -> Value:
    value, axis = operand(a), a.get("dim")
    if a.get("interpolation", "linear") != "linear":
        raise StudioError('it takes a quantile other than by interpolation="linear", which is not supported.')
    shares = np.asarray(a["q"].constant if isinstance(a["q"], Value) else a["q"], np.float64)
    if axis is None:
        value, axis = reshaped(value, (math.prod(value.shape),)), 0
    keepdim = bool(a.get("keepdim", False)) and a.get("dim") is not None
    parts = [part_at(f, value, axis, float(q) * (value.shape[axis] - 1)) for q in shares.ravel()]
    made = [without(part, axis, keepdim=keepdim) for part in parts]
    return made[0] if shares.ndim == 0 else f.concat([reshaped(part, (1, *part.shape)) for part in made], 0)


@means("gather")
def _gather(f: Flow, a: Args) -> Value:
    return gathered(f, operand(a), a["index"], a["dim"])


@means("take_along_dim")
def _take_along(f: Flow, a: Args) -> Value:
    value, places, axis = operand(a), a["indices"], a.get("dim")
    if axis is None:
        value, axis = reshaped(value, (math.prod(value.shape),)), 0
        places = reshaped(places, (math.prod(places.shape),))
    axis %= len(value.shape)
    others = [max(pair) for k, pair in enumerate(zip(value.shape, places.shape, strict=True)) if k != axis]
    value, places = (_spread(f, each, axis, others) for each in (value, places))
    return gathered(f, value, places, axis)


def _spread(f: Flow, value: Value, axis: int, others: list[Any]) -> Value:
    shape = (*others[:axis], value.shape[axis], *others[axis:])
    return value if value.shape == shape else f.move(value, lambda n: np.broadcast_to(n, shape))
