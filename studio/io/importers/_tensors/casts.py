"""Operations that change the type of values."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.table import by_torch, means, valued
from studio.io.importers._values.views import Value, constant

_WHOLE = re.compile(r"(DT_)?(u?int\d*)", re.IGNORECASE)


@means("cast")
def cast(f: Flow, x: Any, dtype: Any = "") -> Value:
    """Values as a type has them: whole numbers are cut off behind the point, truths are whether it is not 0."""
    value, kind = valued(x), str(dtype)
    if isinstance(x, Value) and x.constant is not None:
        value = x
    if (whole := _WHOLE.fullmatch(kind)) is not None:
        exact = value.constant is not None
        return constant(np.asarray(value.constant).astype(whole[2].lower())) if exact else _cut(f, value)
    if kind.rpartition("_")[2].lower() == "bool":
        return by_torch(f, "ne", self=value, other=0.0)
    return replace(value, constant=np.asarray(value.constant, np.float32)) if value.constant is not None else value


@means("saturate_cast")
def _saturate_cast(f: Flow, x: Any, dtype: Any = "") -> Value:
    kind = str(dtype)
    if (whole := _WHOLE.fullmatch(kind)) is not None:
        ends = np.iinfo(whole[2].lower())
        x = by_torch(f, "clamp", self=valued(x), min=float(ends.min), max=float(ends.max))
    return cast(f, x, dtype)


def _cut(f: Flow, value: Value) -> Value:
    return by_torch(f, "trunc", self=value)
