"""Validation errors of pydantic as one plain sentence about the first field at fault."""

from __future__ import annotations

import reprlib

from pydantic import ValidationError

_LONGEST = 80


def explain(error: ValidationError) -> str:
    """What is wrong with the first offending field, without a full stop: ``the field "inputs[0].name" is missing``."""
    first = error.errors(include_url=False)[0]
    field = _field(first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "extra_forbidden":
        return f"{field} is not one that belongs there"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    if not message.startswith(("should", "must", "may")):
        message = f"is wrong: {message[:1].lower()}{message[1:]}"
    return f"{field} {message}, not {reprlib.repr(first['input'])}"


def _field(place: tuple[int | str, ...]) -> str:
    """("layers", 3, "op") as ``the field "layers[3].op"``; what a file calls its keys may be long or unprintable."""
    name = ""
    for step in place:
        name += f"[{step}]" if isinstance(step, int) else f".{repr(step)[1:-1]}"
    name = name.lstrip(".")
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}…"
    return f'the field "{name}"' if name else "it"
