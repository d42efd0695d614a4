"""Operations that sort."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.order import ordered
from studio.io.importers._tensors.table import axes_of, by_torch, means, whole
from studio.io.importers._values.views import Value, constant


@means("sort")
def _sort(f: Flow, x: Value, axis: int = -1, **_: Any) -> Value:
    return ordered(f, x, axes_of(x, axis)[0], descending=False)[0]


@means("argsort")
def _argsort(f: Flow, x: Value, axis: int = -1, **_: Any) -> Value:
    return ordered(f, x, axes_of(x, axis)[0], descending=False)[1]


@means("top_k", "top_kv2")
def _top_k(f: Flow, x: Value, k: Any = 1, **_: Any) -> list[Value]:
    """The largest values along the last axis, and their numbers."""
    return list(ordered(f, x, len(x.shape) - 1, descending=True, count=whole(k)[0]))


@means("argmax", "arg_max")
def _argmax(f: Flow, x: Value, axis: Any = -1, keepdims: bool = False, **_: Any) -> Value:
    return by_torch(f, "argmax", self=x, dim=axes_of(x, axis)[0], keepdim=bool(keepdims))


@means("argmin", "arg_min")
def _argmin(f: Flow, x: Value, axis: Any = -1, keepdims: bool = False, **_: Any) -> Value:
    return by_torch(f, "argmin", self=x, dim=axes_of(x, axis)[0], keepdim=bool(keepdims))


@means("sparsemax")
def _sparsemax(f: Flow, x: Value, axis: int = -1) -> Value:
    """As Keras works it out: of the support it adds up all sums, where the paper takes the last."""
    (only,) = axes_of(x, axis)
    ranked = ordered(f, x, only, descending=True)[0]
    sums = by_torch(f, "cumsum", self=ranked, dim=only)
    counts = np.arange(1, x.shape[only] + 1, dtype=np.float32)
    counts = counts.reshape([-1 if k == only else 1 for k in range(len(x.shape))])
    shares = by_torch(f, "div.Tensor", self=_less_one(f, sums), other=constant(counts))
    support = by_torch(f, "gt.Tensor", self=by_torch(f, "sub.Tensor", self=ranked, other=shares), other=constant(0.0))
    held = by_torch(f, "mul.Tensor", self=sums, other=support)
    total, count = (by_torch(f, "sum.dim_IntList", self=each, dim=[only], keepdim=True) for each in (held, support))
    threshold = by_torch(f, "div.Tensor", self=_less_one(f, total), other=count)
    return by_torch(f, "relu", self=by_torch(f, "sub.Tensor", self=x, other=threshold))


def _less_one(f: Flow, value: Value) -> Value:
    return by_torch(f, "add.Tensor", self=value, other=-1.0)
