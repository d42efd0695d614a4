"""The table of what PyTorch's operators mean, and what the files that fill it share."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Pair
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._values.views import Value
from studio.io.importers._words import words

H = TypeVar("H", bound=Handler)

TABLE: dict[str, Handler] = {}
"""By ATen name, "aten.conv2d"; the one in docs/operators.md is made from it."""


KEEPS = words(
    """
    view reshape _unsafe_view flatten unflatten squeeze unsqueeze permute transpose swapaxes t contiguous clone detach
    alias lift_fresh lift_fresh_copy _weight_norm
    """
)
"""What leaves a weight its numbers, so that it keeps its name in the file as well."""


def means(*names: str) -> Callable[[H], H]:
    """Enter a function as the meaning of these operators, in place or not."""

    def add(handler: H) -> H:
        TABLE.update({f"aten.{name}{mark}": handler for name in names for mark in ("", "_")})
        return handler

    return add


def operand(args: Args) -> Value:
    """The tensor that an operator works on."""
    value = args["self"] if "self" in args else args["input"]
    if not isinstance(value, Value):
        raise TypeError(f"a map, not {type(value).__name__}")
    return value


def pair(value: Any, default: int = 1) -> Pair:
    """Height and width of what PyTorch gives as one number, a list or nothing."""
    if value is None or value == []:
        return default, default
    numbers = [value] * 2 if isinstance(value, int) else list(value)
    height, width = numbers * 2 if len(numbers) == 1 else numbers
    return height, width


def number(value: Any) -> float:
    """A number, or a constant of one."""
    if isinstance(value, Value):
        if value.constant is None or value.constant.size != 1:
            raise StudioError("it needs a number where the model gives a map.")
        return float(value.constant.flat[0])
    return float(value)


def table() -> dict[str, Handler]:
    """All of it; the files that fill it are loaded now."""
    for part in (
        "ops",
        "values",
        "moves",
        "parts",
        "space",
        "matrices",
        "picks",
        "random",
        "complex",
        "curves",
        "masks",
        "more",
        "order",
        "samples",
    ):
        importlib.import_module(f"studio.io.importers._aten.{part}")
    return TABLE
