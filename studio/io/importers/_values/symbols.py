"""Sizes that a model with dynamic shapes works with: whole numbers, known where a picture's size is."""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable
from typing import Any

from studio.errors import StudioError
from studio.io.importers._values.views import Value

Number = int | float

_MOST = 2**40


def _size(value: Any, dim: int) -> int:
    if not isinstance(value, Value):
        raise TypeError(f"a map, not {type(value).__name__}")
    return value.shape[dim]


def _power(a: Number, b: Number) -> Number:
    if not (abs(a) <= _MOST and 0 <= b <= 8):
        raise ValueError(f"a size of {a} to the power of {b}")
    made: Number = a**b
    return made


def _both(work: Callable[[Any, Any], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda args: work(args["a"], args["b"])


def _one(work: Callable[[Any], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda args: work(next(iter(args.values())))


def _number(value: Any) -> Number:
    if not isinstance(value, Value) or value.constant is None or value.constant.size != 1:
        raise StudioError("it takes a number out of a tensor, which depends on the picture; leave it a tensor.")
    found: Number = value.constant.item()
    return found


SYMBOLS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "aten.sym_size": lambda args: _size(args["self"], args["dim"]),
    "aten.item": lambda args: _number(args["self"]),
    "aten._local_scalar_dense": lambda args: _number(args["self"]),
    "aten.sym_numel": lambda args: math.prod(args["self"].shape),
    "_operator.pow": _both(_power),
    "_operator.neg": _one(python.neg),
    "torch.sym_max": _both(max),
    "torch.sym_min": _both(min),
    "torch.sym_float": _one(float),
    "torch.sym_int": _one(int),
    "math.floor": _one(math.floor),
    "math.ceil": _one(math.ceil),
    "math.trunc": _one(math.trunc),
    "_operator.add": _both(python.add),
    "_operator.sub": _both(python.sub),
    "_operator.mul": _both(python.mul),
    "_operator.floordiv": _both(python.floordiv),
    "_operator.truediv": _both(python.truediv),
    "_operator.mod": _both(python.mod),
}
"""What is made of sizes, by the operator's name."""
