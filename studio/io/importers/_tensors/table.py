"""The table of what operations on tensors mean, and what the files that fill it share.

Every meaning is a function of a `Flow` and of the operation's arguments under NumPy's names. Maps come with their axes
as in the file, (1, height, width, channels); what does not depend on the picture comes as a constant.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import table as torch_table
from studio.io.importers._meanings.call import Call
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._traced.calls import made
from studio.io.importers._values.views import Value, constant

Meaning = Callable[..., "Value | list[Value]"]
M = TypeVar("M", bound=Meaning)

TABLE: dict[str, Meaning] = {}
"""By name, in lower case with underscores."""


def means(*names: str) -> Callable[[M], M]:
    """Enter a function as the meaning of these operations."""

    def add(meaning: M) -> M:
        TABLE.update(dict.fromkeys(names, meaning))
        return meaning

    return add


def table() -> dict[str, Meaning]:
    """The whole table; the files that fill it are loaded now."""
    for part in ("arithmetic", "casts", "moves", "order", "space", "pictures", "node_meanings"):
        importlib.import_module(f"studio.io.importers._tensors.{part}")
    return TABLE


def by_torch(f: Flow, operator: str, /, **args: Any) -> Value:
    """What PyTorch's operator of this name means, with its overload ("mean.dim"); of constants, its result."""
    found = made(f, Call(f"aten.{operator}", args, ""), args, torch_table())
    if isinstance(found, list):
        return found[0]
    return found


def valued(given: Any) -> Value:
    """A map as it is; numbers as a constant."""
    return given if isinstance(given, Value) else constant(np.asarray(given, np.float32))


def known(given: Any) -> np.ndarray:
    """Numbers that must be constant.

    Raises:
        StudioError: where they are computed from the picture.
    """
    if isinstance(given, Value):
        if given.constant is None:
            raise StudioError("one of its settings is computed from the picture, which is not supported.")
        return np.asarray(given.constant)
    if isinstance(given, (list, tuple)) and any(isinstance(each, (Value, list, tuple)) for each in given):
        return np.asarray([known(each) for each in given])
    return np.asarray(given)


def whole(given: Any) -> list[int]:
    """Whole numbers that must be constant; a single one is a list of one."""
    return [int(number) for number in known(given).reshape(-1)]


def axes_of(value: Value, axis: Any) -> list[int]:
    """The axes that are meant, from 0; all of them where none is named."""
    rank = len(value.shape)
    given = range(rank) if axis is None else whole(axis)
    if any(not -rank <= each < rank for each in given):
        raise StudioError(f"it works on axis {axis} of values that have {rank}.")
    return [each % rank for each in given]
